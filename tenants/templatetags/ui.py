"""Tags and filters every template may use: icons, initials, numbers, money and time as people write them."""

from __future__ import annotations

import zlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

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
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.simple_tag
def avatar(who: Any, size: str = "", label: str = "") -> SafeString:
    """A person's or contact's initials; the same name always has the same tone."""
    name = who if isinstance(who, str) else str(getattr(who, "name", "") or who or "")
    letters = getattr(who, "initials", "") or _initials(name)
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
    return next((tag.removeprefix("undo:") for tag in tags if tag.startswith("undo:/")), "")


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
    figures = format_decimal(
        abs(amount), format="#,##0" + ("." + "0" * places if places else ""), locale=locale
    )
    symbol = get_currency_symbol(currency, locale=locale)
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    if locale.currency_formats["standard"].pattern.startswith("\N{CURRENCY SIGN}"):
        gap = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
        return f"{sign}{symbol}{gap}{figures}"
    return f"{sign}{figures}\N{NO-BREAK SPACE}{symbol}"


@register.filter
def percent(value: Any, places: int = 0) -> str:
    """0.982 as 98 % in the reader's way."""
    amount = _decimal(value)
    if amount is None:
        return ""
    gap = "\N{NO-BREAK SPACE}" if _locale().language == "de" else ""
    return f"{number(amount * 100, places)}{gap}%"


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
    return str(format_skeleton(skeleton, datetime(that.year, that.month, that.day), locale=_locale()))


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
