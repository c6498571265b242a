"""Meta's Graph API, as WhatsApp and Messenger use it (whatsapp §1, §7, §8.2)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from aiohttp import ClientSession, ClientTimeout, FormData
from yarl import URL

from messaging.channels.adapters import reading
from messaging.channels.adapters.http import exchange, read
from messaging.channels.base import Credentials, InvalidSignature, NoAnswer, ProviderError, SendFailed

SEGMENT = re.compile(r"(?!\.+\Z)[\w.:=-]{1,300}", re.ASCII)
LONGEST_WORDS = 1000


def address(credentials: Credentials, *segments: str) -> URL:
    """An address below the base URL, which holds the version too. An id cannot lead elsewhere."""
    return _address(credentials.base_url, segments)


@lru_cache(maxsize=512)
def _address(base_url: str, segments: tuple[str, ...]) -> URL:
    """A broadcast asks for the same one many thousand times."""
    for segment in segments:
        if not SEGMENT.fullmatch(segment):
            raise SendFailed(ProviderError("bad_id", details="an id holds signs that no id of the provider has"))
    return URL("/".join([base_url.rstrip("/"), *segments]))


def authorization(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials.token}"}


async def call(
    session: ClientSession,
    credentials: Credentials,
    method: str,
    *segments: str,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    form: FormData | None = None,
    timeout: ClientTimeout | None = None,
) -> Mapping[str, Any]:
    """A JSON object from the provider. Raises SendFailed, NotSent or NoAnswer."""
    url = address(credentials, *segments)
    options: dict[str, Any] = {"params": params or {}, "headers": authorization(credentials)}
    options |= {"data": form} if form is not None else {"json": json} if json is not None else {}
    async with exchange(session, method, url, timeout=timeout, **options) as response:
        return answer(response.status, response.headers, await read(response), credentials)


def answer(status: int, headers: Mapping[str, str], body: bytes, credentials: Credentials) -> Mapping[str, Any]:
    """The answer of a call that worked, or its refusal.

    A server error without the provider's own words may come from a door before or behind the one that took the
    message, so it is no refusal.
    """
    try:
        said = reading.load(body)
    except ValueError:
        said = None
    fields = said if isinstance(said, Mapping) else {}
    if reading.text(reading.part(fields, "error"), "code"):
        raise SendFailed(error_of(fields["error"], status=status, headers=headers, secret=credentials.token))
    if 200 <= status < 300 and isinstance(said, Mapping):
        return said
    if 300 <= status < 500 and status != 408:
        raise SendFailed(ProviderError(f"http_{status}", http_status=status, retry_after=hint(headers)))
    raise NoAnswer(f"HTTP {status} without a word of the provider")


def error_of(
    error: Mapping[str, Any], *, status: int = 0, headers: Mapping[str, str] | None = None, secret: str = ""
) -> ProviderError:
    """An error object of an answer or a webhook (§7). Meta repeats a malformed token in its message."""
    data = reading.part(error, "error_data")
    title = next((found for key in ("error_user_title", "title", "message") if (found := reading.text(error, key))), "")
    details = reading.text(data, "details") or reading.text(error, "error_user_msg") or reading.text(error, "details")
    return ProviderError(
        code=reading.text(error, "code"),
        title=without(title, secret),
        details=without(details, secret),
        http_status=status,
        retry_after=hint(headers or {}),
    )


def without(words: str, secret: str) -> str:
    return (words.replace(secret, "…") if secret else words)[:LONGEST_WORDS]


def hint(headers: Mapping[str, str]) -> int:
    """The seconds the provider asks us to wait: `Retry-After`, or minutes in its usage header (§1)."""
    seconds = headers.get("Retry-After", "")
    waits = [int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0]
    try:
        usage = reading.load(headers.get("X-Business-Use-Case-Usage", "") or "{}")
    except ValueError:
        usage = {}
    for key in usage if isinstance(usage, Mapping) else ():
        for one in reading.parts(usage, key):
            minutes = one.get("estimated_time_to_regain_access")
            waits.append(minutes * 60 if isinstance(minutes, int) and 0 < minutes < 10_000 else 0)
    return max(waits)


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
    """HMAC-SHA256 over the bytes as they came (§8.2); JSON written anew would differ. Several secrets for a change."""
    signature = next((value for key, value in headers.items() if key.lower() == "x-hub-signature-256"), "")
    # An empty secret would let anybody sign.
    expected = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets if secret]
    found = [hmac.compare_digest(f"sha256={one}".encode(), signature.encode("utf-8", "replace")) for one in expected]
    if not any(found):
        raise InvalidSignature


def challenge(query: Mapping[str, str], verify_tokens: Sequence[str]) -> str:
    """§8.1: the challenge, when the token is one of ours."""
    given = query.get("hub.verify_token", "").encode("utf-8", "replace")
    known = [hmac.compare_digest(token.encode(), given) for token in verify_tokens if token]
    if query.get("hub.mode") != "subscribe" or not any(known):
        raise InvalidSignature
    return query.get("hub.challenge", "")
