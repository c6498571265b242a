"""A company's admins set its budget; the log keeps what it was."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.plans.budget_models import Budget
from billing.plans.budgets import remove_budget, set_budget
from tenants.models import Company
from tenants.services import audit
from tenants.services.audit import Actor


def budget_of(company: Company) -> Budget | None:
    return Budget.objects.filter(company=company).first()


@transaction.atomic
def change_budget(
    company: Company,
    *,
    month_limit: Decimal,
    hard_stop: bool,
    reply_reserve: Decimal,
    currency: str,
    actor: Actor,
    now: datetime,
) -> Budget:
    """`set_budget`, with an entry in the log when it says something else than before."""
    former = _facts(budget_of(company))
    budget = set_budget(
        company,
        month_limit=month_limit,
        hard_stop=hard_stop,
        reply_reserve=reply_reserve,
        currency=currency,
        now=now,
    )
    before, after = audit.changes(former, _facts(budget))
    if after:
        audit.record(actor, "budget.changed", company=company, target=company.name, before=before, after=after)
    return budget


@transaction.atomic
def end_budget(company: Company, *, actor: Actor) -> bool:
    """Nothing is watched any more; False when there was no budget."""
    former = _facts(budget_of(company))
    if not remove_budget(company):
        return False
    audit.record(actor, "budget.removed", company=company, target=company.name, before=former, after={})
    return True


def _facts(budget: Budget | None) -> dict[str, Any]:
    if budget is None:
        return {}
    return {
        "month_limit": f"{budget.month_limit:.2f} {budget.currency}",
        "hard_stop": "yes" if budget.hard_stop else "no",
        "reply_reserve": f"{budget.reply_reserve:.2f} {budget.currency}",
    }
