"""The cast of every test: the company acme with an admin and a support agent, the rival globex, staff, an outsider.

Both companies are made once per run, with the same primary keys inside, so that a mixed-up company shows. Every test
is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail as django_mail
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from billing.models import Budget, BudgetAlert, BudgetMonth, Plan, Reservation, Subscription
from billing.plans import entitlements
from billing.rating import published
from messaging.contacts import services as contacts
from messaging.contacts.models import Contact
from tenants.context import company_context
from tenants.models import (
    Attempt,
    Company,
    DueWork,
    EnterLink,
    Invitation,
    Mail,
    Membership,
    ParkedTask,
    Role,
    Session,
    SignUp,
    StaffVisit,
    User,
)
from tenants.models.session import SessionStore
from tenants.services import companies, hosts, opening

PASSWORD = "ein langer Satz für Tests"
# Hashed as everywhere, but not to withstand an attack: that would take a tenth of a second and 100 MB each time.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64


@dataclass(frozen=True)
class Cast:
    """The keys of everybody, made once for the whole run."""

    acme: int
    globex: int
    admin: int
    agent: int
    rival: int
    staff: int
    outsider: int


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """The database of the run. pytest-django's own makes none when no test rolls back, and some of ours commit."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        cast = _make_cast()
    yield cast
    with django_db_blocker.unblock():
        connection.close()
        teardown_databases(made, verbosity=0)


def _make_cast() -> Cast:
    people = {name: _person(name) for name in ("admin", "agent", "rival", "staff", "outsider")}
    User.objects.filter(pk=people["staff"].pk).update(is_staff=True)
    acme = _company("acme", "Acme Versand", people["admin"])
    globex = _company("globex", "Globex GmbH", people["rival"])
    Membership.objects.create(company=acme, user=people["agent"], role=Role.AGENT)
    return Cast(acme.pk, globex.pk, *(people[name].pk for name in ("admin", "agent", "rival", "staff", "outsider")))


def _person(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.capitalize())


def _company(address_name: str, name: str, admin: User) -> Company:
    company = companies.create_company(address_name=address_name, name=name, country="DE", vat_id="DE136695976")
    Membership.objects.create(company=company, user=admin, role=Role.ADMIN)
    opening.open_company(company)
    with company_context(company):
        contacts.add(name=f"Customer of {name}", phone_number="+4915112345678")
    return Company.objects.get(pk=company.pk)


@pytest.fixture(autouse=True)
def no_company_left_open() -> Iterator[None]:
    """A test that leaves a company open would let the next one write into it."""
    hosts.forget_all()
    entitlements.forget_expected()
    published.forget()
    yield
    assert connection.schema_name == "public", "the test left a company open"


@pytest.fixture
def cast(db: None, django_db_setup: Cast) -> Cast:
    return django_db_setup


@pytest.fixture
def committed(django_db_setup: Cast, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """For a test that needs real commits (several connections, threads, killed processes): it is cleaned up after."""
    with django_db_blocker.unblock():
        try:
            yield django_db_setup
        finally:
            _remove_all_but(django_db_setup)


def _remove_all_but(cast: Cast) -> None:
    connection.set_schema_to_public()
    for company in Company.objects.exclude(pk__in=[cast.acme, cast.globex]):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {company.schema_name} CASCADE")
        company.delete()
    with connection.cursor() as cursor:
        # What happened is never deleted in earnest; the next test begins without it.
        cursor.execute("SET session_replication_role = replica")
        for table in ("usagerecord", "dailyusage", "dirtyday", "ratedline", "unratedusage"):
            cursor.execute(f"DELETE FROM billing_{table}")
        cursor.execute("SET session_replication_role = DEFAULT")
    for billing in (Subscription, Budget, BudgetMonth, BudgetAlert, Reservation):
        billing.objects.all().delete()
    Plan.objects.filter(code__startswith="test-").delete()
    for model in (SignUp, Mail, DueWork, ParkedTask, Attempt, EnterLink, Session, StaffVisit, Invitation):
        model.objects.all().delete()
    User.objects.exclude(pk__in=[cast.admin, cast.agent, cast.rival, cast.staff, cast.outsider]).delete()
    connection.close()


@pytest.fixture
def acme(cast: Cast) -> Company:
    return Company.objects.get(pk=cast.acme)


@pytest.fixture
def globex(cast: Cast) -> Company:
    return Company.objects.get(pk=cast.globex)


@pytest.fixture
def admin(cast: Cast) -> User:
    return User.objects.get(pk=cast.admin)


@pytest.fixture
def agent(cast: Cast) -> User:
    return User.objects.get(pk=cast.agent)


@pytest.fixture
def rival(cast: Cast) -> User:
    """The admin of globex."""
    return User.objects.get(pk=cast.rival)


@pytest.fixture
def outsider(cast: Cast) -> User:
    """A person who is in no company."""
    return User.objects.get(pk=cast.outsider)


@pytest.fixture
def staff(cast: Cast) -> User:
    """Staff of the operator, with a second factor."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.utils import encrypt

    user = User.objects.get(pk=cast.staff)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt("A" * 32)})
    return user


@pytest.fixture
def acme_contact(acme: Company) -> Contact:
    with company_context(acme):
        return Contact.objects.prefetch_related("identities").get()


@pytest.fixture
def globex_contact(globex: Company) -> Contact:
    with company_context(globex):
        return Contact.objects.prefetch_related("identities").get()


class Browser(Client):
    """Django's test client, on one host, as one person."""

    def __init__(self, host: str, **kwargs: Any) -> None:
        super().__init__(HTTP_HOST=host, **kwargs)
        self.host = host

    def sign_in(self, user: User, company: Company | None = None, *, visit: StaffVisit | None = None) -> Browser:
        """Open a session as the sign-in page would."""
        session = SessionStore(company_id=company.pk if company else None, ip="127.0.0.1", user_agent="tests")
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        if visit is not None:
            session["visit"] = visit.pk
        session.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return self


@pytest.fixture
def at() -> Callable[..., Browser]:
    """A browser at a company's host, or at the public one; as `user` when one is given."""

    def browser(company: Company | None = None, user: User | None = None, **kwargs: Any) -> Browser:
        made = Browser(company.host if company else settings.BASE_HOST, **kwargs)
        return made.sign_in(user, company) if user else made

    return browser


@pytest.fixture
def outbox() -> list[Any]:
    """What the mail server was given."""
    django_mail.outbox = []
    return django_mail.outbox
