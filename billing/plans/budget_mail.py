"""The letter to a company's admins when its budget comes to a threshold."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from billing.plans.budget_models import Budget, BudgetMonth
from tenants.models import Company, Membership, Role
from tenants.services.mail import queue_mail


def tell_admins(budget: Budget, month: BudgetMonth, percent: int) -> int:
    """One mail to each admin, in the company's language; how many."""
    company = Company.objects.prefetch_related("domains").get(pk=budget.company_id)
    admins = Membership.objects.filter(company=company, role=Role.ADMIN, user__is_active=True)
    addresses = list(admins.order_by("pk").values_list("user__email", flat=True))
    context = {
        "percent": percent,
        "month": month.month,
        "spent": max(0, month.committed),
        "limit": budget.month_limit,
        "currency": budget.currency,
        "stops": budget.hard_stop,
        "reserve": budget.reply_reserve if budget.hard_stop else 0,
        "link": f"{company.url}{reverse('billing_budget', urlconf=settings.ROOT_URLCONF)}",
    }
    for address in addresses:
        queue_mail("budget_alert", to=address, context=context, language=company.language, company=company)
    return len(addresses)
