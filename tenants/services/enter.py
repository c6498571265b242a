"""The way of a signed-in person from one of our hosts into a company's: a ticket for one use within a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.lib.ids import new_token, token_hash
from tenants.models import Company, EnterLink, StaffVisit, User
from tenants.services.errors import LinkSpent

VALID_FOR = timedelta(seconds=60)


def make_link(
    user: User, company: Company, *, visit: StaffVisit | None = None, authentication: list[dict[str, Any]] | None = None
) -> str:
    """The address that signs `user` in to the company's space; `authentication` says how they proved who they are."""
    token = new_token()
    EnterLink.objects.create(
        token_hash=token_hash(token),
        user=user,
        company=company,
        visit=visit,
        authentication=authentication or [],
        expires_at=timezone.now() + VALID_FOR,
    )
    return f"{company.url}{reverse('enter', args=[token], urlconf=settings.ROOT_URLCONF)}"


@transaction.atomic
def use_link(company: Company, token: str) -> EnterLink:
    """Spend a ticket on its own company's host; LinkSpent for any other."""
    now = timezone.now()
    ticket = (
        EnterLink.objects.filter(company=company, token_hash=token_hash(token), used_at=None, expires_at__gt=now)
        .select_related("user", "visit")
        .first()
    )
    if ticket is None or not EnterLink.objects.filter(pk=ticket.pk, used_at=None).update(used_at=now):
        raise LinkSpent(_("This link opens once and only for a minute. Sign in to go on."))
    return ticket
