"""The demo companies' months that are over, closed as every month is: collected, reviewed, approved, issued, sent.

The clock is passed in. All of a month is one transaction, so that no worker takes a step of it by the clock of today.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction

from billing.einvoice.vies import Answer
from billing.invoices import month as months, profiles
from billing.invoices.documents import Build, build as build_document
from billing.invoices.models import Invoice, MonthClose, Step
from billing.invoices.month import GRACE, Tools
from billing.invoices.taxing import SELLER_ZONE
from billing.payments.services import mark_paid
from billing.plans.periods import Period, month_of, today
from billing.plans.services import count_seats
from billing.tasks import RATING
from config.demo.people import STAFF
from tenants.models import Company, Mail, User
from tenants.models.mail import MailState
from tenants.services.audit import Actor

PAID_AFTER = timedelta(days=9)
PROFILES: dict[str, dict[str, Any]] = {
    "hansen": {
        "legal_name": "Paketladen Hansen e. K.",
        "street": "Große Bergstraße 140",
        "postcode": "22767",
        "city": "Hamburg",
        "recipients": ["admin@hansen.example"],
    },
    "nordwind": {
        "legal_name": "Nordwind Air GmbH",
        "street": "Flughafenstraße 1",
        "postcode": "22335",
        "city": "Hamburg",
        "order_number": "NW-2026-0815",
        "recipients": ["admin@nordwind.example"],
    },
}


def past_months(now: datetime) -> list[Period]:
    """The last months that are over and past their days of grace, oldest first."""
    last = month_of(today(now - GRACE).replace(day=1) - timedelta(days=1))
    before = month_of(last.first - timedelta(days=1))
    return [before, last]


def close_months(companies: dict[str, Company], *, now: datetime, build: Build = build_document) -> list[str]:
    """Invoices of past months, the first of each company paid; their numbers. Nothing when there are any."""
    if MonthClose.objects.filter(company__in=companies.values()).exists():
        return []
    tools = Tools(RATING, ask_vies=_no_register, build=build)
    staff = Actor(user=User.objects.get(email=STAFF.email))
    for name, company in companies.items():
        profiles.change_profile(company, actor=staff, **PROFILES[name])
    numbers: list[str] = []
    for place, period in enumerate(past_months(now)):
        invoices = _close(period, list(companies.values()), staff, tools)
        for invoice in invoices if place == 0 else ():
            _pay(invoice, staff)
        numbers += [str(invoice.number) for invoice in invoices]
    return numbers


@transaction.atomic
def _close(period: Period, companies: Sequence[Company], staff: Actor, tools: Tools) -> list[Invoice]:
    at = datetime.combine(period.last + timedelta(days=1), time(8), SELLER_ZONE) + GRACE
    count_seats(period.first)
    months.begin_months(period, now=at)
    closes = [MonthClose.objects.select_related("company").get(company=one, first=period.first) for one in companies]
    return [_invoice(close, at, staff, tools) for close in closes]


def _invoice(month: MonthClose, at: datetime, staff: Actor, tools: Tools) -> Invoice:
    reviewed = months.close_month(month, now=at, tools=tools)
    if reviewed.step != Step.APPROVE:
        raise RuntimeError(f"{month.company} {month.first:%Y-%m} waits in {reviewed.step}: {reviewed.blocks}")
    approved_at = at + timedelta(hours=1)
    months.approve_month(reviewed, actor=staff, now=approved_at)
    months.close_month(month, now=approved_at, tools=tools)
    invoice = Invoice.objects.get(months=month)
    _mails_went_out(invoice, approved_at)
    months.close_month(month, now=approved_at + timedelta(hours=1), tools=tools)
    return Invoice.objects.get(pk=invoice.pk)


def _pay(invoice: Invoice, staff: Actor) -> None:
    assert invoice.issue_date is not None
    at = datetime.combine(invoice.issue_date, time(10), SELLER_ZONE) + PAID_AFTER
    mark_paid(
        invoice,
        received_date=at.date(),
        actor=staff,
        reference=f"Rechnung {invoice.number}",
        external_id=f"demo-{invoice.number}",
        now=at,
    )


def _mails_went_out(invoice: Invoice, at: datetime) -> None:
    """Weeks ago: nobody gets them today."""
    mails = Mail.objects.filter(pk__in=list(invoice.deliveries.values_list("mail_id", flat=True)))
    mails.update(state=MailState.SENT, sent_at=at, created_at=at)


def _no_register(vat_id: str, **_: Any) -> Answer:
    """The demo's companies are German: no decision hangs on their VAT id, and the demo asks nobody outside."""
    raise AssertionError(f"nobody needs proof of {vat_id}")
