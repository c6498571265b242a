"""From the last question to the end: sent once, what was agreed to, and what everybody can read afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.plans.quotes import quote_from
from messaging.broadcasts import gates, services
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason
from messaging.broadcasts.pages import sending
from messaging.broadcasts.totals import totals_of
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Lane, Message, MessageState
from tenants.context import company_context
from tenants.models import AuditEntry, Company, User
from tests.conftest import Browser
from tests.messaging.broadcasts.conftest import decide, limit, make_person, opt_out
from tests.messaging.broadcasts.pages.conftest import freeze, fresh, path, start, text, work
from tests.messaging.messages.conftest import Provider, provider, refusing

__all__ = ["provider"]


def press_send(browser: Browser, broadcast: Broadcast) -> Any:
    """Read the last question, then press its button."""
    mark = browser.get(path(broadcast, "send/")).context["look"].mark
    return browser.post(path(broadcast, "send/"), {"mark": mark})


# --- Send -------------------------------------------------------------------------------------------------------------


def test_send_starts_it_with_its_estimate_and_an_entry(browser: Browser, acme: Company, draft: Broadcast) -> None:
    assert press_send(browser, draft).url == path(draft)
    kept = fresh(acme, draft)
    found = quote_from(kept.estimate)
    assert found
    assert (kept.state, found.number, [line.market for line in found.lines]) == ("preparing", 3, ["Germany"])
    assert found.total > Decimal(0)
    entry = AuditEntry.objects.get(action="broadcast.started")
    assert (entry.target, entry.after["count"], entry.actor_name) == ("Herbst", 3, "Admin")


def test_send_pressed_twice_starts_once(browser: Browser, acme: Company, draft: Broadcast, provider: Provider) -> None:
    mark = browser.get(path(draft, "send/")).context["look"].mark
    for _ in range(2):
        assert browser.post(path(draft, "send/"), {"mark": mark}).url == path(draft)
    work(acme)
    assert len(provider.asked) == 3
    assert AuditEntry.objects.filter(action="broadcast.started").count() == 1


@pytest.mark.parametrize("what", ["people", "text"])
def test_what_has_changed_since_the_question_is_asked_again(
    browser: Browser, acme: Company, draft: Broadcast, template: MessageTemplate, what: str
) -> None:
    mark = browser.get(path(draft, "send/")).context["look"].mark
    with company_context(acme):
        if what == "people":
            make_person(9)
        else:
            MessageTemplate.objects.filter(pk=template.pk).update(components=[{"type": "BODY", "text": "{{1}} neu"}])
    answer = browser.post(path(draft, "send/"), {"mark": mark})
    assert answer.status_code == 409
    assert "Nothing was sent" in text(answer)
    assert fresh(acme, draft).state == "draft"


def test_a_broadcast_is_held_while_it_is_compared_with_what_was_agreed_to(
    browser: Browser, draft: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a colleague's change between the look and the start would be sent unseen."""
    mark = browser.get(path(draft, "send/")).context["look"].mark
    before: list[str] = []
    look_at = sending.look_at

    def looking(broadcast: Broadcast) -> Any:
        before.extend(query["sql"] for query in connection.queries_log)
        return look_at(broadcast)

    monkeypatch.setattr(sending, "look_at", looking)
    with CaptureQueriesContext(connection):
        browser.post(path(draft, "send/"), {"mark": mark})
    assert any('FOR UPDATE OF "messaging_broadcast"' in sql for sql in before)


def test_a_template_that_is_paused_between_review_and_send_sends_nothing(
    browser: Browser, acme: Company, draft: Broadcast, template: MessageTemplate
) -> None:
    mark = browser.get(path(draft, "send/")).context["look"].mark
    with company_context(acme):
        MessageTemplate.objects.filter(pk=template.pk).update(status="paused")
    assert browser.post(path(draft, "send/"), {"mark": mark}).url == path(draft, "review/")
    assert fresh(acme, draft).state == "draft"
    assert "The template is not approved any more" in text(browser.get(path(draft, "review/")))


