"""Tags and filters every template may use: icons, initials, numbers, money and time as people write them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext as _

from tenants.lib import charts

register = template.Library()

TONES = 7
# The icons whose direction follows the writing.
TURNING = {"arrow-left", "arrow-right", "chevron-left", "chevron-right", "log-out", "log-in", "reply", "send", "undo-2"}


def _locale() -> Locale:
    """The reader's locale. Our English is the one of Europe: day before month, 24 hours."""
    language = get_language() or "en"
    return Locale.parse("en-GB" if language == "en" else language, sep="-")


def _local(value: date | datetime) -> date | datetime:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


# --- Icons and initials -----------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """A drawing of the sprite; without a label it is decoration beside a word."""
    classes = "icon" + (f" icon-{size}" if size else "") + (" icon-turns" if name in TURNING else "")
    href = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="{}" width="18" height="18" role="img" aria-label="{}"><use href="{}"></use></svg>',
            classes,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" width="18" height="18" aria-hidden="true"><use href="{}"></use></svg>', classes, href
    )


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def initials(who: Any) -> str:
    """At most two letters for a person, contact or company."""
    name = who if isinstance(who, str) else str(getattr(who, "name", "") or who or "")
    return getattr(who, "initials", "") or _initials(name)


@register.simple_tag
def avatar(who: Any, size: str = "", label: str = "") -> SafeString:
    """A person's or contact's initials; the same name always has the same tone."""
    name = who if isinstance(who, str) else str(getattr(who, "name", "") or who or "")
    letters = initials(who)
    classes = f"avatar tone-{zlib.crc32(name.encode()) % TONES + 1}" + (f" avatar-{size}" if size else "")
    if not letters:
        return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, icon("user", size="small"))
    if label:
        return format_html('<span class="{}" role="img" aria-label="{}">{}</span>', classes, label, letters)
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, letters)


@register.filter
def undo_url(message: Any) -> str:
    """The address a message of Django's carries in its extra tags as `undo:/path/`."""
    tags = (getattr(message, "extra_tags", "") or "").split()
    addresses = [tag.removeprefix("undo:") for tag in tags if tag.startswith("undo:/")]
    return next((address for address in addresses if not address.startswith("//")), "")


# --- Numbers and money ------------------------------------------------------------------------------------------------


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """12,480 or 12.480, as the reader writes it; with `places` decimals if told."""
    amount = _decimal(value)
    if amount is None:
        return ""
    if places is None:
        return str(format_decimal(amount, locale=_locale(), decimal_quantization=False))
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(amount, format=pattern, locale=_locale()))


@register.filter
def money(value: Any, currency: str = "EUR") -> str:
    """An amount with its currency, never broken over lines. A rate keeps the precision it was given."""
    amount = _decimal(value)
    if amount is None:
        return ""
    exponent = amount.as_tuple().exponent
    places = max(get_currency_precision(currency), -exponent if isinstance(exponent, int) else 0)
    locale = _locale()
    figures = format_decimal(abs(amount), format="#,##0" + ("." + "0" * places if places else ""), locale=locale)
    symbol = get_currency_symbol(currency, locale=locale)
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    if locale.currency_formats["standard"].pattern.startswith("\N{CURRENCY SIGN}"):
        gap = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
        return f"{sign}{symbol}{gap}{figures}"
    return f"{sign}{figures}\N{NO-BREAK SPACE}{symbol}"


@register.filter
def money_short(value: Any, currency: str = "EUR") -> str:
    """A sum, rounded to what can be paid."""
    amount = _decimal(value)
    if amount is None:
        return ""
    return money(amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP), currency)


@register.filter
def rate(value: Any, currency: str = "EUR") -> str:
    """The price of one piece: four places, or as many more as it needs."""
    amount = _decimal(value)
    if amount is None:
        return ""
    shown = amount.quantize(Decimal("0.0001"))
    return money(shown if shown == amount else amount.normalize(), currency)


