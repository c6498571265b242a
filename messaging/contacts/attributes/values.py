"""Values of attributes: read however people write them, kept in one form. Plain values, no database."""

from __future__ import annotations

import re
from datetime import date, datetime

from messaging.contacts.models import AttributeKind

DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d.%m.%y")
LONGEST_VALUE = 500


def value_of(text: str, kind: str) -> str | None:
    """A cell as an attribute is kept; None when it is not of its kind."""
    if kind == AttributeKind.DATE:
        found = date_of(text)
        return found.isoformat() if found else None
    if kind == AttributeKind.NUMBER:
        return _number(text)
    return " ".join(text.split())[:LONGEST_VALUE]


def date_of(text: str) -> date | None:
    for form in DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  (a day has no time zone)
        except ValueError:
            continue
    return None


def _number(text: str) -> str | None:
    """1.234,5 and 1,234.5 and 1234.5: the last of the two signs parts the fraction."""
    compact = re.sub(r"[\s'’]", "", text)
    if "," in compact and "." in compact:
        thousands = "," if compact.rindex(",") < compact.rindex(".") else "."
        compact = compact.replace(thousands, "")
    compact = compact.replace(",", ".")
    return compact if re.fullmatch(r"-?\d{1,18}(\.\d{1,8})?", compact) else None
