"""The forms of a company's billing pages."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy as _

from billing.invoices.models import BillingProfile
from billing.invoices.profiles import MOST_RECIPIENTS
from tenants.forms.amounts import read_amount
from tenants.forms.fields import CountryField, clean_vat_id
from tenants.models import Company

MOST_MONEY = Decimal("10000000")


class MoneyField(forms.CharField):
    """An amount as people of either language write it."""

    def __init__(self, *, smallest: Decimal = Decimal(0), **options: Any) -> None:
        self.smallest = smallest
        attributes = {"inputmode": "decimal", "autocomplete": "off", "class": "input-number"}
        super().__init__(max_length=20, widget=forms.TextInput(attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        return number_format(value, 2) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return Decimal(0)
        try:
            amount = read_amount(text, places=2, is_money=True)
        except ValueError:
            amount = Decimal(-1)
        if amount < 0:
            raise forms.ValidationError(
                gettext("Write an amount, such as %(example)s.") % {"example": number_format(Decimal("250"), 2)}
            )
        if not self.smallest <= amount <= MOST_MONEY:
            raise forms.ValidationError(
                gettext("Write an amount from %(smallest)s to %(largest)s.")
                % {"smallest": number_format(self.smallest, 2), "largest": number_format(MOST_MONEY, 2)}
            )
        return amount


class BudgetForm(forms.Form):
    month_limit = MoneyField(
        label=_("Limit for a month"),
        smallest=Decimal(1),
        help_text=_("For messages and the plan's fee for them. The plan itself and its seats are not in it."),
    )
    hard_stop = forms.BooleanField(
        label=_("Stop at the limit"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "switch", "role": "switch"}),
        help_text=_(
            "On: broadcasts pause, and go on when you raise the limit or the next month begins. Replies may use what"
            " you keep for them. Off: nothing stops, and you are only told."
        ),
    )
    reply_reserve = MoneyField(
        label=_("Kept for replies"),
        required=False,
        help_text=_("A part of the limit that broadcasts never use, so that customers still get answers."),
    )

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("month_limit", "reply_reserve"):
            self.fields[name].label = f"{self.fields[name].label} ({currency})"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        limit, reserve = values.get("month_limit"), values.get("reply_reserve")
        if limit is not None and reserve is not None and reserve > limit:
            self.add_error("reply_reserve", gettext("This is more than the limit itself."))
        return values


class DetailsForm(forms.Form):
    """What invoices say of a company: its own details, and those of the company that they need."""

    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=160,
        required=False,
        help_text=_("As it is registered. Without it the company's name stands on invoices."),
    )
    street = forms.CharField(label=_("Street and number"), max_length=120)
    street_more = forms.CharField(label=_("Address, second line"), max_length=120, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=12, required=False)
    city = forms.CharField(label=_("Town"), max_length=80)
    country = CountryField()
    vat_id = forms.CharField(
        label=_("VAT id"),
        required=False,
        max_length=20,
        help_text=_("Its check digit is looked at here, and the register is asked before each invoice."),
    )
    buyer_reference = forms.CharField(
        label=_("Your reference"),
        max_length=80,
        required=False,
        help_text=_("Such as a Leitweg-ID or a cost centre; it stands in the e-invoice."),
    )
    order_number = forms.CharField(label=_("Order number"), max_length=80, required=False)
    recipients = forms.CharField(
        label=_("Invoices go to"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("One e-mail address a line. Without any, invoices go to the company's admins."),
    )
    language = forms.ChoiceField(label=_("Language of invoices"), help_text=_("Also of mail to the company."))

    def __init__(self, *args: Any, languages: list[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["language"].choices = languages  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(company: Company, profile: BillingProfile) -> dict[str, Any]:
        own = {name: getattr(profile, name) for name in PROFILE if name != "recipients"}
        of_company = {name: getattr(company, name) for name in OF_COMPANY}
        return {**own, **of_company, "recipients": "\n".join(profile.recipients)}

    def clean_recipients(self) -> list[str]:
        addresses = [line.strip() for line in re.split(r"[\n,;]", self.cleaned_data["recipients"]) if line.strip()]
        if len(addresses) > MOST_RECIPIENTS:
            raise forms.ValidationError(
                gettext("At most %(count)s addresses get an invoice.") % {"count": MOST_RECIPIENTS}
            )
        for address in addresses:
            try:
                validate_email(address)
            except forms.ValidationError:
                raise forms.ValidationError(
                    gettext("“%(text)s” is not an e-mail address.") % {"text": address}
                ) from None
        return addresses

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "vat_id" in values and values.get("country"):
            try:
                values["vat_id"] = clean_vat_id(values["vat_id"], values["country"])
            except forms.ValidationError as problem:
                self.add_error("vat_id", problem)
        return values


PROFILE = (
    "legal_name",
    "street",
    "street_more",
    "postcode",
    "city",
    "buyer_reference",
    "order_number",
    "recipients",
)
OF_COMPANY = ("country", "vat_id", "language")
