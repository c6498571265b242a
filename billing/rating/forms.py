"""The price calculator: up to five rows of country, category and messages a month."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext as _, gettext_lazy

from billing.rating.card import Category, RateCard
from billing.rating.countries import country_names, market_of_country
from billing.rating.estimate import Estimate, Line, Volume, estimate
from billing.rating.names import REGIONS, market_name

ROWS = 5
MOST_MESSAGES = 100_000_000
MOST_NUMBERS = 1_000
# 10000, 10.000, 10,000, 10 000, 10'000: a count has no decimals, so a separator can only part thousands.
COUNT = re.compile(r"\d+|\d{1,3}(?P<separator>[.,'’ \u00a0\u202f])\d{3}(?:(?P=separator)\d{3})*", re.ASCII)
CATEGORIES = (Category.MARKETING, Category.UTILITY, Category.AUTHENTICATION, Category.SERVICE)
CURRENCIES = (("EUR", gettext_lazy("Euro")), ("USD", gettext_lazy("US dollar")))
START = {"currency": "USD", "numbers": "1"}
EXAMPLE = (("DE", Category.MARKETING, 10_000), ("DE", Category.SERVICE, 4_000), ("AT", Category.UTILITY, 2_500))


class CountField(forms.CharField):
    """A whole number as people of either language write it."""

    def __init__(self, *, smallest: int, largest: int, placeholder: Any = "", **options: Any) -> None:
        self.smallest, self.largest = smallest, largest
        attributes = {"inputmode": "numeric", "autocomplete": "off", "class": "input-number"}
        widget = forms.TextInput(attributes | ({"placeholder": placeholder} if placeholder else {}))
        super().__init__(max_length=20, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        if not COUNT.fullmatch(text):
            raise forms.ValidationError(
                _("Write a whole number, such as %(example)s.") % {"example": number_format(10_000)}
            )
        count = int(re.sub(r"\D", "", text))
        if not self.smallest <= count <= self.largest:
            raise forms.ValidationError(
                _("Write a number from %(smallest)s to %(largest)s.")
                % {"smallest": number_format(self.smallest), "largest": number_format(self.largest)}
            )
        return count


class VolumeForm(forms.Form):
    """One row; left empty it is not asked."""

    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    category = forms.ChoiceField(
        label=gettext_lazy("Category"), choices=[(kind.value, kind.label) for kind in CATEGORIES], required=False
    )
    messages = CountField(
        label=gettext_lazy("Messages a month"),
        placeholder=gettext_lazy("Messages"),
        required=False,
        smallest=1,
        largest=MOST_MESSAGES,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", _("Choose a country")), *country_names(get_language() or "en").items()]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("country") and "messages" in values and values["messages"] is None:
            self.add_error("messages", _("Say how many messages go to this country."))
        if values.get("messages") and "country" in values and not values["country"]:
            self.add_error("country", _("Choose where these messages go."))
        return values

    @property
    def is_asked(self) -> bool:
        return bool(self.cleaned_data.get("country"))

    @property
    def country_name(self) -> str:
        return country_names(get_language() or "en")[self.cleaned_data["country"]]

    def volume(self, card: RateCard, on_date: date) -> Volume:
        values = self.cleaned_data
        category = Category(values["category"] or Category.MARKETING)
        return Volume(market_of_country(card, values["country"], on_date), category, values["messages"])


def example() -> dict[str, str]:
    """Words of an address, as a person would have typed them."""
    words: dict[str, str] = {}
    for position, (country, category, messages) in enumerate(EXAMPLE, start=1):
        row = {"country": country, "category": category.value, "messages": number_format(messages)}
        words |= {f"r{position}-{name}": word for name, word in row.items()}
    return words


class SettingsForm(forms.Form):
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=CURRENCIES)
    numbers = CountField(
        label=gettext_lazy("WhatsApp numbers you send from"), required=False, smallest=1, largest=MOST_NUMBERS
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """One row, priced: the country asked for, and the region whose price it has, if it has none of its own."""

    country: str
    region: str
    line: Line


class Calculator:
    """The whole of it: settings and rows, from the words in an address; empty words show an example."""

    def __init__(self, query: Mapping[str, str]) -> None:
        asked = any(
            f"r{position}-{name}" in query for position in range(1, ROWS + 1) for name in ("country", "messages")
        )
        words = {**START, **({} if asked else example()), **{key: query[key] for key in query}}
        self.query = query
        self.is_example = not asked
        self.settings = SettingsForm(words)
        self.rows = [VolumeForm(words, prefix=f"r{position}") for position in range(1, ROWS + 1)]

    @property
    def parts(self) -> list[forms.Form]:
        return [*self.rows, self.settings]

    def is_valid(self) -> bool:
        return not self.errors

    @property
    def currency(self) -> str:
        """The chosen currency, or the one whose card is complete."""
        return str(self.settings.cleaned_data.get("currency", START["currency"]))

    @property
    def errors(self) -> list[tuple[forms.BoundField, int, str]]:
        """Every error with its field and row (0: none), in the order of the page."""
        return [
            (form[name], row, str(message))
            for row, form in [*enumerate(self.rows, start=1), (0, self.settings)]
            for name, messages in form.errors.items()
            for message in messages
        ]

    @property
    def given(self) -> dict[str, str]:
        """The words of the address that are ours, to carry them on."""
        fields = {form.add_prefix(name) for form in self.parts for name in form.fields}
        return {name: word for name, word in self.query.items() if name in fields}

    def asked_rows(self) -> list[VolumeForm]:
        return [row for row in self.rows if row.is_asked]

    def answers(self, result: Estimate) -> list[Answer]:
        return [answer_of(row, line) for row, line in zip(self.asked_rows(), result.lines, strict=True)]

    def estimate(self, card: RateCard, on_date: date) -> Estimate:
        volumes = [row.volume(card, on_date) for row in self.asked_rows()]
        numbers = self.settings.cleaned_data.get("numbers") or 1
        return estimate(card, volumes, currency=self.currency, on_date=on_date, numbers=numbers)


def answer_of(row: VolumeForm, line: Line) -> Answer:
    market = line.volume.market
    return Answer(row.country_name, market_name(market) if market in REGIONS else "", line)