def test_a_chosen_time_schedules_it_and_can_be_taken_back(browser: Browser, acme: Company, draft: Broadcast) -> None:
    browser.post(path(draft, "timing/"), {"when": "at", "date": "2099-07-01", "time": "09:00"})
    press_send(browser, draft)
    assert fresh(acme, draft).state == BroadcastState.SCHEDULED
    assert fresh(acme, draft).estimate["lines"]
    assert browser.get(path(draft)).url == path(draft, "review/")
    browser.post(path(draft, "unschedule/"))
    assert fresh(acme, draft).state == BroadcastState.DRAFT
    actions = AuditEntry.objects.filter(action__startswith="broadcast.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["broadcast.scheduled", "broadcast.unscheduled"]


def test_a_time_that_went_by_while_one_thought_is_not_now(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        services.change(draft, scheduled_at=timezone.now() - timedelta(minutes=1))
    assert browser.post(path(draft, "send/"), {"mark": "x"}).url == path(draft, "review/")
    assert "The time it was to start at is over" in text(browser.get(path(draft, "review/")))


# --- Test -------------------------------------------------------------------------------------------------------------


def send_test(browser: Browser, broadcast: Broadcast, contact: Contact) -> Any:
    said = {"contact": contact.public_id, "key": "k1"}
    return browser.post(path(broadcast, "test/"), said, follow=True)


def test_a_test_goes_to_one_person_with_their_own_values_and_counts_nowhere(
    browser: Browser, acme: Company, draft: Broadcast, people: list[Contact]
) -> None:
    for _ in range(2):
        send_test(browser, draft, people[1])
    with company_context(acme):
        sent = Message.objects.get()
        assert (sent.text, sent.lane) == ("Hallo Person, heute gibt es 10 % auf alles.", Lane.REPLIES)
        assert (sent.content["broadcast"], sent.content["is_test"]) == (draft.public_id, True)
        assert totals_of(draft).targeted == 0
    assert AuditEntry.objects.filter(action="broadcast.tested").exists()


def test_people_for_a_test_are_found_by_name_or_number(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        make_person(7, name="Nowhere Person", phone="none")
    page = text(browser.get(path(draft, "test/?q=person+2")))
    assert "Person 2" in page
    assert "Nowhere" not in text(browser.get(path(draft, "test/?q=person")))
    assert "Person 1" in text(browser.get(path(draft, "test/?q=5100000001")))


@pytest.mark.parametrize("why", ["opted_out", "not_agreed", "blocked", "no_address", "nobody", "paused", "budget"])
def test_a_test_that_cannot_be_sent_says_why(
    browser: Browser, acme: Company, draft: Broadcast, people: list[Contact], template: MessageTemplate, why: str
) -> None:
    person = people[0]
    with company_context(acme):
        if why == "opted_out":
            opt_out(person)
        elif why == "not_agreed":
            person = make_person(8, agreed=False)
        elif why == "blocked":
            Contact.objects.filter(pk=person.pk).update(blocked_at=timezone.now())
        elif why == "no_address":
            person.identities.all().delete()
        elif why == "budget":
            limit(acme, "0")
        elif why == "paused":
            MessageTemplate.objects.filter(pk=template.pk).update(status="paused")
        else:
            person.public_id = "nobody"
    answer = send_test(browser, draft, person)
    assert "toast-error" in text(answer)
    assert ("has not agreed to such messages" in text(answer)) == (why == "not_agreed")
    with company_context(acme):
        assert not Message.objects.exists()


# --- Pause, resume, cancel --------------------------------------------------------------------------------------------


def test_it_is_paused_resumed_and_cancelled_with_entries(
    browser: Browser, acme: Company, draft: Broadcast, provider: Provider
) -> None:
    start(acme, draft)
    with company_context(acme):
        Broadcast.objects.filter(pk=draft.pk).update(state=BroadcastState.SENDING)
    browser.post(path(draft, "pause/"))
    assert fresh(acme, draft).state == BroadcastState.PAUSED
    browser.post(path(draft, "resume/"))
    assert fresh(acme, draft).state == BroadcastState.SENDING
    browser.post(path(draft, "cancel/"))
    assert fresh(acme, draft).state == BroadcastState.CANCELLED
    actions = AuditEntry.objects.filter(action__startswith="broadcast.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["broadcast.paused", "broadcast.resumed", "broadcast.cancelled"]


@pytest.mark.parametrize("action", ["pause/", "resume/", "cancel/", "unschedule/"])
def test_what_does_not_fit_any_more_is_told_and_leaves_no_entry(
    browser: Browser, acme: Company, ran: Broadcast, provider: Provider, action: str
) -> None:
    with company_context(acme):
        Broadcast.objects.filter(pk=ran.pk).update(state=BroadcastState.COMPLETED)
    answer = browser.post(path(ran, action), follow=True)
    assert "moved on meanwhile" in text(answer)
    assert not AuditEntry.objects.filter(action__startswith="broadcast.").exists()


def test_before_it_is_cancelled_the_page_counts_what_goes_and_what_does_not(
    browser: Browser, acme: Company, draft: Broadcast, provider: Provider
) -> None:
    start(acme, draft)
    with company_context(acme):
        Broadcast.objects.filter(pk=draft.pk).update(per_minute=12)
    work(acme)
    page = text(browser.get(path(draft, "cancel/")))
    assert "2 people who wait get nothing any more" in page
    assert "Nothing that was handed to the provider is recalled" in page


@pytest.mark.parametrize(
    ("reason", "details", "words"),
    [
        (PauseReason.PERSON, "", "Paused by a colleague"),
        (PauseReason.TEMPLATE, "paused", "Its state at the provider: Paused"),
        (PauseReason.TEMPLATE, "changed", "Read the template again"),
        (PauseReason.ERRORS, "131042", "payment"),
        (PauseReason.OPT_OUTS, "", "unusually many people opted out"),
        (PauseReason.BUDGET, "", "the budget of this month"),
        (PauseReason.BUDGET, "The message that waits would cost €0.10.", "would cost €0.10. Raise the budget"),
        (PauseReason.CHANNEL, "", "its number is disconnected"),
    ],
)
def test_each_reason_for_a_pause_says_what_to_do(
    browser: Browser, acme: Company, draft: Broadcast, reason: PauseReason, details: str, words: str
) -> None:
    start(acme, draft)
    with company_context(acme):
        Broadcast.objects.filter(pk=draft.pk).update(state=BroadcastState.SENDING)
        gates.pause_for(draft, reason, details)
    assert words in text(browser.get(path(draft)))


def test_a_resume_that_is_not_possible_yet_says_why(
    browser: Browser, acme: Company, draft: Broadcast, template: MessageTemplate
) -> None:
    start(acme, draft)
    with company_context(acme):
        Broadcast.objects.filter(pk=draft.pk).update(state=BroadcastState.PAUSED)
        MessageTemplate.objects.filter(pk=template.pk).update(status="paused")
    assert "not approved any more" in text(browser.post(path(draft, "resume/"), follow=True))
    assert fresh(acme, draft).state == BroadcastState.PAUSED


def test_a_template_that_wants_more_values_than_were_frozen_is_not_resumed(
    browser: Browser, acme: Company, draft: Broadcast, template: MessageTemplate
) -> None:
    bound = {"body.0": {"field": "name"}, "body.1": {"text": "left from an older form of it"}}
    with company_context(acme):
        services.change(draft, bindings=bound)
    start(acme, draft)
    with company_context(acme):
        Broadcast.objects.filter(pk=draft.pk).update(state=BroadcastState.PAUSED)
        MessageTemplate.objects.filter(pk=template.pk).update(components=[{"type": "BODY", "text": "{{1}} und {{2}}"}])
    assert "wants other values now" in text(browser.post(path(draft, "resume/"), follow=True))
    assert fresh(acme, draft).state == BroadcastState.PAUSED


def test_a_list_that_was_emptied_does_not_hold_a_resume_back(browser: Browser, acme: Company, draft: Broadcast) -> None:
    start(acme, draft)
    with company_context(acme):
        Broadcast.objects.filter(pk=draft.pk).update(state=BroadcastState.PAUSED, audience={"lists": []})
    browser.post(path(draft, "resume/"))
    assert fresh(acme, draft).state == BroadcastState.SENDING


# --- Report -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(acme: Company, draft: Broadcast, provider: Provider) -> Broadcast:
    """One of everything: skipped, failed, accepted, delivered, read, not known, on its way, waiting."""
    with company_context(acme):
        opt_out(make_person(8))
        for number in range(10, 14):
            make_person(number)
    start(acme, draft)
    provider.behave = refusing("131026", times=1)
    work(acme)
    with company_context(acme):
        rows = list(BroadcastRecipient.objects.filter(message__state="sent").order_by("pk"))
        states = ("delivered", "read", "unknown", "queued")
        for row, state in zip(rows, states, strict=False):
            now = timezone.now()
            times = {"delivered": {"delivered_at": now}, "read": {"read_at": now}}.get(state, {})
            Message.objects.filter(pk=row.message_id).update(state=state, **times)
        waiting = rows[4]
        BroadcastRecipient.objects.filter(pk=waiting.pk).update(message=None)
    return draft


def test_the_tiles_add_up(browser: Browser, acme: Company, mixed: Broadcast) -> None:
    tiles = browser.get(path(mixed)).context["tiles"]
    numbers = {str(tile["label"]): int(tile["value"]) for tile in tiles}
    assert numbers.pop("Targeted") == sum(numbers.values()) == 8
    assert numbers == {
        **{"Skipped": 1, "Waiting": 1, "On their way": 1},
        **{"Accepted": 3, "Not delivered": 1, "Not known": 1},
    }
    assert tiles[4]["help"] == "2 delivered, 1 read"


@pytest.mark.parametrize("part", ["skipped", "waiting", "in_flight", "accepted", "failed", "unknown"])
def test_a_tile_opens_as_many_rows_as_it_says(browser: Browser, acme: Company, mixed: Broadcast, part: str) -> None:
    page = browser.get(path(mixed, f"?part={part}"))
    assert len(page.context["rows"]) == getattr(page.context["totals"], part)


def test_a_row_leads_to_its_conversation_and_says_why(browser: Browser, mixed: Broadcast) -> None:
    page = browser.get(path(mixed, "?part=failed"))
    (row,) = page.context["rows"]
    assert row["url"].startswith("/inbox/")
    assert row["reason"]
    assert [one["code"] for one in page.context["failures"]] == ["131026"]
    assert len(browser.get(page.context["failures"][0]["url"]).context["rows"]) == 1
    assert "Opted out" in text(browser.get(page.context["skips"][0]["url"]))


def test_rows_are_found_by_name_and_paged_by_key(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        for number in range(100, 160):
            make_person(number)
    start(acme, draft)
    freeze(acme, draft)
    first = browser.get(path(draft)).context
    second = browser.get(path(draft, f"?after={first['page'].after}")).context
    assert (len(first["rows"]), len(second["rows"]), second["page"].after) == (50, 13, "")
    again = browser.get(path(draft, f"?before={second['page'].before}")).context
    assert again["rows"] == first["rows"]
    assert [row["name"] for row in browser.get(path(draft, "?q=person+110")).context["rows"]] == ["Person 110"]
    assert browser.get(path(draft, "?after=x")).context["rows"] == first["rows"]


def test_who_wrote_back_in_time_has_answered(browser: Browser, acme: Company, ran: Broadcast) -> None:
    with company_context(acme):
        in_time, late, _silent = Conversation.objects.order_by("pk")
        for conversation, days in ((in_time, 1), (late, 4)):
            when = timezone.now() + timedelta(days=days)
            Message.objects.create(
                conversation=conversation,
                channel_id=conversation.channel_id,
                direction=Direction.INBOUND,
                state=MessageState.RECEIVED,
                at=when,
            )
            Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=when)
    page = browser.get(path(ran))
    assert page.context["answers"] == 1
    (row,) = browser.get(path(ran, "?part=answered")).context["rows"]
    assert in_time.public_id in row["url"]


def test_who_opted_out_since_is_counted(browser: Browser, acme: Company, ran: Broadcast, people: list[Contact]) -> None:
    with company_context(acme):
        opt_out(people[0])
        decide(people[1], "opted_out", "member")
    page = browser.get(path(ran))
    assert page.context["opt_outs"] == 1
    assert [row["name"] for row in browser.get(path(ran, "?part=opted_out")).context["rows"]] == ["Person 0"]


def test_each_market_tells_what_was_expected_and_what_came(
    browser: Browser, acme: Company, draft: Broadcast, provider: Provider
) -> None:
    with company_context(acme):
        make_person(9, phone="+12025550111")
    press_send(browser, draft)
    provider.behave = refusing("131026", times=1)
    work(acme)
    page = browser.get(path(draft)).context
    assert [(row.market, row.number, row.accepted) for row in page["markets"]] == [
        ("Germany", 3, 2),
        ("North America", 1, 1),
    ]
    with company_context(acme):
        kept = quote_from(Broadcast.objects.get(pk=draft.pk).estimate)
    assert kept is not None
    assert page["expected"] == kept.total == sum(row.expected for row in page["markets"])
    assert page["actual"] == 0, "nothing was delivered yet"


def test_a_page_that_shows_another_state_is_drawn_anew(browser: Browser, ran: Broadcast) -> None:
    assert browser.get(path(ran, "progress/?was=preparing")).headers["HX-Refresh"] == "true"
    assert "hx-trigger" in text(browser.get(path(ran, "progress/?was=sending")))


def test_cancelled_before_its_time_there_are_no_rows(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        services.schedule(draft, timezone.now() + timedelta(days=1))
    browser.post(path(draft, "cancel/"))
    assert "Cancelled before it began" in text(browser.get(path(draft)))


def test_the_file_has_every_row_and_no_formula(
    browser: Browser, acme: Company, draft: Broadcast, people: list[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.broadcasts.pages.export.STEP", 2)
    with company_context(acme):
        Contact.objects.filter(pk=people[0].pk).update(name="=HYPERLINK(1)")
    start(acme, draft)
    freeze(acme, draft)
    answer = browser.get(path(draft, "rows.csv"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 4
    assert lines[1].startswith("'=HYPERLINK(1),'+4915100000000,Germany,Waiting")
    assert 'filename="herbst.csv"' in answer.headers["Content-Disposition"]


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_each_with_its_numbers(browser: Browser, acme: Company, ran: Broadcast) -> None:
    (row,) = browser.get("/broadcasts/").context["rows"]
    assert (row["totals"].targeted, row["totals"].accepted, row["progress"]) == (3, 3, {"value": 3, "most": 3})
    assert browser.get("/broadcasts/?state=draft").context["rows"] == []
    assert "None in this state" in text(browser.get("/broadcasts/?state=draft"))


def test_the_first_page_without_any_leads_to_a_new_one(browser: Browser, looker: Browser) -> None:
    assert "/broadcasts/new/" in text(browser.get("/broadcasts/"))
    assert "/broadcasts/new/" not in text(looker.get("/broadcasts/"))


def test_the_list_asks_as_often_for_many_as_for_one(
    browser: Browser, acme: Company, ran: Broadcast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get("/broadcasts/")
    with django_assert_num_queries(100, exact=False) as few:
        browser.get("/broadcasts/")
    with company_context(acme):
        for number in range(10):
            services.duplicate(ran, name=f"Copy {number}", by=None)
    with django_assert_num_queries(len(few)):
        browser.get("/broadcasts/")


def test_the_report_asks_as_often_for_many_rows_as_for_three(
    browser: Browser, acme: Company, ran: Broadcast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get(path(ran))
    with django_assert_num_queries(100, exact=False) as few:
        browser.get(path(ran))
    with company_context(acme):
        for number in range(10, 30):
            person = make_person(number)
            BroadcastRecipient.objects.create(broadcast=ran, contact=person, name=person.name, market="Germany")
    with django_assert_num_queries(len(few)):
        browser.get(path(ran))


# --- In the thread ----------------------------------------------------------------------------------------------------


def test_a_message_says_which_broadcast_it_came_with(browser: Browser, acme: Company, ran: Broadcast) -> None:
    with company_context(acme):
        message = Message.objects.select_related("conversation").first()
        assert message
    page = text(browser.get(f"/inbox/{message.conversation.public_id}/messages/{message.public_id}/"))
    assert path(ran) in page


def test_the_rival_finds_none_of_it(
    acme: Company, globex: Company, rival: User, ran: Broadcast, at: Callable[..., Browser]
) -> None:
    theirs = at(globex, rival)
    for page in ("", "progress/", "audience/", "review/", "rows.csv", "send/", "cancel/", "test/"):
        assert theirs.get(path(ran, page)).status_code == 404
    for action in ("pause/", "resume/", "cancel/", "duplicate/", "send/"):
        assert theirs.post(path(ran, action)).status_code == 404
