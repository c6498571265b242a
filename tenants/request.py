"""What every request carries besides Django's own."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tenants.models import Company, Membership, StaffVisit, User


class Request(HttpRequest):
    """`tenant` is the company of the host, None on the public host; `member` or `visit` say by what right one is in."""

    user: User  # or AnonymousUser: ask `is_authenticated` first
    tenant: Company | None
    member: Membership | None
    visit: StaffVisit | None
    is_suspended: bool
    htmx: HtmxDetails
    client_ip: str | None


def company_of(request: HttpRequest) -> Company:
    """The company of this host; only for pages of a company's space, where there always is one."""
    company: Company | None = getattr(request, "tenant", None)
    if company is None:
        raise LookupError("This page has no company: it belongs to a company's URLs")
    return company
