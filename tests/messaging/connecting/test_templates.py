"""The templates of an account are kept as its provider has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.channels.base import TemplateValue
from messaging.channels.models import Channel, ChannelKind
from messaging.message_templates.models import MessageTemplate
from messaging.message_templates.services import apply_event, sync
from tenants.context import company_context
from tenants.models import Company

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ACCOUNT = "1022"


@pytest.fixture
def channel(acme: Company) -> Iterator[Channel]:
    with company_context(acme):
        yield Channel.objects.create(
            kind=ChannelKind.WHATSAPP, name="Laden", external_id="1065", account_external_id=ACCOUNT, token="-"
        )


def value(name: str = "spring_sale", **changes: Any) -> TemplateValue:
    fields = {"external_id": "16", "language": "de", "category": "MARKETING", "status": "APPROVED", "components": []}
    return TemplateValue(name=name, **{**fields, **changes})


def told(kind: str, at: datetime = NOW, **fields: Any) -> bool:
    named = {"message_template_id": 16, "message_template_name": "spring_sale", "message_template_language": "de"}
    return apply_event(ACCOUNT, kind, {**named, **fields}, at=at)


def status(event: str, at: datetime = NOW, **fields: Any) -> bool:
    return told("message_template_status_update", at, event=event, **fields)


def test_templates_are_taken_over_and_changed_in_place(channel: Channel) -> None:
    sync(channel, [value(status="PENDING")], now=NOW)
    before = MessageTemplate.objects.get()
    sync(channel, [value(components=[{"type": "BODY"}], quality="GREEN")], now=NOW)
    after = MessageTemplate.objects.get()
    assert (after.pk, after.public_id) == (before.pk, before.public_id)
    assert (after.status, after.category, after.quality) == ("approved", "marketing", "GREEN")
    assert after.components == [{"type": "BODY"}]


def test_a_template_has_a_row_for_each_language(channel: Channel) -> None:
    assert sync(channel, [value(), value(language="en", external_id="17")], now=NOW) == 2
    assert MessageTemplate.objects.count() == 2


def test_what_the_provider_has_no_more_is_marked_as_deleted(channel: Channel) -> None:
    sync(channel, [value(), value("gone", external_id="17")], now=NOW)
    sync(channel, [value()], now=NOW + timedelta(hours=1))
    assert MessageTemplate.objects.get(name="gone").status == "deleted"
    assert MessageTemplate.objects.get(name="spring_sale").status == "approved"


def test_templates_of_another_account_are_left_alone(channel: Channel) -> None:
    sync(channel, [value()], now=NOW)
    other = Channel.objects.create(
        kind=ChannelKind.WHATSAPP, name="Zwei", external_id="2", account_external_id="2", token="-"
    )
    sync(other, [], now=NOW + timedelta(hours=1))
    assert MessageTemplate.objects.get().status == "approved"


@pytest.mark.parametrize(
    ("event", "after"),
    [
        ("PAUSED", "paused"),
        ("DISABLED", "disabled"),
        ("REJECTED", "rejected"),
        ("PENDING", "pending"),
        ("REINSTATED", "approved"),
        ("PENDING_DELETION", "pending_deletion"),
        ("FLAGGED", "approved"),
        ("SOMETHING_OF_TOMORROW", "something_of_tomorrow"),
    ],
)
def test_an_event_changes_the_status(channel: Channel, event: str, after: str) -> None:
    sync(channel, [value()], now=NOW)
    status(event, NOW + timedelta(minutes=1))
    assert MessageTemplate.objects.get().status == after


def test_a_rejection_keeps_its_reason(channel: Channel) -> None:
    sync(channel, [value()], now=NOW)
    status("REJECTED", reason="INVALID_FORMAT")
    assert MessageTemplate.objects.get().rejected_reason == "INVALID_FORMAT"
    status("APPROVED", reason="NONE")
    assert MessageTemplate.objects.get().rejected_reason == ""


def test_a_late_event_does_not_undo_a_newer_one(channel: Channel) -> None:
    sync(channel, [value()], now=NOW)
    status("REINSTATED", NOW + timedelta(minutes=2))
    assert not status("PAUSED", NOW + timedelta(minutes=1))
    assert MessageTemplate.objects.get().status == "approved"


def test_a_new_category_and_quality_are_taken_over(channel: Channel) -> None:
    sync(channel, [value(category="UTILITY")], now=NOW)
    told("template_category_update", new_category="MARKETING", previous_category="UTILITY")
    told("message_template_quality_update", new_quality_score="RED", previous_quality_score="GREEN")
    assert (MessageTemplate.objects.get().category, MessageTemplate.objects.get().quality) == ("marketing", "RED")


@pytest.mark.parametrize("fields", [{}, {"event": None}, {"event": ["PAUSED"]}, {"event": "PAUSED", "reason": 7}])
def test_odd_events_do_no_harm(channel: Channel, fields: dict[str, Any]) -> None:
    sync(channel, [value()], now=NOW)
    told("message_template_status_update", **fields)
    assert MessageTemplate.objects.get().status in {"approved", "paused"}


def test_an_event_of_an_unknown_template_makes_none(channel: Channel) -> None:
    assert not status("APPROVED")
    assert not MessageTemplate.objects.exists()
