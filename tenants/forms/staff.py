from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.models import CompanyState


class ReasonForm(forms.Form):
    """Why staff do a thing; the company's admins and the audit log show it."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why.")},
    )

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())


class VisitForm(ReasonForm):
    minutes = forms.TypedChoiceField(
        label=_("For how long"),
        choices=[(15, _("15 minutes")), (30, _("30 minutes")), (60, _("1 hour"))],
        coerce=int,
        initial=30,
        widget=forms.RadioSelect,
    )
    field_order = ("reason", "minutes")


class CompanySearchForm(forms.Form):
    """The filter of the list of companies; a value it does not know is as if it were not there."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=[("", _("All")), *CompanyState.choices])
