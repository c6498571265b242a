"""Host names: what a browser sends, and which address name it means."""

from __future__ import annotations

import re

ADDRESS_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])?\Z")
MIN_ADDRESS_NAME, MAX_ADDRESS_NAME = 3, 40
# Names a company must not take: they mean something of ours, or would look as if they did.
RESERVED = frozenset(
    """
    about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover billing blog
    botschaft business careers cdn chat company console contact dashboard demo dev developer developers dns docs
    download email embassy files ftp graph health help hilfe hostmaster imap impressum info internal invoice invoices
    kontakt legal live local localhost login logout mail media messenger metrics mobile monitor mx ns ns1 ns2 official
    operator owner partner payment payments phone ping pop postmaster preview prices pricing privacy public register
    root sandbox security server sign-in sign-up signin signup smtp sms ssl staff stage staging static stats status
    store support system team test tls tools update upload uploads usage webhook webhooks webmail wechat whatsapp
    www www1 www2
    """.split()
)


def normalise(host: str) -> str:
    """A Host header as one spelling: lower case, without port and trailing dot."""
    name = host.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".")


def address_name_in(host: str, base_domain: str) -> str | None:
    """The address name of a host below the base: '' for the base itself, None for a host that is not ours."""
    name = normalise(host)
    if name == base_domain:
        return ""
    label, dot, rest = name.partition(".")
    return label if dot and label and rest == base_domain else None
