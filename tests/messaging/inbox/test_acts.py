"""What an agent does to a conversation, as plain forms: put off, resolved, marked unread, labelled, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from messaging.contacts.models import ChannelIdentity, Contact, Label
from messaging.conversations.models import Conversation, ConversationState
from messaging.inbox.forms import SnoozeForm
from messaging.live import events
from tenants.context import company_context
from tenants.models import Company, Membership, User
from tests.conftest import Browser

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def browser(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


def path(conversation: Conversation, action: str = "") -> str:
    return f"/inbox/{conversation.public_id}/{action}"


def now_of(company: Company, conversation: Conversation) -> Conversation:
    with company_context(company):
        return Conversation.objects.get(pk=conversation.pk)


# --- Put off ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "now", "wanted"),
    [
        ("hour", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"),
        ("tomorrow", "2026-03-28T12:00+01:00", "2026-03-29T09:00+02:00"),
        ("tomorrow", "2026-10-24T12:00+02:00", "2026-10-25T09:00+01:00"),
        ("tomorrow", "2026-12-31T23:59+01:00", "2027-01-01T09:00+01:00"),
        ("week", "2026-07-06T08:00+02:00", "2026-07-13T09:00+02:00"),
        ("week", "2026-07-12T23:00+02:00", "2026-07-13T09:00+02:00"),
        ("month", "2026-01-31T12:00+01:00", "2026-02-01T09:00+01:00"),
        ("month", "2026-12-01T00:00+01:00", "2027-01-01T09:00+01:00"),
    ],
)
def test_ready_times_are_of_the_agent_s_clock_whatever_it_is_turned_to(until: str, now: str, wanted: str) -> None:
    with timezone.override(BERLIN):
        form = SnoozeForm({"until": until}, now=datetime.fromisoformat(now))
        assert form.is_valid()
        assert form.moment() == datetime.fromisoformat(wanted)


def test_an_own_time_is_read_in_the_agent_s_time_zone(
    browser: Browser, acme: Company, agent: User, conversation: Conversation
) -> None:
    User.objects.filter(pk=agent.pk).update(time_zone="America/New_York")
    local = timezone.localtime(timezone=ZoneInfo("America/New_York")) + timedelta(days=2)
    browser.post(path(conversation, "snooze/"), {"until": "own", "at": local.strftime("%Y-%m-%dT%H:%M")})
    found = now_of(acme, conversation)
    assert found.snoozed_until == local.replace(second=0, microsecond=0)
    assert (found.state, found.snoozed_by_id) == (ConversationState.SNOOZED, agent.pk)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("", "Write a date and a time"),
        ("2020-01-01T10:00", "This time is over"),
        ("9999-01-01T10:00", "At most a year ahead"),
        ("morgen", "Write a date and a time"),
        ("2026-13-45T99:99", "Write a date and a time"),
    ],
)
def test_an_own_time_that_cannot_be_is_refused_and_kept(
    browser: Browser, acme: Company, conversation: Conversation, own: str, words: str
) -> None:
    answer = browser.post(path(conversation, "snooze/"), {"until": "own", "at": own})
    page = answer.content.decode()
    assert (answer.status_code, words in page, f'value="{own}"' in page) == (422, True, True)
    assert now_of(acme, conversation).state == ConversationState.OPEN


def test_an_hour_that_the_clocks_leave_out_is_refused() -> None:
    with timezone.override(BERLIN):
        form = SnoozeForm({"until": "own", "at": "2027-03-28T02:30"}, now=datetime(2027, 3, 1, tzinfo=BERLIN))
        assert not form.is_valid()


def test_the_head_tells_until_when_and_by_whom(browser: Browser, conversation: Conversation) -> None:
    page = browser.post(path(conversation, "snooze/"), {"until": "week"}, follow=True).content.decode()
    assert "by Agent, or until the contact writes" in page


# --- Resolved, and on -------------------------------------------------------------------------------------------------


@pytest.fixture
def second(acme: Company, conversation: Conversation) -> Conversation:
    """An older conversation behind it in the list."""
    with company_context(acme):
        contact = Contact.objects.create(name="Zweite")
        identity = ChannelIdentity.objects.create(contact=contact, kind="whatsapp", external_id="+4915199")
        return Conversation.objects.create(
            channel=conversation.channel,
            contact=contact,
            identity=identity,
            last_message_at=timezone.now() - timedelta(days=1),
        )


def test_resolving_from_the_list_goes_on_with_the_next_there(
    browser: Browser, conversation: Conversation, second: Conversation
) -> None:
    answer = browser.post(path(conversation, "resolve/") + "?scope=unassigned", {"next": "1"})
    assert answer["Location"] == path(second) + "?scope=unassigned"


def test_after_the_last_one_comes_the_first_and_after_none_the_list(
    browser: Browser, conversation: Conversation, second: Conversation
) -> None:
    assert browser.post(path(second, "resolve/"), {"next": "1"})["Location"] == path(conversation)
    assert browser.post(path(conversation, "resolve/"), {"next": "1"})["Location"] == "/inbox/"


def test_resolving_can_be_undone_from_its_toast(
    browser: Browser, acme: Company, conversation: Conversation, second: Conversation
) -> None:
    page = browser.post(path(conversation, "resolve/") + "?scope=all&unread=1", {"next": "1"}, follow=True)
    undo = path(conversation, "reopen/") + "?unread=1"
    assert f'action="{undo}"' in page.content.decode()
    assert browser.post(undo)["Location"] == path(conversation) + "?unread=1"
    assert now_of(acme, conversation).state == ConversationState.OPEN


def test_an_address_of_somebody_else_s_making_leads_nowhere_else(browser: Browser, conversation: Conversation) -> None:
    answer = browser.post(path(conversation, "resolve/") + "?next=//evil.example&q=//evil.example", {})
    assert answer["Location"].startswith("/inbox/")


def test_marked_unread_it_is_unread_again_and_the_list_is_shown(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    browser.get(path(conversation))
    answer = browser.post(path(conversation, "unread/") + "?scope=mine")
    assert answer["Location"] == "/inbox/?scope=mine"
    assert now_of(acme, conversation).unread_count == 1


# --- Given and labelled -----------------------------------------------------------------------------------------------


def test_one_press_gives_it_to_a_colleague(
    browser: Browser, acme: Company, admin: User, conversation: Conversation
) -> None:
    to = Membership.objects.get(company=acme, user=admin).public_id
    browser.post(path(conversation, "assign/"), {"to": to, "seen": ""})
    assert now_of(acme, conversation).assignee_id == admin.pk


def test_whoever_left_the_team_cannot_be_given_anything(browser: Browser, conversation: Conversation) -> None:
    answer = browser.post(path(conversation, "assign/"), {"to": "gone", "seen": ""})
    assert (answer.status_code, "not in the team any more" in answer.content.decode()) == (422, True)


def test_a_new_label_has_its_colour_and_a_known_one_keeps_its_own(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    browser.post(path(conversation, "label/"), {"new": "Abholung", "tone": "green"})
    browser.post(path(conversation, "label/"), {"new": "Abholung", "tone": "red"})
    with company_context(acme):
        assert [(label.name, label.tone) for label in Label.objects.all()] == [("Abholung", "green")]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"labels": "unknown"}, "does not exist any more"),
        ({"new": "x" * 41}, "At most 40 characters"),
        ({"new": "x", "tone": "pink"}, "pink"),
    ],
)
def test_a_refused_label_says_why(
    browser: Browser, acme: Company, conversation: Conversation, form: dict[str, str], words: str
) -> None:
    answer = browser.post(path(conversation, "label/"), form)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    with company_context(acme):
        assert not Label.objects.exists()


def test_the_rival_s_label_is_refused(
    browser: Browser, acme: Company, globex: Company, conversation: Conversation, theirs: Conversation
) -> None:
    with company_context(globex):
        foreign = Label.objects.create(name="Geheim")
    assert browser.post(path(conversation, "label/"), {"labels": foreign.public_id}).status_code == 422
    with company_context(acme):
        assert not Label.objects.exists()


# --- Typing -----------------------------------------------------------------------------------------------------------


def test_typing_is_told_to_colleagues_and_to_the_contact_but_a_note_is_not(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    assert browser.post(path(conversation, "typing/"), {"note": "1"}).status_code == 204
    assert now_of(acme, conversation).typing_at is None
    assert redis.from_url(settings.REDIS_URL).exists(f"writing:{acme.schema_name}:{conversation.public_id}")
    browser.post(path(conversation, "typing/"))


def test_typing_without_redis_is_no_error(browser: Browser, conversation: Conversation, settings: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    events.shared_redis.cache_clear()
    try:
        assert browser.post(path(conversation, "typing/")).status_code == 204
    finally:
        events.shared_redis.cache_clear()
