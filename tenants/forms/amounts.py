"""Amounts as people of either language write them. What could be read two ways is refused, never guessed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext as _

GROUPED = re.compile(r"\d{1,3}(?P<mark>[.,'’ \u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*(?P<rest>[.,]\d{1,2})?", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
PLAIN = re.compile(r"-?\d+(?:[.,]\d+)?", re.ASCII)


def read_amount(text: str, *, places: int, is_money: bool) -> Decimal:
    """1234.56, 1234,56 and for money 1.234,56 too. Raises ValueError."""
    grouped = GROUPED.fullmatch(text) if is_money else None
    if grouped and not (rest := grouped["rest"] or "").startswith(grouped["mark"]):
        return Decimal(re.sub(r"\D", "", text.removesuffix(rest)) + rest.replace(",", "."))
    if not PLAIN.fullmatch(text):
        raise ValueError(_("Write a number, such as %(example)s.") % {"example": written(Decimal("12.5"))})
    amount = Decimal(text.replace(",", "."))
    if -int(amount.as_tuple().exponent) > places:
        raise ValueError(_("At most %(places)s decimal places.") % {"places": places})
    return amount


def written(amount: Decimal) -> str:
    """As a field shows it: without marks between thousands."""
    return format(amount, "f").replace(".", str(get_format("DECIMAL_SEPARATOR")))


class AmountField(forms.CharField):
    """A number with decimals, and its least and most."""

    def __init__(
        self,
        *,
        places: int = 2,
        is_money: bool = True,
        least: Decimal | None = None,
        most: Decimal = Decimal("999999999"),
        **options: Any,
    ) -> None:
        self.places, self.is_money, self.least, self.most = places, is_money, least, most
        attributes = {"inputmode": "decimal", "autocomplete": "off", "class": "input-number"}
        super().__init__(max_length=24, widget=forms.TextInput(attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = read_amount(text, places=self.places, is_money=self.is_money)
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from problem
        if self.least is not None and amount < self.least:
            raise forms.ValidationError(_("At least %(amount)s.") % {"amount": written(self.least)})
        if amount > self.most:
            raise forms.ValidationError(_("At most %(amount)s.") % {"amount": written(self.most)})
        return amount


class CurrencyField(forms.CharField):
    """Three letters, as on a card."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "off", "spellcheck": "false", "class": "input-number"}
        super().__init__(min_length=3, max_length=3, widget=forms.TextInput(attributes), **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value).upper()
        if not CURRENCY.fullmatch(text):
            raise forms.ValidationError(_("Write a currency with three letters, such as EUR."))
        return text


class DayField(forms.DateField):
    """A day, chosen in the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **options)
