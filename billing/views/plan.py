"""Which plan a company is on, what the others would cost it, and a change to one of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.plans.changing import Standing, begins, change_plan, is_apart, keep_plan, month_with, standing
from billing.plans.models import Plan
from billing.plans.periods import Period, month_of, today
from billing.plans.services import AlreadySubscribed, seats_used
from billing.rating.breakdown import messages_in
from tenants.access import actor_of, role_required
from tenants.models import Company, Membership, Role
from tenants.request import Request, company_of
from tenants.services.errors import Refused
from tenants.templatetags.ui import short_date


@require_safe
@role_required(Role.ADMIN)
def plans(request: Request) -> HttpResponse:
    """Every plan on offer beside the own one, with what the company's month would cost on it."""
    company, day = company_of(request), today(timezone.now())
    held, used = standing(company, day), _used(company, month_of(day))
    offered = list(Plan.objects.on_offer())
    if held.current and held.current.plan_id not in {plan.pk for plan in offered}:
        offered.insert(0, held.current.plan)
    context = {
        "held": held,
        "used": used,
        "plans": [_offer(plan, held, used) for plan in offered],
        "begins": begins(held, day),
    }
    return render(request, "billing/plan.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def change(request: Request, code: str) -> HttpResponse:
    """What the change would cost, then the change."""
    company, now = company_of(request), timezone.now()
    plan = get_object_or_404(Plan.objects.on_offer(), code=code)
    refused = ""
    if request.method == "POST":
        try:
            made = change_plan(company, plan, actor=actor_of(request), now=now)
        except Refused as refusal:
            refused = str(refusal)
        except AlreadySubscribed:
            refused = _("A later change is agreed already. Ask us before you change it.")
        else:
            toasts.success(
                request, _("From %(day)s on: plan %(plan)s.") % {"day": short_date(made.since), "plan": plan.name}
            )
            return redirect("billing_plan")
    held, used = standing(company, today(now)), _used(company, month_of(today(now)))
    current = held.current.plan if held.current else None
    context = {
        "plan": plan,
        "held": held,
        "is_same": bool(current and current.pk == plan.pk),
        "begins": begins(held, today(now)),
        "used": used,
        "rows": _compared(current, plan, used),
        "extra_seats": max(0, used["seats"] - plan.seats),
        "ends_apart": held.current is not None and is_apart(held.current),
        "refused": refused,
    }
    return render(request, "billing/plan_change.html", context, status=422 if refused else 200)


@require_POST
@role_required(Role.ADMIN)
def keep(request: Request) -> HttpResponse:
    """Take a planned change back."""
    if keep_plan(company_of(request), actor=actor_of(request), now=timezone.now()):
        toasts.success(request, _("The change is taken back. The plan stays as it is."))
    return redirect("billing_plan")


def _used(company: Company, period: Period) -> dict[str, Any]:
    """The busier of this month and the one before, since a month that has begun tells too little."""
    before = month_of(date.fromordinal(period.first.toordinal() - 1))
    members = Membership.objects.filter(company=company).count()
    return {
        "messages": max(messages_in(company, period), messages_in(company, before)),
        "seats": max(members, seats_used(company, period)),
    }


def _offer(plan: Plan, held: Standing, used: dict[str, Any]) -> dict[str, Any]:
    current = bool(held.current and held.current.plan_id == plan.pk)
    return {
        "plan": plan,
        "is_current": current,
        "is_coming": bool(held.coming and held.coming.plan_id == plan.pk),
        "is_apart": current and held.current is not None and is_apart(held.current),
        "month": month_with(plan, **used),
    }


def _compared(current: Plan | None, plan: Plan, used: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan's parts of a month like the company's own, before and after."""
    return [
        {"label": label, "before": part(current) if current else None, "after": part(plan), "is_sum": is_sum}
        for label, part, is_sum in (
            (_("Monthly fee"), lambda one: one.monthly_fee, False),
            (
                _("Further seats"),
                lambda one: month_with(one, messages=0, seats=used["seats"]) - one.monthly_fee,
                False,
            ),
            (
                _("Messages beyond the included ones"),
                lambda one: one.fee_for(used["messages"]) - one.monthly_fee,
                False,
            ),
            (_("A month like yours"), lambda one: month_with(one, **used), True),
        )
    ]
