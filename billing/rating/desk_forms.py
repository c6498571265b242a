"""What staff enter about prices: cards from files, price lists, exchange rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from billing.markets.csv_rows import at_line
from billing.rating.card import Category
from billing.rating.importing import LARGEST
from billing.rating.names import MARKET_NAMES, market_name
from tenants.forms.amounts import AmountField, CurrencyField, DayField, read_amount

CHANNELS = (("whatsapp", "WhatsApp"),)
MOST_FIXED = 200


class CardForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Rate card as CSV"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )
    channel_kind = forms.ChoiceField(label=gettext_lazy("Channel"), choices=CHANNELS)
    currency = CurrencyField(label=gettext_lazy("Currency"), initial="EUR")
    label = forms.CharField(
        label=gettext_lazy("Version"),
        max_length=60,
        help_text=gettext_lazy("What the card is called on lines and in lists, such as “2027-01-01”."),
    )
    valid_from = DayField(label=gettext_lazy("Valid from"))
    is_partial = forms.BooleanField(
        label=gettext_lazy("The file is a part: markets it does not name keep their rates"), required=False
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than a rate card can be."))
        return file


class PriceListForm(forms.Form):
    """A new version of a price list: one for all, or one of a company."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    currency = CurrencyField(label=gettext_lazy("Currency"), initial="EUR")
    valid_from = DayField(
        label=gettext_lazy("Valid from"), help_text=gettext_lazy("The list before it ends the day before.")
    )
    markup_percent = AmountField(
        label=gettext_lazy("Mark-up in percent"),
        places=3,
        is_money=False,
        least=Decimal(-100),
        most=Decimal(1000),
        help_text=gettext_lazy("On the provider's price."),
    )
    floor = AmountField(
        label=gettext_lazy("Least price of a message"),
        places=6,
        is_money=False,
        least=Decimal(0),
        most=Decimal(100),
        required=False,
        help_text=gettext_lazy("For messages that cost us something."),
    )
    fixed = forms.CharField(
        label=gettext_lazy("Fixed prices"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line: market; category; price. * is every market. Germany; marketing; 0.09"),
    )

    def clean_floor(self) -> Decimal:
        return self.cleaned_data["floor"] or Decimal(0)

    def clean_fixed(self) -> dict[tuple[str, str], Decimal]:
        lines = [line.strip() for line in self.cleaned_data["fixed"].splitlines() if line.strip()]
        if len(lines) > MOST_FIXED:
            raise forms.ValidationError(_("At most %(count)s fixed prices.") % {"count": MOST_FIXED})
        problems: list[str] = []
        fixed: dict[tuple[str, str], Decimal] = {}
        for number, line in enumerate(lines, start=1):
            try:
                key, price = fixed_price(line)
            except ValueError as problem:
                problems.append(at_line(number, str(problem)))
                continue
            if key in fixed:
                problems.append(at_line(number, _("this market and category stand there twice")))
            fixed[key] = price
        if problems:
            raise forms.ValidationError(problems)
        return fixed


def fixed_price(line: str) -> tuple[tuple[str, str], Decimal]:
    """Market; category; price. Raises ValueError."""
    cells = [cell.strip() for cell in line.split(";")]
    if len(cells) != 3:
        raise ValueError(_("write market; category; price"))
    market, category, price = cells
    known = {name.casefold(): name for name in MARKET_NAMES} | {market_name(n).casefold(): n for n in MARKET_NAMES}
    if market != "*" and market.casefold() not in known:
        raise ValueError(_("“%(text)s” is not a market of the rate card") % {"text": market})
    if category.casefold() not in Category.values:
        raise ValueError(_("“%(text)s” is not a category") % {"text": category})
    amount = read_amount(price, places=6, is_money=False)
    if amount < 0 or amount > 1000:
        raise ValueError(_("a price is between 0 and 1000"))
    return ("" if market == "*" else known[market.casefold()], category.casefold()), amount


class ExchangeRateForm(forms.Form):
    base = CurrencyField(label=gettext_lazy("One unit of"), initial="USD")
    quote = CurrencyField(label=gettext_lazy("is in"), initial="EUR")
    rate = AmountField(
        label=gettext_lazy("Rate"), places=8, is_money=False, least=Decimal("0.00000001"), most=Decimal(1_000_000)
    )
    valid_from = DayField(label=gettext_lazy("From the day"))
    source = forms.CharField(
        label=gettext_lazy("Source"), max_length=120, help_text=gettext_lazy("Such as: ECB reference rate of 30 Sept.")
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("base") and values.get("base") == values.get("quote"):
            self.add_error("quote", _("These are the same currency."))
        return values
