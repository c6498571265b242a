"""What staff enter about money that came in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from billing.invoices.models import Invoice
from tenants.forms.amounts import AmountField, CurrencyField, DayField
from tenants.forms.staff import ReasonForm
from tenants.models import Company

CENT = Decimal("0.01")


class BookingForm(forms.Form):
    """Money that moved. `key` is the form's own: sent twice it is one booking."""

    day_name = ""
    amount = AmountField(label=gettext_lazy("Amount"), least=CENT)
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=200, required=False)
    key = forms.RegexField(r"[A-Za-z0-9_-]{8,40}", widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields[self.day_name].widget.attrs["max"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        day = values.get(self.day_name)
        if day is not None and day > self.today:
            self.add_error(self.day_name, _("This day has not come yet."))
        return values


class ReceivedForm(BookingForm):
    """Money that came in."""

    day_name = "received_date"
    received_date = DayField(label=gettext_lazy("Received on"))
    field_order: Sequence[str] = ("amount", "received_date", "reference", "key")


class RefundForm(BookingForm):
    """Money that was paid back."""

    day_name = "refund_date"
    refund_date = DayField(label=gettext_lazy("Paid back on"))
    field_order = ("amount", "refund_date", "reference", "key")


class PaymentForm(ReceivedForm):
    """A payment of a company that is found by its name, its address or one of its invoices."""

    company = forms.CharField(
        label=gettext_lazy("Company or invoice number"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    currency = CurrencyField(label=gettext_lazy("Currency"), initial="EUR")
    match = forms.BooleanField(
        label=gettext_lazy("Let it pay the invoices whose numbers stand in the reference"), required=False, initial=True
    )
    field_order = ("company", "amount", "currency", "received_date", "reference", "match", "key")

    def clean_company(self) -> Company:
        words = self.cleaned_data["company"]
        invoice = Invoice.objects.filter(number=words.upper()).select_related("company").first()
        if invoice is not None:
            return invoice.company
        found = list(Company.objects.found_by(words)[:10])
        exact = [company for company in found if words in {company.name, company.public_id}] or found
        if len(exact) == 1:
            return exact[0]
        if not exact:
            raise forms.ValidationError(_("No company fits. Try its name or an invoice number."))
        names = ", ".join(company.name for company in exact[:5])
        raise forms.ValidationError(_("Several companies fit: %(names)s. Write more of it.") % {"names": names})


class AllocationForm(forms.Form):
    invoice = forms.CharField(max_length=16, widget=forms.HiddenInput)
    amount = AmountField(label=gettext_lazy("Amount"), least=CENT, required=False)


class ReleaseForm(ReasonForm):
    """How much an invoice lets go, and why."""

    amount = AmountField(label=gettext_lazy("Amount"), least=CENT)
    field_order = ("amount", "reason")
