"""Which company a host belongs to, remembered for a few seconds in each process.

Asking the database at every request costs half a millisecond. A change made in this process is seen at once, in
others within KEEP_SECONDS; whoever is signed in is asked for by their membership at every request anyway.
"""

from __future__ import annotations

import time
from threading import Lock

from tenants.models import Company, Domain

KEEP_SECONDS = 5.0
MOST_KEPT = 10_000
_found: dict[str, tuple[float, Company | None, bool]] = {}
_lock = Lock()


def company_at(address_name: str) -> tuple[Company | None, bool]:
    """The company with this address name, and whether it is its current one (a former name redirects)."""
    now = time.monotonic()
    kept = _found.get(address_name)
    if kept is not None and kept[0] > now:
        return kept[1], kept[2]
    domain = Domain.objects.filter(domain=address_name).select_related("tenant").first()
    company = domain.tenant if domain else None
    if company is not None:
        company.address_name  # noqa: B018  (asked here, so that a page needs no further query for it)
    with _lock:
        if len(_found) >= MOST_KEPT:
            _found.clear()
        _found[address_name] = (now + KEEP_SECONDS, company, bool(domain and domain.is_primary))
    return company, bool(domain and domain.is_primary)


def forget_all() -> None:
    """Something about a company or its address name changed."""
    with _lock:
        _found.clear()
