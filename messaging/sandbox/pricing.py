"""The `pricing` object of a status (reference §8.4, pricing.md 2 and 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from messaging.sandbox.model import Message, Number
from messaging.sandbox.world import World

SERVICE_COSTS_SINCE = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
FREE_SERVICE = 1000  # per number and month


def pricing(world: World, number: Number, message: Message) -> dict[str, Any]:
    kind = _type(world, number, message)
    category = message.category
    if kind == "free_entry_point":
        category = "referral_conversion"
    return {"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category}


def _type(world: World, number: Number, message: Message) -> str:
    if world.entry_open(message.number_id, message.person_id):
        return "free_entry_point"
    costs = message.at >= SERVICE_COSTS_SINCE
    if message.category == "service":
        free = not costs or _service_number(number, message) <= FREE_SERVICE
        return "free_customer_service" if free else "regular"
    if message.category == "utility" and not costs and world.window_open(message.number_id, message.person_id):
        return "free_customer_service"
    return "regular"


def _service_number(number: Number, message: Message) -> int:
    """How many service messages this number has sent in the month, this one among them."""
    month = datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m")
    count = number.service_counts.get(month, 0) + 1
    number.service_counts = {month: count}
    return count
