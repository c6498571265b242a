"""A company's billing: who pays, on which plan, what for, and how it stands."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.invoices import profiles
from billing.invoices.forms import ProfileForm
from billing.invoices.models import Invoice, MonthClose, VatCheck
from billing.invoices.taxing import seller_day
from billing.payments import owing
from billing.payments.models import Payment
from billing.plans import services as plans
from billing.plans.budgets import spending
from billing.plans.forms import SubscriptionForm
from billing.plans.models import Subscription
from billing.plans.periods import month_of, today
from billing.rating.models import PriceList
from billing.views.staff.page import company_of_page, crumbs, desk_page, refused
from billing.views.staff.remedies import troubles_of
from tenants.access import actor_of, staff_required
from tenants.models import Company
from tenants.request import Request
from tenants.services.errors import Refused

SHOWN = 24


@require_safe
@staff_required
def company(request: Request, public_id: str) -> HttpResponse:
    """All of a company's money on one page."""
    found, now = company_of_page(public_id), timezone.now()
    day = seller_day(now)
    months = MonthClose.objects.filter(company=found).select_related("company", "invoice").order_by("-first")[:SHOWN]
    invoices = Invoice.objects.filter(company=found).select_related("corrects").order_by("-id")[:SHOWN]
    context = {
        "company": found,
        "profile": profiles.profile_of(found),
        "missing": profiles.missing_buyer_facts(found),
        "recipients": profiles.recipients_of(found),
        "vat_check": VatCheck.objects.filter(company=found).order_by("-checked_at").first(),
        "subscriptions": Subscription.objects.of(found).order_by("-since")[:SHOWN],
        "running": Subscription.objects.of(found).on(today(now)).first(),
        "seats": plans.seats_used(found, month_of(today(now))),
        "spending": spending(found, now=now),
        "months": [{"month": one, "troubles": troubles_of(one)} for one in months],
        "invoices": [{"invoice": one, "days_overdue": one.days_overdue(day)} for one in invoices],
        "payments": Payment.objects.filter(company=found).order_by("-id")[:SHOWN],
        "balances": owing.balances(day, found),
        "price_list": PriceList.objects.filter(company=found).order_by("-valid_from").first(),
    }
    return desk_page(request, "staff/billing/company.html", "", context)


@require_http_methods(["GET", "POST"])
@staff_required
def profile(request: Request, public_id: str) -> HttpResponse:
    """Who a company is on its invoices."""
    found = company_of_page(public_id)
    form = ProfileForm(request.POST or None, instance=profiles.profile_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            profiles.change_profile(found, actor=actor_of(request), **form.cleaned_data)
        except Refused as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Saved. Invoices say this from now on; issued ones keep what they said."))
            return redirect("staff_company_billing", public_id=public_id)
    context = {
        "form": form,
        "title": _("Invoice details"),
        "text": _("Country, VAT id and language are the company's own and stand in its settings."),
        "submit": _("Save"),
        **_way(found, _("Invoice details")),
    }
    return desk_page(request, "staff/billing/ask.html", "", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@staff_required
def plan(request: Request, public_id: str) -> HttpResponse:
    """Put the company on a plan from a day on."""
    found = company_of_page(public_id)
    form = SubscriptionForm(request.POST or None, initial={"since": today(timezone.now())})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            plans.subscribe(found, asked["plan"], since=asked["since"], seats=asked["seats"], actor=actor_of(request))
        except plans.AlreadySubscribed:
            form.add_error("since", _("A plan begins on this day or later already. Choose a later day."))
        else:
            messages.success(request, _("The plan is set. The month is billed by days."))
            return redirect("staff_company_billing", public_id=public_id)
    context = {
        "form": form,
        "title": _("Change the plan"),
        "text": _("The plan holds from its day on; a month with two plans is billed by days."),
        "submit": _("Set the plan"),
        **_way(found, _("Change the plan")),
    }
    return desk_page(request, "staff/billing/ask.html", "", context, status=422 if form.is_bound else 200)


def _way(found: Company, here: str) -> dict[str, object]:
    back = reverse("staff_company_billing", args=[found.public_id])
    own = (reverse("staff_company", args=[found.public_id]), found.name)
    way = crumbs((reverse("staff_companies"), _("Companies")), own, (back, _("Billing")), ("", here))
    return {"crumbs": way, "back": back}
