"""What staff enter about a company's plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from billing.plans.models import Plan
from tenants.forms.amounts import DayField
from tenants.templatetags.ui import money


class PlanChoiceField(forms.ModelChoiceField):
    """Plans with their version, since several of one name may be there."""

    def label_from_instance(self, plan: Any) -> str:
        version = gettext("version %(version)s") % {"version": plan.version}
        return f"{plan.name}, {version} · {money(plan.monthly_fee, plan.currency)}"


class SubscriptionForm(forms.Form):
    plan = PlanChoiceField(label=gettext_lazy("Plan"), queryset=Plan.objects.on_offer(), empty_label=None)
    since = DayField(label=gettext_lazy("From the day"), help_text=gettext_lazy("The plan before ends the day before."))
    seats = forms.IntegerField(
        label=gettext_lazy("Included seats"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=gettext_lazy("Left empty: as many as the plan includes."),
    )
