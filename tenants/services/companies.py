"""What is done to a company as a whole: reserve an address name, change details, suspend and lift."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.lib.hosts import RESERVED
from tenants.models import Company, CompanyState, Domain, SignUp
from tenants.services import audit, due, hosts
from tenants.services.audit import Actor
from tenants.services.errors import Refused

CHANGEABLE = ("name", "country", "vat_id", "language", "time_zone")


def address_name_is_free(address_name: str, *, now: datetime | None = None, but_for: SignUp | None = None) -> bool:
    """Whether a company could take it: not reserved, not taken now or formerly, not held by a waiting sign-up."""
    if address_name in RESERVED or Domain.objects.filter(domain=address_name).exists():
        return False
    holders = SignUp.objects.filter(address_name=address_name, confirmed_at=None, expires_at__gt=now or timezone.now())
    return not (holders.exclude(pk=but_for.pk) if but_for else holders).exists()


@transaction.atomic
def create_company(*, address_name: str, **details: Any) -> Company:
    """Write a company's row and address name, and announce that it is to be opened. Refused when the name is taken."""
    company: Company = Company.objects.create(**details)
    try:
        with transaction.atomic():
            Domain.objects.create(domain=address_name, tenant=company, is_primary=True)
    except IntegrityError:
        raise Refused(_("This address name is taken. Choose another."), field="address_name") from None
    due.announce("open_company", company)
    transaction.on_commit(hosts.forget_all)
    return company


@transaction.atomic
def change_details(company: Company, *, actor: Actor, **details: Any) -> Company:
    """Change name, country, VAT id, language or time zone."""
    company = Company.objects.select_for_update().get(pk=company.pk)
    former = {name: getattr(company, name) for name in CHANGEABLE}
    before, after = audit.changes(former, {name: details[name] for name in CHANGEABLE if name in details})
    if after:
        for name, value in after.items():
            setattr(company, name, value)
        company.save(update_fields=list(after))
        audit.record(actor, "company.changed", company=company, target=company.name, before=before, after=after)
        transaction.on_commit(hosts.forget_all)
    return company


@transaction.atomic
def change_address_name(company: Company, address_name: str, *, actor: Actor) -> None:
    """Move a company to another address name; the former one leads there for good, so links keep working."""
    company = Company.objects.select_for_update().get(pk=company.pk)
    former = Domain.objects.get(tenant=company, is_primary=True)
    if former.domain == address_name:
        return
    own = Domain.objects.filter(tenant=company, domain=address_name).first()
    if own is None and not address_name_is_free(address_name):
        raise Refused(_("This address name is taken. Choose another."), field="address_name")
    Domain.objects.filter(pk=former.pk).update(is_primary=False)
    try:
        with transaction.atomic():
            Domain.objects.update_or_create(domain=address_name, tenant=company, defaults={"is_primary": True})
    except IntegrityError:
        raise Refused(_("This address name is taken. Choose another."), field="address_name") from None
    audit.record(
        actor,
        "company.address_changed",
        company=company,
        target=company.name,
        before={"address_name": former.domain},
        after={"address_name": address_name},
    )
    transaction.on_commit(hosts.forget_all)


def suspend_company(company: Company, *, reason: str, actor: Actor) -> bool:
    """Close a company's space to its members; False when it was not active (somebody was first)."""
    columns = {"suspension_reason": reason, "suspended_at": timezone.now()}
    return _move(
        company,
        CompanyState.ACTIVE,
        CompanyState.SUSPENDED,
        "company.suspended",
        reason=reason,
        actor=actor,
        columns=columns,
    )


def lift_suspension(company: Company, *, reason: str, actor: Actor) -> bool:
    """Open a suspended company's space again; False when it was not suspended."""
    columns = {"suspension_reason": "", "suspended_at": None}
    return _move(
        company,
        CompanyState.SUSPENDED,
        CompanyState.ACTIVE,
        "company.lifted",
        reason=reason,
        actor=actor,
        columns=columns,
    )


@transaction.atomic
def _move(
    company: Company,
    before: CompanyState,
    after: CompanyState,
    action: str,
    *,
    reason: str,
    actor: Actor,
    columns: dict[str, Any],
) -> bool:
    """From one state to another by compare-and-set, logged when it was ours."""
    changed = Company.objects.filter(pk=company.pk, state=before).update(state=after, **columns)
    if changed:
        audit.record(
            actor,
            action,
            company=company,
            target=company.name,
            before={"state": str(before)},
            after={"state": str(after)},
            reason=reason,
        )
        transaction.on_commit(hosts.forget_all)
    return bool(changed)
