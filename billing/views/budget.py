"""What a month may cost: the limit, whether anything stops there, and what replies keep."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.plans.budget_models import ALERTS, Budget, BudgetAlert
from billing.plans.budget_settings import budget_of, change_budget, end_budget
from billing.plans.budgets import Spending, spending
from billing.plans.changing import standing
from billing.plans.periods import Period, today
from billing.views.forms import BudgetForm
from tenants.access import actor_of, role_required
from tenants.models import Company, Role
from tenants.request import Request, company_of
from tenants.templatetags.ui import money, money_short, percent


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def budget(request: Request) -> HttpResponse:
    company, now = company_of(request), timezone.now()
    own = budget_of(company)
    currency = own.currency if own else _currency(company)
    form = BudgetForm(request.POST if request.method == "POST" else None, initial=_initial(own), currency=currency)
    if form.is_bound and form.is_valid():
        change_budget(company, **form.cleaned_data, currency=currency, actor=actor_of(request), now=now)
        toasts.success(request, _("The budget is saved."))
        return redirect("billing_budget")
    spent = spending(company, now=now)
    context = {
        "form": form,
        "own": own,
        "budget": bar(own, spent),
        "warning": warning(own, spent),
        "alerts": _alerts(company, spent.period, own),
        "spent": spent,
        "currency": currency,
    }
    return render(request, "billing/budget.html", context, status=422 if form.is_bound else 200)


@require_POST
@role_required(Role.ADMIN)
def remove(request: Request) -> HttpResponse:
    """Nothing is watched any more; without a budget there is nothing to do."""
    if end_budget(company_of(request), actor=actor_of(request)):
        toasts.success(request, _("The budget is removed. Nothing stops and nobody is written to."))
    return redirect("billing_budget")


def _currency(company: Company) -> str:
    held = standing(company, today(timezone.now()))
    return held.current.currency if held.current else "EUR"


def _initial(own: Budget | None) -> dict[str, Any]:
    if own is None:
        return {}
    names = ("month_limit", "hard_stop", "reply_reserve")
    return {name: getattr(own, name) for name in names}


def _alerts(company: Company, period: Period, own: Budget | None) -> list[dict[str, Any]]:
    """Each threshold with when it was passed this month."""
    if own is None:
        return []
    passed = dict(BudgetAlert.objects.filter(company=company, month=period.first).values_list("percent", "passed_at"))
    return [
        {
            "share": percent(Decimal(each) / 100),
            "amount": own.month_limit * each / 100,
            "at": passed.get(each),
        }
        for each in ALERTS
    ]


def bar(own: Budget | None, spent: Spending) -> dict[str, Any] | None:
    """How much of the budget is used, as a bar with its words; None without a budget."""
    if own is None:
        return None
    used = spent.committed
    share = used / own.month_limit if own.month_limit else Decimal(1)
    return {
        "value": min(used, own.month_limit).quantize(Decimal("0.01")),
        "most": own.month_limit,
        "tone": "bad" if share >= 1 else "warn" if share >= Decimal("0.8") else "",
        "text": _("%(used)s of %(limit)s, %(share)s")
        % {
            "used": money_short(used, own.currency),
            "limit": money(own.month_limit, own.currency),
            "share": percent(share),
        },
        "hard_stop": own.hard_stop,
        "reserve": own.reply_reserve,
        "left": spent.left,
        "currency": own.currency,
    }


def warning(own: Budget | None, spent: Spending) -> dict[str, str] | None:
    """The banner of the highest threshold that is passed now, and what has stopped."""
    if own is None:
        return None
    passed = [each for each in ALERTS if spent.committed * 100 >= own.month_limit * each]
    pauses = own.hard_stop and own.reply_reserve and spent.committed >= own.month_limit - own.reply_reserve
    if passed and passed[-1] == 100:
        return {"tone": "bad" if own.hard_stop else "warn", "title": _("The month's budget is used up"), **_what(own)}
    title = _("%(share)s of the month's budget is used") % {
        "share": percent(Decimal(passed[-1] if passed else 0) / 100)
    }
    if pauses:
        title = title if passed else _("What is left of the budget is kept for replies")
        return {"tone": "warn", "title": title, "text": _("Broadcasts pause: only replies may use what is left.")}
    if not passed:
        return None
    tone = "warn" if passed[-1] == 80 else "info"
    return {"tone": tone, "title": title, "text": _("Nothing has stopped.")}


def _what(own: Budget) -> dict[str, str]:
    if not own.hard_stop:
        return {"text": _("Nothing stops, since the stop is off: messages go on and are charged.")}
    return {
        "text": _(
            "Broadcasts and replies that cost something wait until you raise it or the next month begins."
            " What is free still goes out."
        )
    }
