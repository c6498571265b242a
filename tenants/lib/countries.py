"""Countries by ISO 3166 code, and which of them levy VAT under the rules of the European Union."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel import Locale

# Member states by ISO code. Source: Directive 2006/112/EC, article 5; Greece's VAT ids begin with EL.
EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
# Unions, tests and islands that CLDR names beside the countries of ISO 3166.
NOT_A_COUNTRY = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())
VAT_PREFIX = {code: "EL" if code == "GR" else code for code in EU} | {"GB": "GB", "CH": "CHE", "NO": "NO"}


@lru_cache(maxsize=8)
def names(language: str) -> dict[str, str]:
    """ISO code → name in `language`, in that language's order of names."""
    locale = Locale.parse(language, sep="-")
    found = {
        code: name
        for code, name in locale.territories.items()
        if len(code) == 2 and code.isalpha() and code not in NOT_A_COUNTRY
    }
    return dict(sorted(found.items(), key=lambda item: _plain(item[1])))


def _plain(name: str) -> str:
    """A name as it is sorted: letters without their marks."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if letter.isalnum())
