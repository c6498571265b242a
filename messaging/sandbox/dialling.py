"""Telephone numbers as the provider reads them: input, canonical `wa_id`, country."""

from __future__ import annotations

import re

NOT_DIGITS = re.compile(r"\D")
COUNTRIES = {
    **{"1": "US", "7": "RU", "20": "EG", "27": "ZA", "30": "GR", "31": "NL", "32": "BE", "33": "FR", "34": "ES"},
    **{"36": "HU", "39": "IT", "40": "RO", "41": "CH", "43": "AT", "44": "GB", "45": "DK", "46": "SE", "47": "NO"},
    **{"48": "PL", "49": "DE", "51": "PE", "52": "MX", "54": "AR", "55": "BR", "56": "CL", "57": "CO", "60": "MY"},
    **{"61": "AU", "62": "ID", "63": "PH", "64": "NZ", "65": "SG", "66": "TH", "81": "JP", "82": "KR", "84": "VN"},
    **{"86": "CN", "90": "TR", "91": "IN", "92": "PK", "94": "LK", "212": "MA", "234": "NG", "351": "PT"},
    **{"353": "IE", "358": "FI", "380": "UA", "420": "CZ", "421": "SK", "852": "HK", "880": "BD", "971": "AE"},
    **{"972": "IL", "966": "SA", "974": "QA", "965": "KW", "254": "KE"},
}
CANADA = frozenset(
    (
        "204 226 236 249 250 289 306 343 365 403 416 418 431 437 438 450 506 514 519 548 579 581 587 604 613 639 647 "
        "672 705 709 778 780 782 807 819 825 867 873 902 905"
    ).split()
)
INVENTED = "555"  # the numbers of the vendor's own examples


def digits_of(text: str) -> str:
    return NOT_DIGITS.sub("", text)


def country_code(digits: str) -> str:
    if digits[:2] in COUNTRIES:
        return digits[:2]
    return digits[:3] if digits[:3] in COUNTRIES else digits[:1] if digits[:1] in COUNTRIES else ""


def country(digits: str) -> str:
    return COUNTRIES.get(country_code(digits), "ZZ")


def dialled(to: str, business: str) -> str:
    """Digits with country code. Without `+` a national number gets the business number's own code (§2)."""
    digits = digits_of(to)
    if to.strip().startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith("0") or len(digits) < 10:
        return country_code(business) + digits.lstrip("0")
    return digits


def wa_id(digits: str) -> str:
    """The canonical id, which differs from the input in Brazil, Mexico and Argentina (§2)."""
    if digits.startswith("55") and len(digits) in (12, 13):
        area, local = digits[2:4], digits[4:]
        if area >= "31" and len(local) == 9 and local[0] == "9":
            return f"55{area}{local[1:]}"
        if area < "31" and len(local) == 8 and local[0] in "6789":
            return f"55{area}9{local}"
    if digits.startswith("52") and len(digits) == 12:
        return f"521{digits[2:]}"
    if digits.startswith("54") and len(digits) == 12:
        return f"549{digits[2:]}"
    return digits


def gets_no_marketing(digits: str) -> bool:
    """No marketing to numbers of the United States since 2025-04-01 (§5)."""
    area = digits[1:4]
    return digits.startswith("1") and len(digits) == 11 and area not in CANADA and area != INVENTED
