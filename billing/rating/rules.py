"""What is free and what costs, by day. The provider changes the rules as it changes the rates: on dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing.rating.card import Category


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules from one day until the next set."""

    valid_from: date
    service_is_charged: bool
    free_service_per_number_and_month: int
    utility_in_window_is_free: bool
    valid_to: date = date.max

    @property
    def key(self) -> str:
        """What a priced line calls them by."""
        return self.valid_from.isoformat()


RULES = (
    # Per delivered template, no longer per conversation.
    Rules(
        date(2025, 7, 1),
        service_is_charged=False,
        free_service_per_number_and_month=0,
        utility_in_window_is_free=True,
        valid_to=date(2026, 9, 30),
    ),
    # Service messages cost as much as utility; so does utility inside the window.
    Rules(
        date(2026, 10, 1),
        service_is_charged=True,
        free_service_per_number_and_month=1000,
        utility_in_window_is_free=False,
    ),
)


class Free(StrEnum):
    """Why a delivered message costs nothing."""

    ENTRY_POINT = "entry_point"
    SERVICE = "service"
    ALLOWANCE = "allowance"
    WINDOW = "window"


class NoRules(LookupError):
    """A day before messages were priced one by one."""


def rules_on(on_date: date) -> Rules:
    for rules in reversed(RULES):
        if rules.valid_from <= on_date:
            return rules
    raise NoRules(on_date.isoformat())


def card_category(category: Category) -> Category:
    """The category whose rate is asked: a service message costs what utility costs in its market."""
    return Category.UTILITY if category is Category.SERVICE else category


def free_because(
    category: Category,
    *,
    on_date: date,
    window_is_open: bool = False,
    from_entry_point: bool = False,
    free_service_left: int = 0,
) -> Free | None:
    """Why this message is free, or None if it is charged."""
    rules = rules_on(on_date)
    if from_entry_point:
        return Free.ENTRY_POINT
    if category is Category.SERVICE:
        return free_service(rules, free_service_left)
    if category is Category.UTILITY and window_is_open and rules.utility_in_window_is_free:
        return Free.WINDOW
    return None


def free_service(rules: Rules, left: int) -> Free | None:
    if not rules.service_is_charged:
        return Free.SERVICE
    return Free.ALLOWANCE if left > 0 else None
