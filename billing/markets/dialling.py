"""The digits a person's market follows from: their number, or an example of their country's."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import phonenumbers


class FoundBy(StrEnum):
    """How we know where a person is."""

    PREFIX = "prefix"
    USER_ID = "user_id"
    NOTHING = ""


@cache
def sample_numbers() -> dict[str, str]:
    """For each country the digits of a number as it would have one: its market follows from its number."""
    return {country: digits_of(country) for country in phonenumbers.SUPPORTED_REGIONS}


def digits_of(country: str) -> str:
    mobile = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    number = mobile or phonenumbers.example_number(country)
    assert number is not None, "every supported country has an example"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def dialled(address: str) -> tuple[str, FoundBy]:
    """Digits to look a market up with: those of a number, or of the country a user id begins with; '' for neither."""
    if address.startswith("+") and address[1:].isascii() and address[1:].isdigit():
        return address[1:], FoundBy.PREFIX
    country, dot, _ = address.partition(".")
    if dot and country in sample_numbers():
        return sample_numbers()[country], FoundBy.USER_ID
    return "", FoundBy.NOTHING
