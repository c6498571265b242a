"""What is asked of the companies: their members' pages, and what a stranger would try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from django.conf import settings
from django.urls import reverse

from tests.benchmarks.tenants.crowd import CUSTOMERS, Tenant, twin_id, twin_phone
from tests.benchmarks.tenants.doors import Question

MEMBERS_PAGES = ("home", "team", "contacts", "contact_add")
ADMINS_PAGES = ("company_settings", "company_address", "company_visits", "company_audit", "invite")
# The everywhere person's page of sessions rightly names other companies, so these are asked by the others.
OWN_PAGES = ("profile", "security")
CSRF_TOKEN = "c" * 32


@dataclass(frozen=True)
class Attempt:
    """A question and what its answer must be; `shows` must be in it."""

    question: Question
    status: int
    shows: str = ""


def members_page(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, _any_session(tenant, random), random.choice(MEMBERS_PAGES))


def admins_page(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, random.choice([tenant.admin, tenant.everywhere]), random.choice(ADMINS_PAGES))


def own_page(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, random.choice([tenant.admin, tenant.agent]), random.choice(OWN_PAGES))


def search(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    words = random.choice(["Customer", "Zora", "mark", twin_phone(0)[-5:]])
    return _page(tenant, _any_session(tenant, random), "contacts", query=f"q={words}")


def contact(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    """Every company has a contact with this id, so a wrong schema would answer with another's."""
    name = random.choice(["contact", "contact_edit"])
    return _page(tenant, _any_session(tenant, random), name, public_id=twin_id(random.randrange(CUSTOMERS)))


def save(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    number = random.randrange(CUSTOMERS)
    form = (
        ("name", f"Customer {number:02} {tenant.mark}"),
        ("note", f"{tenant.mark} {random.random()}"),
        ("language", "de"),
        ("phone_number", twin_phone(number)),
    )
    return _page(tenant, _any_session(tenant, random), "contact_edit", 302, form=form, public_id=twin_id(number))


def agent_among_admins(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, tenant.agent, random.choice(ADMINS_PAGES), 403)


def foreign_id(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, _any_session(tenant, random), "contact", 404, public_id=other.own_contact)


def foreign_session(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, other.admin, random.choice(MEMBERS_PAGES), 302)


def signed_out(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return _page(tenant, "", random.choice(MEMBERS_PAGES), 302)


def public_site(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    path = reverse("site_home", urlconf=settings.PUBLIC_URLCONF)
    return Attempt(Question(host=settings.BASE_HOST, path=path), 200)


# As often as they stand here.
ATTEMPTS: list[Callable[[Tenant, Tenant, Random], Attempt]] = [
    *[members_page] * 5,
    *[contact] * 4,
    *[search] * 3,
    *[save] * 2,
    *[admins_page] * 2,
    *[own_page, agent_among_admins, foreign_id, foreign_session, signed_out, public_site],
]


def next_attempt(tenant: Tenant, other: Tenant, random: Random) -> Attempt:
    return random.choice(ATTEMPTS)(tenant, other, random)


def _any_session(tenant: Tenant, random: Random) -> str:
    return random.choice([tenant.admin, tenant.agent, tenant.everywhere])


def _page(
    tenant: Tenant,
    session: str,
    name: str,
    status: int = 200,
    *,
    query: str = "",
    form: tuple[tuple[str, str], ...] | None = None,
    **keys: str,
) -> Attempt:
    cookies = ((settings.SESSION_COOKIE_NAME, session), (settings.CSRF_COOKIE_NAME, CSRF_TOKEN))
    question = Question(
        host=tenant.company.host,
        path=reverse(name, kwargs=keys),
        query=query,
        cookies=cookies,
        form=form,
        csrf_token=CSRF_TOKEN,
    )
    return Attempt(question, status, tenant.mark if status == 200 else "")
