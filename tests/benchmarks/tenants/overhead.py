"""What finding the company adds to a request: in this process, without network, a signed-out visitor.

Three stacks answer the same views in turns: ours as in production, Django's own without ours, and Django's own
behind django-tenants' middleware, which asks the database for the host every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from tenants.context import shared_context
from tenants.models import Company, Domain, User
from tenants.services import companies, hosts
from tenants.services.opening import open_company
from tests.benchmarks.report import Figure, Goal, median_of
from tests.benchmarks.timing import Work, microseconds_in_turns

ROUNDS, CALLS = 30, 40
ADDRESS_NAME = "overhead"
OURS = "tenants.middleware."
# Django's counterparts of ours; what has none is left out.
COUNTERPARTS = {
    "CompanySessionMiddleware": "django.contrib.sessions.middleware.SessionMiddleware",
    "PersonMiddleware": "django.middleware.locale.LocaleMiddleware",
}


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("here")


def one_query(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.filter(pk=0).exists()))


urlpatterns = [path("empty/", empty), path("one-query/", one_query)]


def measure() -> list[Figure]:
    company = _company()
    return [*_requests(company), *_lookups()]


def _company() -> Company:
    company = companies.create_company(address_name=ADDRESS_NAME, name="Overhead", country="DE")
    # django-tenants looks for the whole host; ours never finds this row.
    Domain.objects.create(domain=f"{ADDRESS_NAME}.{settings.BASE_DOMAIN}", tenant=company, is_primary=False)
    return open_company(company)


def _requests(company: Company) -> list[Figure]:
    plain = plain_stack()
    stacks = {
        "plain": plain,
        "ours": list(settings.MIDDLEWARE),
        "host": [f"{OURS}HostMiddleware", *plain],
        "django_tenants": ["django_tenants.middleware.main.TenantMainMiddleware", *plain],
    }
    with _urls_of_this_module():
        ask = {name: _asker(stack, company.host) for name, stack in stacks.items()}
        empty_view = _times({name: partial(asker, "/empty/") for name, asker in ask.items()})
        query_view = _times({name: partial(asker, "/one-query/") for name, asker in ask.items()})
    return [
        median_of("request_plain_us", empty_view["plain"], "µs"),
        _added("host_middleware_us", empty_view, "host", Goal(50, "lower")),
        _added("request_overhead_us", empty_view, "ours", Goal(250, "lower")),
        _added("request_overhead_one_query_us", query_view, "ours"),
        _added("request_overhead_django_tenants_us", empty_view, "django_tenants"),
    ]


def plain_stack() -> list[str]:
    """The middlewares of a Django site that has one tenant."""
    stack = []
    for name in settings.MIDDLEWARE:
        counterpart = COUNTERPARTS.get(name.removeprefix(OURS)) if name.startswith(OURS) else name
        stack += [counterpart] if counterpart else []
    return stack


@contextmanager
def _urls_of_this_module() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__), shared_context():
        yield


def _asker(stack: list[str], host: str) -> Callable[[str], None]:
    with override_settings(MIDDLEWARE=stack, SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        handler = BaseHandler()
        handler.load_middleware()
    requests = RequestFactory(HTTP_HOST=host)

    def ask(url: str) -> None:
        answer = handler.get_response(requests.get(url))
        assert answer.status_code == 200, f"{url} answered {answer.status_code}"

    return ask


def _times(ways: dict[str, Work]) -> dict[str, list[float]]:
    microseconds_in_turns(ways, rounds=1, calls=CALLS)
    return microseconds_in_turns(ways, rounds=ROUNDS, calls=CALLS)


def _added(name: str, taken: dict[str, list[float]], stack: str, goal: Goal | None = None) -> Figure:
    """What a stack takes more than the plain one, round by round."""
    added = [one - other for one, other in zip(taken[stack], taken["plain"], strict=True)]
    return Figure(name, median(added), "µs", goal, (min(added), max(added)))


def _lookups() -> list[Figure]:
    def uncached() -> None:
        hosts.forget_all()
        hosts.company_at(ADDRESS_NAME)

    ways: dict[str, Work] = {"cached": partial(hosts.company_at, ADDRESS_NAME), "uncached": uncached}
    taken = _times(ways)
    return [
        median_of("host_lookup_cached_us", taken["cached"], "µs", Goal(25, "lower")),
        median_of("host_lookup_uncached_us", taken["uncached"], "µs"),
    ]
