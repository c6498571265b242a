"""Companies that are easily mixed up: the same keys, ids and telephone numbers inside, and words that only one has."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from messaging.contacts.models import ChannelIdentity, ChannelKind, Contact
from tenants.company_task import CompanyTask, company_task
from tenants.context import company_context
from tenants.models import Company, Membership, Role, User
from tenants.models.session import SessionStore
from tenants.services import companies
from tenants.services.opening import open_company

CUSTOMERS = 40


@dataclass(frozen=True)
class Tenant:
    """A company, the word that stands in all its names and nowhere else, its sessions, one contact's own id."""

    company: Company
    mark: str
    admin: str
    agent: str
    # Of a person who is a member of every company, with a session in each.
    everywhere: str
    own_contact: str


def make_tenants(wanted: int) -> list[Tenant]:
    everywhere = User.objects.create_user("everywhere@example.com", None, name="Wanda Weitgereist")
    return [_make_tenant(number, everywhere) for number in range(wanted)]


def _make_tenant(number: int, everywhere: User) -> Tenant:
    mark = f"mark{number}q{secrets.token_hex(4)}"
    company = companies.create_company(address_name=f"soak-{number}", name=f"Firm {mark}", country="DE")
    open_company(company)
    Membership.objects.create(company=company, user=everywhere, role=Role.ADMIN)
    return Tenant(
        company=company,
        mark=mark,
        admin=_session(company, _member(company, mark, Role.ADMIN)),
        agent=_session(company, _member(company, mark, Role.AGENT)),
        everywhere=_session(company, everywhere),
        own_contact=_add_customers(company, mark),
    )


def _member(company: Company, mark: str, role: Role) -> User:
    user = User.objects.create_user(f"{role}@{mark}.example", None, name=f"{role} {mark}")
    Membership.objects.create(company=company, user=user, role=role)
    return user


def _session(company: Company, user: User) -> str:
    """As the sign-in page would open it."""
    session = SessionStore(company_id=company.pk, ip="127.0.0.1", user_agent="benchmark")
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _add_customers(company: Company, mark: str) -> str:
    with company_context(company):
        twins = Contact.objects.bulk_create(
            Contact(public_id=twin_id(number), name=f"Customer {number:02} {mark}", note=mark)
            for number in range(CUSTOMERS)
        )
        ChannelIdentity.objects.bulk_create(
            ChannelIdentity(contact=contact, kind=ChannelKind.SMS, external_id=twin_phone(number))
            for number, contact in enumerate(twins)
        )
        own: Contact = Contact.objects.create(name=f"Zora {mark}", note=mark)
    return own.public_id


def twin_id(number: int) -> str:
    return f"twin{number}"


def twin_phone(number: int) -> str:
    return f"+49151123456{number:02}"


def customer_names() -> CompanyTask:
    """A task that reads in a company; made here, so that only the benchmark's process knows it."""

    @company_task
    def names(company: Company) -> list[str]:
        return list(Contact.objects.values_list("name", flat=True))

    return names