@register.filter
def plain_number(value: Any) -> str:
    """A figure without the zeros that its column adds."""
    amount = _decimal(value)
    return "" if amount is None else number(Decimal(f"{amount.normalize():f}"))


@register.filter
def cents(value: Any) -> Decimal | None:
    """A finer amount rounded for the eye."""
    amount = _decimal(value)
    return None if amount is None else amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@register.filter
def percent(value: Any, places: int = 0) -> str:
    """0.982 as 98 % in the reader's way."""
    amount = _decimal(value)
    if amount is None:
        return ""
    gap = "\N{NO-BREAK SPACE}" if _locale().language == "de" else ""
    return f"{number(amount * 100, places)}{gap}%"


@register.filter
def change(value: Any) -> str:
    """A share more or less than before, with its sign: +12.5 %."""
    amount = _decimal(value)
    if amount is None:
        return ""
    sign = "\N{MINUS SIGN}" if amount < 0 else "+" if amount > 0 else "±"
    places = 0 if abs(amount) >= Decimal("0.1") else 1
    return sign + percent(abs(amount), places)


@register.filter
def iban(value: str | None) -> str:
    """In fours, as people read and type it; it breaks over lines only between them."""
    letters = value or ""
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


@register.filter
def file_size(value: Any) -> str:
    """Bytes as kB or MB."""
    amount = _decimal(value)
    if amount is None:
        return ""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if amount >= factor:
            scaled = amount / factor
            return f"{number(scaled, 1 if scaled < 10 else 0)}\N{NO-BREAK SPACE}{unit}"
    return f"{number(amount)}\N{NO-BREAK SPACE}B"


# --- Time -------------------------------------------------------------------------------------------------------------


@register.filter
def short_date(value: date | datetime | None) -> str:
    """3 Jul 2026."""
    return str(format_date(_local(value), format="medium", locale=_locale())) if value else ""


@register.filter
def day_month(value: date | None) -> str:
    """3 Jul, where the year is clear."""
    return str(format_skeleton("MMMd", value, locale=_locale())) if value else ""


@register.filter
def month_name(value: date | None) -> str:
    """July 2026."""
    return str(format_skeleton("yMMMM", value, locale=_locale())) if value else ""


@register.filter
def date_time(value: datetime | None) -> str:
    """3 Jul 2026, 14:05, in the reader's time zone."""
    if not value:
        return ""
    local = _local(value)
    return f"{format_date(local, format='medium', locale=_locale())}, {clock(value)}"


@register.filter
def clock(value: datetime | None) -> str:
    """14:05."""
    return str(format_time(_local(value), format="HH:mm", locale=_locale())) if value else ""  # type: ignore[arg-type]


@register.filter
def day(value: date | datetime | None) -> str:
    """Today, yesterday, Friday within a week, else Fri 3 July (with the year when it is another)."""
    if not value:
        return ""
    local = _local(value)
    that = local.date() if isinstance(local, datetime) else local
    today = timezone.localdate()
    if that == today:
        return _("Today")
    if that == today - timedelta(days=1):
        return _("Yesterday")
    if timedelta(0) < today - that < timedelta(days=7):
        return str(format_date(that, format="EEEE", locale=_locale()))
    skeleton = "MMMEd" if that.year == today.year else "yMMMEd"
    return str(format_skeleton(skeleton, that, locale=_locale()))


@register.filter
def short_day(value: date | datetime | None) -> str:
    """3 Jul, without the year."""
    return str(format_skeleton("MMMd", _local(value), locale=_locale())) if value else ""


@register.filter
def ago(value: datetime | None) -> str:
    """5 minutes ago; in 3 hours."""
    if not value:
        return ""
    return str(format_timedelta(value - timezone.now(), add_direction=True, threshold=1, locale=_locale()))


@register.simple_tag
def time_ago(value: datetime | None) -> SafeString:
    """The same as an element that keeps itself up to date and tells the exact time."""
    if not value:
        return SafeString("")
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', value.isoformat(), date_time(value), ago(value)
    )


# --- Drawings ---------------------------------------------------------------------------------------------------------


