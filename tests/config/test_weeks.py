"""The demo's weeks happen through the product's own services, once, at any hour of the day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.demo import phones, weeks
from config.demo.people import COMPANIES, PARCELS, DemoCompany
from config.demo.story import Weeks, weeks_of
from config.demo.weeks import Sender
from messaging.channels.base import TemplateValue
from messaging.channels.models import Channel, ChannelKind
from messaging.conversations.models import Conversation, ConversationState
from messaging.message_templates import services as templates
from messaging.messages import actions
from messaging.messages.models import Direction, Message, MessageState
from messaging.messages.wording import preview_of
from messaging.sandbox import seed
from messaging.sandbox.testing import Sandbox, running
from tenants.context import company_context
from tenants.models import Company, DueWork, User

ACCOUNT = {number.company: number for number in seed.DEMO}
Tell = Callable[..., None]
FEW = 5


def told(company: DemoCompany, *, most: int | None = None) -> Weeks:
    said = weeks_of(company.address_name, timezone.now())
    return Weeks(said.labels, said.stories[:most])


def senders_of(company: DemoCompany, said: Weeks) -> dict[str, Sender]:
    phone = {name: number.removeprefix("+") for name, number, *_ in company.customers}
    return {story.name: Sender(phone.get(story.name, ""), f"DE.{number}") for number, story in enumerate(said.stories)}


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        yield acme


@pytest.fixture
def tell(inside: Company) -> Tell:
    """Tell the weeks of a demo company inside acme; its number there."""

    def load(company: DemoCompany = PARCELS, *, most: int | None = None) -> None:
        for one in company.people:
            User.objects.get_or_create(email=one.email, defaults={"name": one.name})
        number = ACCOUNT[company.address_name]
        channel, _ = Channel.objects.get_or_create(
            kind=ChannelKind.WHATSAPP,
            external_id=number.number_id,
            defaults={"name": number.phone, "account_external_id": number.account_id, "token": "-"},
        )
        rows = [row for name in number.templates for row in seed.TEMPLATES[name]]
        templates.sync(channel, [_value(number, row) for number, row in enumerate(rows)])
        said = told(company, most=most)
        weeks.tell_weeks(channel, said, company=company, senders=senders_of(company, said))

    return load


def _value(number: int, row: dict[str, Any]) -> TemplateValue:
    return TemplateValue(str(number), row["name"], row["language"], row["category"], "APPROVED", row["components"])


@pytest.mark.parametrize("hour", [0, 9, 23])
@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.address_name)
def test_everything_has_happened_in_its_order_whatever_the_hour(company: DemoCompany, hour: int) -> None:
    now = timezone.localtime().replace(hour=hour, minute=7)
    said = weeks_of(company.address_name, now)
    for story in said.stories:
        times = [entry.at for entry in story.entries]
        assert times == sorted(times), story.name
        assert times[-1] < now, story.name
    assert now - timedelta(days=43) < min(story.entries[0].at for story in said.stories)


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.address_name)
def test_what_the_list_shows_adds_up_with_the_messages(tell: Tell, company: DemoCompany) -> None:
    tell(company)
    found = Conversation.objects.prefetch_related("messages")
    assert len(found) == len(told(company).stories)
    for one in found:
        said = [row for row in one.messages.order_by("at", "pk") if row.direction in {"inbound", "outbound"}]
        shown = [row for row in said if row.type != "reaction"]
        assert one.preview == preview_of(shown[-1].type, shown[-1].text), one.preview
        assert one.preview_direction == shown[-1].direction
        assert one.last_message_at == shown[-1].at
        assert one.last_inbound_at == max(row.at for row in said if row.direction == Direction.INBOUND)


def test_all_that_can_become_of_a_conversation_and_of_an_answer_is_there(tell: Tell) -> None:
    for company in COMPANIES:
        tell(company)
    now = timezone.now()
    found = Conversation.objects.all()
    assert {one.state for one in found} == set(ConversationState)
    assert any(one.assignee_id for one in found)
    assert any(one.assignee_id is None and one.state == "open" for one in found)
    left = [closes - now for one in found if (closes := one.window_closes_at())]
    assert any(timedelta() < one < timedelta(hours=1) for one in left)
    assert any(one < timedelta() for one in left)
    sent = Message.objects.filter(direction=Direction.OUTBOUND)
    assert {one.state for one in sent} == {
        MessageState.READ,
        MessageState.DELIVERED,
        MessageState.FAILED,
        MessageState.SENT,
        MessageState.UNKNOWN,
    }
    assert {one.error_code for one in sent if one.state == MessageState.FAILED} == set(weeks.FAILURES)
    assert Counter(one.asks_a_person() for one in sent)[True] == 1


def test_a_second_load_changes_nothing(tell: Tell) -> None:
    tell(most=FEW)
    before = (Message.objects.count(), Conversation.objects.count(), Message.objects.latest("pk").pk)
    tell(most=FEW)
    assert (Message.objects.count(), Conversation.objects.count(), Message.objects.latest("pk").pk) == before


def test_a_conversation_that_was_removed_does_not_come_back(tell: Tell) -> None:
    tell(most=FEW)
    Conversation.objects.get(contact__name="Mehmet Kaya").contact.delete()
    tell(most=FEW)
    assert not Conversation.objects.filter(contact__name="Mehmet Kaya").exists()


def test_a_load_that_was_cut_off_begins_anew_without_doubles(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    real, notes = actions.note, iter(range(2))

    def runs_out(*args: Any, **options: Any) -> Message:
        if next(notes, None) is None:
            raise KeyboardInterrupt
        return real(*args, **options)

    monkeypatch.setattr(actions, "note", runs_out)
    with pytest.raises(KeyboardInterrupt):
        tell(most=FEW)
    assert not Message.objects.exists()
    monkeypatch.setattr(actions, "note", real)
    tell(most=FEW)
    assert Conversation.objects.count() == FEW


def test_nothing_that_was_sent_weeks_ago_is_left_to_send(tell: Tell) -> None:
    tell(most=FEW)
    assert not Message.objects.filter(state__in=["queued", "sending"]).exists()
    assert DueWork.objects.filter(kind="deliver-replies").exists()  # asks for a pump, which finds nothing


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as made:
        yield made


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.address_name)
def test_the_phones_know_the_same_weeks(sandbox: Sandbox, company: DemoCompany) -> None:
    number, said = ACCOUNT[company.address_name], told(company)
    sandbox.api("PUT", f"/accounts/{number.account_id}", seed.account(number))
    for _ in range(2):
        people = sandbox.api("POST", f"/numbers/{number.number_id}/past", {"people": phones.past_of(company, said)})
    assert set(phones.senders_of(people, number.account_id)) == {story.name for story in said.stories}
    for person, story in zip(people, said.stories, strict=True):
        shown = sandbox.api("GET", f"/people/{person['id']}/chats/{number.number_id}")["messages"]
        expected = [one.id for one in story.entries if one.is_message and one.outcome not in phones.NEVER_ARRIVED]
        assert [one["id"] for one in shown] == expected
