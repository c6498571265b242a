"""What the frame around every page shows: places, company, person, language."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy as _

from billing import urls_staff as desk
from messaging.broadcasts.pages import urls as broadcasts
from messaging.channels.pages import urls as channels
from messaging.contacts import urls as contacts
from messaging.inbox import urls as inbox
from messaging.message_templates.pages import urls as message_templates
from tenants.access import may
from tenants.middleware import theme_of
from tenants.models import Role, User


@dataclass(frozen=True)
class Place:
    """An entry of the rail or a side menu; `names` are the pages that belong to it."""

    url_name: str
    icon: str
    label: Any
    names: tuple[str, ...] = ()
    role: Role = Role.AGENT


def _pages(urls: ModuleType) -> tuple[str, ...]:
    """All that a part of the house answers at: a refused form comes back as a page where it was sent to."""
    return tuple(pattern.name for pattern in urls.urlpatterns)


BILLING_PLACES = (
    Place("billing", "gauge", _("Overview"), role=Role.ADMIN),
    Place("billing_usage", "bar-chart", _("Usage and cost"), ("billing_messages",), Role.ADMIN),
    Place("billing_budget", "wallet", _("Budget"), role=Role.ADMIN),
    Place("billing_plan", "layers", _("Plan"), ("billing_plan_change",), Role.ADMIN),
    Place("billing_prices", "tag", _("Prices"), role=Role.ADMIN),
    Place("billing_invoices", "receipt", _("Invoices"), ("billing_invoice", "billing_line"), Role.ADMIN),
    Place("billing_details", "building", _("Invoice details"), role=Role.ADMIN),
)
COMPANY_PLACES = (
    Place("home", "home", _("Home")),
    Place("inbox", "inbox", _("Inbox"), _pages(inbox)),
    Place("contacts", "contact", _("Contacts"), _pages(contacts)),
    Place("broadcasts", "megaphone", _("Broadcasts"), _pages(broadcasts)),
    Place("team", "users", _("Team"), ("invite", "change_role", "remove_member")),
    Place(
        "billing",
        "banknote",
        _("Billing"),
        tuple(name for place in BILLING_PLACES for name in (place.url_name, *place.names)),
        Role.ADMIN,
    ),
    Place(
        "company_settings",
        "settings",
        _("Settings"),
        (
            "company_address",
            "company_visits",
            "company_audit",
            *_pages(channels),
            *_pages(message_templates),
        ),
        Role.ADMIN,
    ),
)
SETTINGS_PLACES = (
    Place("company_settings", "building", _("Company"), role=Role.ADMIN),
    Place("company_address", "globe", _("Address"), role=Role.ADMIN),
    Place("channels", "plug", _("Channels"), _pages(channels), Role.ADMIN),
    Place("templates", "stamp", _("Templates"), _pages(message_templates), Role.ADMIN),
    Place("company_visits", "life-buoy", _("Operator visits"), role=Role.ADMIN),
    Place("company_audit", "history", _("Audit log"), role=Role.ADMIN),
)
# Every page of the desk but the company's, which belong to its company.
DESK_PAGES = tuple(name for name in _pages(desk) if name.startswith("staff_billing"))
STAFF_PLACES = (
    Place(
        "staff_companies",
        "building",
        _("Companies"),
        (
            *("staff_company", "staff_suspend", "staff_lift", "staff_visit"),
            *("staff_company_billing", "staff_company_billing_profile", "staff_company_billing_plan"),
        ),
    ),
    Place("staff_billing", "receipt", _("Billing"), DESK_PAGES),
    Place("staff_audit", "history", _("Audit log")),
    Place("staff_webhooks", "webhook", _("Reports for nobody")),
    Place("staff_system", "activity", _("System")),
)
PERSON_PLACES = (
    Place("profile", "user", _("Profile")),
    Place(
        "security",
        "shield",
        _("Sign-in and security"),
        (
            "account_change_password",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
        ),
    ),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """The variable `frame` of every template. It asks the database nothing."""
    company = getattr(request, "tenant", None)
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    name = request.resolver_match.url_name if request.resolver_match else ""
    shown = {
        "kind": _kind(company, person),
        "places": _places(request, company, person, name or ""),
        "settings_places": _settings_places(request, name or ""),
        "settings_title": _settings_title(name or ""),
        "company": company,
        "person": person,
        "role": _role(request),
        "person_links": _links(PERSON_PLACES, name or ""),
        "switch_url": f"{settings.SCHEME}://{settings.BASE_HOST}/companies/" if company else "",
        "sign_out_url": reverse("account_logout", urlconf=settings.ROOT_URLCONF),
        "visit": _visit(request),
        "theme": theme_of(request) if user is not None else "system",
        "languages": [
            {"code": code, "label": label, "current": code == get_language()} for code, label in settings.LANGUAGES
        ],
        "preferences_url": reverse("preferences", urlconf=settings.ROOT_URLCONF),
        "public": _public(),
        "demo": settings.DEMO,
        "demo_url": f"{settings.SCHEME}://{settings.BASE_HOST}/demo/" if settings.DEMO else "",
        "design_url": f"{settings.SCHEME}://{settings.BASE_HOST}/design/" if settings.DEMO or settings.DEBUG else "",
        "operator": settings.OPERATOR,
    }
    return {"frame": shown}


def _kind(company: Any, person: User | None) -> str:
    if company is not None:
        return "company"
    return "staff" if person is not None and person.is_staff else "public"


def _links(places: tuple[Place, ...], current: str, *, urlconf: str = settings.ROOT_URLCONF) -> list[dict[str, Any]]:
    return [
        {
            "url": reverse(place.url_name, urlconf=urlconf),
            "icon": place.icon,
            "label": place.label,
            "current": current == place.url_name or current in place.names,
        }
        for place in places
    ]


def _places(request: HttpRequest, company: Any, person: User | None, name: str) -> list[dict[str, Any]]:
    if company is not None:
        return _links(tuple(place for place in COMPANY_PLACES if may(request, place.role)), name)
    if person is None:
        return []
    if person.is_staff:
        return _links(STAFF_PLACES, name, urlconf=settings.PUBLIC_URLCONF)
    mine = (Place("companies", "building", _("Companies")),)
    return _links(mine, name, urlconf=settings.PUBLIC_URLCONF)


def _settings_places(request: HttpRequest, name: str) -> list[dict[str, Any]]:
    for places in (SETTINGS_PLACES, BILLING_PLACES, PERSON_PLACES):
        if _is_in(places, name):
            # Whoever may not open a page of the settings is not led to the others either.
            open_to_me = places is PERSON_PLACES or may(request, Role.ADMIN)
            return _links(places, name) if open_to_me else []
    return []


def _settings_title(name: str) -> Any:
    if _is_in(PERSON_PLACES, name):
        return _("You")
    return _("Billing") if _is_in(BILLING_PLACES, name) else _("Settings")


def _is_in(places: tuple[Place, ...], name: str) -> bool:
    return any(name == place.url_name or name in place.names for place in places)


def _role(request: HttpRequest) -> Any:
    if getattr(request, "visit", None) is not None:
        return _("Staff visit")
    member = getattr(request, "member", None)
    if member is not None:
        return member.get_role_display()
    user = getattr(request, "user", None)
    return _("Staff") if getattr(user, "is_staff", False) else ""


def _visit(request: HttpRequest) -> dict[str, Any] | None:
    visit = getattr(request, "visit", None)
    if visit is None:
        return None
    return {
        "staff_name": str(request.user),
        "reason": visit.reason,
        "ends_at": visit.ends_at,
        "end_url": reverse("visit_end", urlconf=settings.ROOT_URLCONF),
    }


def _public() -> dict[str, str]:
    names = {
        "home": "site_home",
        "prices": "site_prices",
        "sign_up": "sign_up",
        "sign_in": "account_login",
        "imprint": "site_imprint",
        "privacy": "site_privacy",
    }
    base = f"{settings.SCHEME}://{settings.BASE_HOST}"
    return {key: base + reverse(name, urlconf=settings.PUBLIC_URLCONF) for key, name in names.items()}
