"""Where the demo is reached, and as whom."""

from __future__ import annotations

from typing import TypedDict

from django.conf import settings
from django.utils.translation import gettext as _

from config.demo.people import COMPANIES, PASSWORD, STAFF
from tenants.models import Role


class Address(TypedDict):
    label: str
    url: str
    email: str
    password: str
    note: str


def addresses() -> list[Address]:
    """Every address worth opening in a first minute."""
    base = f"{settings.SCHEME}://{settings.BASE_HOST}"
    found = [_address(_("Public site"), f"{base}/"), _address(_("Caught mail"), f"{base}/demo/mail/")]
    for company in COMPANIES:
        url = f"{settings.SCHEME}://{company.address_name}.{settings.BASE_HOST}/"
        shown = company.people[:2]
        found += [
            _address(f"{company.name}, {Role(person.role).label}", url, person.email, PASSWORD) for person in shown
        ]
    if settings.SANDBOX_URL:
        found.append(_address(_("Customers' phones"), f"{settings.SANDBOX_URL}/phone/"))
    found.append(
        _address(_("Operator's console"), f"{base}/staff/", STAFF.email, PASSWORD, _("asks for a second factor"))
    )
    found.append(_address(_("Components"), f"{base}/design/"))
    return found


def _address(label: str, url: str, email: str = "", password: str = "", note: str = "") -> Address:
    return {"label": label, "url": url, "email": email, "password": password, "note": note}