def _written(value: Any, currency: str) -> str:
    return money(value, currency) if currency else number(value)


def _axis(top: float, currency: str) -> list[str]:
    """Top, middle and zero of a chart, in as few digits as they need."""
    values = [Decimal(f"{top * share:.6g}") for share in (1, 0.5, 0)]
    return [_written(value, currency) for value in values]


@register.inclusion_tag("components/_chart.html")
def chart(
    kind: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Mapping[str, Any]],
    *,
    currency: str = "",
    note: str = "",
) -> dict[str, Any]:
    """A chart drawn on the server: `bars` (stacked) or `line`, with direct labels and its table beneath.

    `series` are {name, values, tone}; the tone is one of the six chart colours, in order if none is given.
    """
    drawn = [
        charts.Series(str(one["name"]), one["values"], int(one.get("tone", place)))
        for place, one in enumerate(series, start=1)
    ]
    stacked = kind == "bars"
    top = charts.top_of_stack(drawn) if stacked else charts.top_of_lines(drawn)
    rows = [
        {"label": label, "values": [_written(one.values[index], currency) for one in drawn]}
        for index, label in enumerate(labels)
    ]
    totals = [_written(sum(one.values), currency) for one in drawn]
    columns = charts.columns(drawn, top) if stacked else []
    return {
        "kind": kind,
        "title": title,
        "note": note,
        "axis": _axis(top, currency),
        "ticks": charts.ticks([str(label) for label in labels], centred=stacked),
        "columns": list(zip(columns, rows, strict=True)) if stacked else [],
        "lines": [] if stacked else charts.lines(drawn, top),
        "series": list(zip(drawn, totals, strict=True)),
        "rows": rows,
        "totals": totals,
    }


@register.inclusion_tag("components/_sparkline.html")
def sparkline(values: Sequence[charts.Number], label: str) -> dict[str, Any]:
    """A word-sized line: the course of a number, without axes."""
    top = float(max(values, default=1))
    return {"points": charts.polyline(values, top, height=24), "label": label}


@register.inclusion_tag("components/_part_bar.html")
def part_bar(parts: Sequence[Mapping[str, Any]], label: str, total: str = "", opens: str = "") -> dict[str, Any]:
    """One bar that adds up. `parts` are {label, value, tone, url} in a fixed order; `total` names the sum.

    `opens` is the id of the element that a part's page takes the place of, where there is a script.
    """
    places = charts.parts([part["value"] for part in parts])
    shown = [
        {**part, "x": start, "width": width, "tone": str(part.get("tone") or index)}
        for index, (part, (start, width)) in enumerate(zip(parts, places, strict=True), start=1)
    ]
    return {"parts": shown, "label": label, "total": total, "sum": sum(part["value"] for part in parts), "opens": opens}


@register.inclusion_tag("components/_cost_range.html")
def cost_range(low: Decimal, expected: Decimal, high: Decimal, currency: str = "EUR") -> dict[str, Any]:
    """What something may cost: from low over expected to high, as one bar."""
    end = float(high) * 1.08 or 1.0
    start, middle, far = (float(value) / end for value in (low, expected, high))
    return {
        "start": charts.percent(start),
        "width": charts.percent(far - start),
        "middle": charts.percent(middle),
        "low": money(low, currency),
        "expected": money(expected, currency),
        "high": money(high, currency),
    }


@register.simple_tag
def ring(share: float, label: str) -> SafeString:
    """The rest of a customer service window, 1 to 0: a ring that empties, red for the last sixth."""
    state = "closed" if share <= 0 else "closing" if share < 1 / 6 else "open"
    return format_html(
        '<svg class="ring ring-{}" viewBox="0 0 20 20" width="16" height="16" role="img" aria-label="{}">'
        '<circle class="ring-ground" cx="10" cy="10" r="8"></circle>'
        '<circle class="ring-left" cx="10" cy="10" r="8" pathLength="100" stroke-dasharray="{} 100"></circle></svg>',
        state,
        label,
        charts.pixels(max(0.0, min(1.0, share)) * 100),
    )
