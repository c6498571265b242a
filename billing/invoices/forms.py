"""What staff enter about invoices and their buyers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _, gettext_lazy

from billing.invoices.models import BillingProfile, Invoice, InvoiceState
from tenants.forms.amounts import AmountField
from tenants.forms.staff import ReasonForm

OVERDUE = "overdue"
# 1.000 is a thousand to one reader and one to another.
TWO_WAYS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class InvoiceFilterForm(forms.Form):
    """The filters of the list; a value it does not know is as if it were not there."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(
        required=False, choices=[("", ""), (OVERDUE, ""), *InvoiceState.choices], widget=forms.HiddenInput
    )
    month = forms.CharField(required=False, max_length=7)
    company = forms.CharField(required=False, max_length=16)


class ProfileForm(forms.ModelForm):
    """The buyer's side of invoices."""

    recipients = forms.CharField(
        label=gettext_lazy("Invoices go to"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("One e-mail address a line. Left empty: the company's admins."),
    )
    payment_terms_days = forms.IntegerField(label=gettext_lazy("Days to pay"), min_value=0, max_value=60)

    class Meta:
        model = BillingProfile
        fields = (
            "legal_name",
            "street",
            "street_more",
            "postcode",
            "city",
            "recipients",
            "payment_terms_days",
            "buyer_reference",
            "order_number",
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["recipients"] = "\n".join(self.instance.recipients)

    def clean_recipients(self) -> list[str]:
        return [line for line in re.split(r"[\s,;]+", self.cleaned_data["recipients"]) if line]


class QuantityField(AmountField):
    """How many of a line; 1.000 could be read two ways."""

    def clean(self, value: Any) -> Any:
        if TWO_WAYS.fullmatch(str(value or "").strip()):
            raise forms.ValidationError(_("Write it without a mark between the thousands."))
        return super().clean(value)


class CorrectionForm(ReasonForm):
    """So much of each line is taken back; a line left empty stays."""

    def __init__(self, *args: Any, invoice: Invoice, left: Mapping[int, Decimal], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = list(invoice.lines.all())
        for line in self.lines:
            self.fields[f"line_{line.position}"] = QuantityField(
                label=_("Line %(position)s: %(description)s")
                % {"position": line.position, "description": line.description},
                places=6,
                is_money=False,
                required=False,
                help_text=_("At most %(left)s.") % {"left": number_format(left[line.position].normalize())},
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """Each line with its field."""
        return [(line, self[f"line_{line.position}"]) for line in self.lines]

    def quantities(self) -> dict[int, Decimal]:
        found = {line.position: self.cleaned_data.get(f"line_{line.position}") for line in self.lines}
        return {position: quantity for position, quantity in found.items() if quantity}


class SendForm(forms.Form):
    recipients = forms.CharField(
        label=gettext_lazy("Send to"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("One e-mail address a line."),
    )

    def clean_recipients(self) -> list[str]:
        return [line for line in re.split(r"[\s,;]+", self.cleaned_data["recipients"]) if line]


def month_in(text: str) -> date | None:
    """The first day of 2026-09; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01") if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None
