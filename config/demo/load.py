"""Load the demo companies, once, by the same services a person's clicks would call."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from config.demo import money
from config.demo.closing import past_months
from config.demo.people import COMPANIES, PASSWORD, STAFF, DemoCompany, DemoPerson
from messaging.contacts import services as contacts
from tenants.context import company_context
from tenants.models import Company, Domain, Membership, Role, User
from tenants.services import companies, opening


def load_demo() -> list[str]:
    """What was made; nothing when it is all there. A load that was cut off goes on where it stopped."""
    made: list[str] = []
    _person(STAFF, is_staff=True)
    money.set_prices()
    for wanted in COMPANIES:
        if not _is_complete(wanted):
            _load_company(wanted)
            made.append(wanted.name)
    return made


def _is_complete(wanted: DemoCompany) -> bool:
    domain = Domain.objects.filter(domain=wanted.address_name).select_related("tenant").first()
    if domain is None or not domain.tenant.is_open():
        return False
    with company_context(domain.tenant):
        return contacts.count() >= len(wanted.customers)


def _load_company(wanted: DemoCompany) -> None:
    company = opening.open_company(_company(wanted))
    for person in wanted.people:
        user = _person(person)
        Membership.objects.get_or_create(company=company, user=user, defaults={"role": Role(person.role)})
    money.put_on_plan(company, since=past_months(timezone.now())[0].first)
    with company_context(company):
        for name, number, language, note in wanted.customers:
            contacts.find_or_add(name=name, phone_number=number, language=language, note=note)


def _company(wanted: DemoCompany) -> Company:
    domain = Domain.objects.filter(domain=wanted.address_name).select_related("tenant").first()
    if domain is not None:
        return domain.tenant
    with transaction.atomic():
        company = companies.create_company(
            address_name=wanted.address_name,
            name=wanted.name,
            country=wanted.country,
            vat_id=wanted.vat_id,
            language="de",
        )
        Company.objects.filter(pk=company.pk).update(created_at=timezone.now() - timedelta(days=90))
    return company


def _person(wanted: DemoPerson, *, is_staff: bool = False) -> User:
    known = User.objects.filter(email=wanted.email).first()
    return known or User.objects.create_user(
        wanted.email, PASSWORD, name=wanted.name, language=wanted.language, is_staff=is_staff
    )
