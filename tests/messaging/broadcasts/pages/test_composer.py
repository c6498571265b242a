"""A draft on its pages: what is said is kept, what is wrong is named, and the numbers beside it are true."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.broadcasts import running, services
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.channels.models import Channel
from messaging.contacts.models import Attribute, Contact, ContactList, Label
from messaging.message_templates.models import MessageTemplate
from tenants.context import company_context
from tenants.models import AuditEntry, Company
from tests.conftest import Browser
from tests.messaging.broadcasts.conftest import make_person, make_template, opt_out
from tests.messaging.broadcasts.pages.conftest import fresh, path, text

EVERYONE = {"purpose": "marketing", "who": "everyone"}
HTMX = {"HX-Request": "true"}


def parts(answer: Any) -> dict[str, int]:
    return {part["part"]: part["value"] for part in answer.context["parts"]}


# --- Begun, named, copied, deleted ------------------------------------------------------------------------------------


def test_a_new_broadcast_is_a_draft_by_whoever_began_it(browser: Browser, acme: Company, channel: Channel) -> None:
    answer = browser.post("/broadcasts/new/", {"name": "  Herbst  "})
    with company_context(acme):
        made = Broadcast.objects.get()
    assert answer.url == path(made, "audience/")
    assert (made.name, made.author_name, made.state, made.channel_id) == ("Herbst", "Admin", "draft", channel.pk)
    assert made.time_zone == acme.time_zone


def test_a_broadcast_needs_a_name(browser: Browser) -> None:
    assert browser.post("/broadcasts/new/", {"name": " "}).status_code == 422


def test_a_copy_is_a_draft_with_all_that_was_said(browser: Browser, acme: Company, ran: Broadcast) -> None:
    browser.post(path(ran, "duplicate/"))
    with company_context(acme):
        copy = Broadcast.objects.latest("pk")
    assert (copy.state, copy.template_id, copy.audience) == ("draft", ran.template_id, ran.audience)
    assert (copy.started_at, copy.components, copy.name) == (None, [], "Herbst (copy)")


def test_a_draft_can_be_deleted_and_that_is_recorded(browser: Browser, acme: Company, draft: Broadcast) -> None:
    browser.post(path(draft, "delete/"))
    with company_context(acme):
        assert not Broadcast.objects.exists()
    assert AuditEntry.objects.filter(action="broadcast.deleted", target="Herbst").exists()


def test_what_was_sent_cannot_be_deleted(browser: Browser, acme: Company, ran: Broadcast) -> None:
    assert browser.post(path(ran, "delete/")).status_code == 404
    assert fresh(acme, ran)


def test_a_started_one_is_shown_instead_of_its_steps(browser: Browser, ran: Broadcast) -> None:
    assert browser.get(path(ran, "audience/")).url == path(ran)
    assert browser.post(path(ran, "timing/"), {"when": "now"}).url == path(ran)


def test_an_agent_looks_and_changes_nothing(looker: Browser, acme: Company, draft: Broadcast) -> None:
    page = looker.get(path(draft, "audience/"))
    assert page.status_code == 200
    assert "Save and go on" not in text(page)
    assert looker.post(path(draft, "audience/"), {"who": "some"}).status_code == 403
    assert fresh(acme, draft).audience == {"everyone": True}


# --- Audience ---------------------------------------------------------------------------------------------------------


def test_an_audience_is_kept_as_it_was_said(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        chosen, label, left_out = (
            ContactList.objects.create(name="Stamm"),
            Label.objects.create(name="VIP"),
            ContactList.objects.create(name="Team"),
        )
        Attribute.objects.create(key="city", name="Stadt")
    said = {
        **{"purpose": "service", "who": "some", "lists": chosen.public_id, "labels": label.public_id},
        **{"without": left_out.public_id, "field": ["attributes.city", "language"]},
        **{"op": ["is", "is_not"], "value": [" Kiel ", "en"]},
    }
    assert browser.post(path(draft, "audience/"), said).url == path(draft, "message/")
    kept = fresh(acme, draft)
    assert kept.purpose == "service"
    assert kept.audience == {
        "lists": [chosen.public_id],
        "labels": [label.public_id],
        "without": [left_out.public_id],
        "conditions": [
            {"field": "attributes.city", "op": "is", "value": "Kiel"},
            {"field": "language", "op": "is_not", "value": "en"},
        ],
    }


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"purpose": "marketing", "who": "some"}, "Choose at least one list or label"),
        ({**EVERYONE, "field": "name", "op": "is", "value": " "}, "Say what it is compared with"),
        ({**EVERYONE, "field": "shoe_size", "op": "is", "value": "42"}, "not known any more"),
        ({**EVERYONE, "field": "name", "op": "resembles", "value": "A"}, "not known any more"),
        ({**EVERYONE, "field": "language", "op": "contains", "value": "d"}, "not known any more"),
    ],
)
def test_an_audience_that_is_wrong_is_told_so(
    browser: Browser, draft: Broadcast, said: dict[str, str], words: str
) -> None:
    answer = browser.post(path(draft, "audience/"), said)
    assert answer.status_code == 422
    assert words in text(answer)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("audience/", {**EVERYONE, "field": "name", "op": "is", "value": "A\0"}),
        ("audience/", {"who": "some", "lists": "\0"}),
        ("message/", {"what": "values", "source.body.0": "text", "text.body.0": "\0"}),
        ("test/", {"contact": "\0", "key": "k"}),
    ],
)
def test_what_the_database_cannot_hold_is_refused(
    browser: Browser, draft: Broadcast, step: str, said: dict[str, str]
) -> None:
    assert browser.post(path(draft, step), said).status_code == 400


def test_half_a_condition_reaches_nobody_meanwhile(browser: Browser, draft: Broadcast) -> None:
    said = {**EVERYONE, "field": "name", "op": "is", "value": ""}
    browser.post(path(draft, "audience/"), said, headers=HTMX)
    answer = browser.get(path(draft, "audience/"))
    assert answer.context["look"].chosen == 0
    assert "Nobody is chosen" in text(answer)


def test_a_list_of_somebody_else_is_none(browser: Browser, acme: Company, draft: Broadcast) -> None:
    browser.post(path(draft, "audience/"), {"purpose": "marketing", "who": "some", "lists": "x" * 16})
    assert fresh(acme, draft).audience["lists"] == []


def test_a_condition_is_added_and_removed_without_a_script(browser: Browser, acme: Company, draft: Broadcast) -> None:
    said = {**EVERYONE, "field": "name", "op": "contains", "value": "Person"}
    added = browser.post(path(draft, "audience/"), {**said, "add": "1", "new_field": "country"})
    assert added.url == path(draft, "audience/?add=country#conditions")
    shown = browser.get(added.url).context["form"].conditions
    assert [one.field for one in shown] == ["name", "country"]
    browser.post(path(draft, "audience/"), {**said, "remove": "0"})
    assert fresh(acme, draft).audience["conditions"] == []


def test_a_condition_on_an_attribute_that_is_gone_can_be_removed(
    browser: Browser, acme: Company, draft: Broadcast
) -> None:
    gone = {"field": "attributes.gone", "op": "is", "value": "1"}
    with company_context(acme):
        services.change(draft, audience={"everyone": True, "conditions": [gone]})
    assert "This attribute is gone" in text(browser.get(path(draft, "audience/")))
    browser.post(path(draft, "audience/"), {**EVERYONE, **gone, "remove": "0"})
    assert fresh(acme, draft).audience["conditions"] == []


def test_each_change_is_kept_and_counted_anew(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        opt_out(make_person(8))
        make_person(9, agreed=False)
    answer = browser.post(path(draft, "audience/"), EVERYONE, headers=HTMX)
    assert parts(answer) == {"reachable": 3, "opted_out": 1, "no_consent": 1}
    assert sum(parts(answer).values()) == answer.context["look"].chosen
    assert 'hx-swap-oob="true"' in text(answer)


@pytest.mark.parametrize(("part", "named"), [("opted_out", "Person 8"), ("reachable", "Person 0")])
def test_a_part_opens_its_people_with_the_reason(
    browser: Browser, acme: Company, draft: Broadcast, part: str, named: str
) -> None:
    with company_context(acme):
        opt_out(make_person(8))
    page = text(browser.get(path(draft, f"audience/people/?part={part}")))
    assert named in page
    assert ("Person 1" in page) == (part == "reachable")


def test_a_part_there_is_not_is_not_found(browser: Browser, draft: Broadcast) -> None:
    assert browser.get(path(draft, "audience/people/?part=lucky")).status_code == 404


# --- Message ----------------------------------------------------------------------------------------------------------


def test_only_approved_templates_of_the_number_are_offered(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        make_template(name="paused_one", status="paused")
        make_template(name="foreign", account_external_id="other")
        otp = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}]}
        make_template(name="code", category="authentication", components=[otp])
    page = browser.get(path(draft, "message/?choose=1"))
    assert [one["name"] for one in page.context["picker"]["choices"]] == ["sale"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=heute", ["sale"]),
        ("language=en", ["notice"]),
        ("category=utility", ["notice"]),
        ("quality=GREEN", ["notice"]),
        ("q=nothing+like+it", []),
    ],
)
def test_templates_are_narrowed(
    browser: Browser, acme: Company, draft: Broadcast, query: str, names: list[str]
) -> None:
    with company_context(acme):
        body = [{"type": "BODY", "text": "Your parcel"}]
        make_template(name="notice", language="en", category="utility", quality="GREEN", components=body)
    page = browser.get(path(draft, f"message/?choose=1&{query}"))
    assert [one["name"] for one in page.context["picker"]["choices"]] == names


def test_a_template_without_a_number_or_an_approval_is_refused(
    browser: Browser, acme: Company, draft: Broadcast
) -> None:
    with company_context(acme):
        paused = make_template(name="paused_one", status="paused")
    answer = browser.post(path(draft, "message/"), {"what": "template", "template": paused.public_id})
    assert (answer.status_code, fresh(acme, draft).template_id) == (422, draft.template_id)


def test_another_number_s_account_lets_the_template_go(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        values = {"external_id": "2", "account_external_id": "other", "token": "-"}
        other = Channel.objects.create(kind="whatsapp", name="Other", **values)
    browser.post(path(draft, "message/"), {"what": "channel", "channel": other.public_id})
    kept = fresh(acme, draft)
    assert (kept.channel_id, kept.template_id, kept.bindings) == (other.pk, None, {})


def test_a_value_comes_from_a_field_or_is_fixed(browser: Browser, acme: Company, draft: Broadcast) -> None:
    said = {"what": "values", "source.body.0": "name", "fallback.body.0": "Kundin"}
    assert browser.post(path(draft, "message/"), said).url == path(draft, "timing/")
    assert fresh(acme, draft).bindings == {"body.0": {"field": "name", "fallback": "Kundin"}}
    browser.post(path(draft, "message/"), {"what": "values", "source.body.0": "text", "text.body.0": "alle"})
    assert fresh(acme, draft).bindings == {"body.0": {"text": "alle"}}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "Say where this value comes from"),
        ({"source.body.0": "text"}, "Write the value"),
        ({"source.body.0": "attributes.unknown"}, "Say where this value comes from"),
    ],
)
def test_a_value_without_a_source_is_told_so(
    browser: Browser, draft: Broadcast, said: dict[str, str], words: str
) -> None:
    answer = browser.post(path(draft, "message/"), {"what": "values", **said})
    assert answer.status_code == 422
    assert words in text(answer)


def test_the_address_of_a_picture_must_be_one(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        parts = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Sale"}]
        picture = make_template(name="picture", components=parts)
        services.change(draft, template=picture, bindings={})
    wrong = browser.post(path(draft, "message/"), {"what": "values", "text.header": "javascript:alert(1)"})
    assert wrong.status_code == 422
    browser.post(path(draft, "message/"), {"what": "values", "text.header": "https://example.com/a.png"})
    assert fresh(acme, draft).bindings == {"header": {"text": "https://example.com/a.png"}}


def test_the_preview_steps_through_people_and_then_the_worst_cases(browser: Browser, draft: Broadcast) -> None:
    shown = [browser.get(path(draft, f"preview/?who={number}")).context["preview"] for number in range(5)]
    assert [one.title for one in shown[:3]] == ["Person 0", "Person 1", "Person 2"]
    assert shown[3].note == "Worst case: the longest values"
    assert (shown[4].note, shown[4].sheet["body"]) == (
        "Worst case: every value is missing",
        "Hallo Sie, heute gibt es 10 % auf alles.",
    )
    assert shown[4].after == 0


@pytest.mark.parametrize("who", ["99", "-1", "x", "9" * 30])
def test_a_person_there_is_not_is_the_first(browser: Browser, draft: Broadcast, who: str) -> None:
    assert browser.get(path(draft, f"preview/?who={who}")).context["preview"].title == "Person 0"


# --- Timing -----------------------------------------------------------------------------------------------------------


def at(moment: Any) -> dict[str, str]:
    local = timezone.localtime(moment)
    return {"when": "at", "date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}


def test_a_time_is_read_by_the_clock_of_the_broadcast(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        services.change(draft, time_zone="America/New_York")
    said = {"when": "at", "date": "2099-07-01", "time": "09:00", "quiet_from": "21:00", "quiet_until": "08:00"}
    assert browser.post(path(draft, "timing/"), {**said, "per_minute": "60"}).url == path(draft, "review/")
    kept = fresh(acme, draft)
    assert kept.scheduled_at
    assert kept.scheduled_at.isoformat() == "2099-07-01T13:00:00+00:00"
    assert (kept.quiet_from, kept.quiet_until, kept.per_minute) == (time(21), time(8), 60)
    assert "America/New York (UTC−4)" in text(browser.get(path(draft, "review/")))


@pytest.mark.parametrize(
    ("day", "moment"),
    [("2099-03-28", "08:00"), ("2099-03-29", "07:00"), ("2099-10-24", "07:00"), ("2099-10-25", "08:00")],
)
def test_nine_o_clock_is_nine_o_clock_on_both_sides_of_a_change_of_the_clock(
    browser: Browser, acme: Company, draft: Broadcast, day: str, moment: str
) -> None:
    browser.post(path(draft, "timing/"), {"when": "at", "date": day, "time": "09:00"})
    kept = fresh(acme, draft).scheduled_at
    assert kept
    assert kept.isoformat() == f"{day}T{moment}:00+00:00"


def test_a_time_that_comes_twice_is_its_first_coming(browser: Browser, acme: Company, draft: Broadcast) -> None:
    browser.post(path(draft, "timing/"), {"when": "at", "date": "2099-10-25", "time": "02:30"})
    kept = fresh(acme, draft).scheduled_at
    assert kept
    assert kept.isoformat() == "2099-10-25T00:30:00+00:00"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (at(timezone.now() - timedelta(days=1)), "This time is over"),
        ({"when": "at", "date": "2099-07-01"}, "Choose a time"),
        ({"when": "at", "time": "09:00"}, "Choose a date"),
        ({"when": "at", "date": "2099-02-30", "time": "09:00"}, "valid date"),
        ({"when": "at", "date": "2099-03-29", "time": "02:30"}, "does not exist on that day"),
        ({"when": "now", "quiet_from": "21:00"}, "need both times"),
        ({"when": "now", "quiet_from": "21:00", "quiet_until": "21:00"}, "another time than they begin"),
        ({"when": "now", "per_minute": "0"}, "greater than or equal to 1"),
        ({"when": "some day"}, "valid choice"),
    ],
)
def test_a_time_that_is_wrong_is_told_so(
    browser: Browser, acme: Company, draft: Broadcast, said: dict[str, str], words: str
) -> None:
    answer = browser.post(path(draft, "timing/"), said)
    assert answer.status_code == 422
    assert words in text(answer)
    assert fresh(acme, draft).scheduled_at is None


def test_a_scheduled_one_moves_to_another_time(browser: Browser, acme: Company, draft: Broadcast) -> None:
    with company_context(acme):
        services.schedule(draft, timezone.now() + timedelta(days=1))
    browser.post(path(draft, "timing/"), {"when": "at", "date": "2099-07-01", "time": "09:00"})
    kept = fresh(acme, draft)
    assert kept.scheduled_at
    assert (kept.state, kept.scheduled_at.year) == (BroadcastState.SCHEDULED, 2099)
    browser.post(path(draft, "timing/"), {"when": "now"})
    assert fresh(acme, draft).state == BroadcastState.DRAFT
    actions = AuditEntry.objects.filter(action__startswith="broadcast.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["broadcast.scheduled", "broadcast.unscheduled"]


def test_what_a_scheduled_one_would_cost_follows_its_audience(
    browser: Browser, acme: Company, draft: Broadcast
) -> None:
    with company_context(acme):
        services.schedule(draft, timezone.now() + timedelta(days=1))
    condition = {"field": "name", "op": "is", "value": "Person 1"}
    browser.post(path(draft, "audience/"), {**EVERYONE, **condition})
    assert [line["number"] for line in fresh(acme, draft).estimate["lines"]] == [1]


def test_one_that_could_not_start_says_so(browser: Browser, acme: Company, draft: Broadcast) -> None:
    at_its_time = timezone.now() + timedelta(hours=1)
    with company_context(acme):
        services.schedule(draft, at_its_time)
        MessageTemplate.objects.update(status="paused")
        running.run(clock=lambda: at_its_time)
    assert "It could not start at its time" in text(browser.get(path(draft, "review/")))


# --- Review -----------------------------------------------------------------------------------------------------------


def test_the_review_says_it_in_one_sentence_with_its_cost(browser: Browser, draft: Broadcast) -> None:
    page = text(browser.get(path(draft, "review/")))
    assert "<strong>3 people</strong> in 1 market" in " ".join(page.split())
    assert "Germany" in page
    assert "Send to 3 people" in page


def test_what_is_missing_stands_with_the_way_to_mend_it(browser: Browser, acme: Company) -> None:
    with company_context(acme):
        empty = services.create(name="Leer", by=None)
    page = browser.get(path(empty, "review/"))
    assert {one["url"] for one in page.context["blockers"]} == {path(empty, "audience/"), path(empty, "message/")}
    assert "Send to" not in text(page)


def test_a_market_without_a_price_is_named_and_holds_it_back(
    browser: Browser, acme: Company, draft: Broadcast, template: MessageTemplate
) -> None:
    with company_context(acme):
        MessageTemplate.objects.filter(pk=template.pk).update(category="invented")
    page = browser.get(path(draft, "review/"))
    assert "There is no price for: Germany" in text(page)
    assert browser.post(path(draft, "send/"), {"mark": page.context["look"].mark}).url == path(draft, "review/")
    assert fresh(acme, draft).state == "draft"


def test_an_audience_nobody_of_which_can_be_reached_is_held_back(
    browser: Browser, acme: Company, draft: Broadcast, people: list[Contact]
) -> None:
    with company_context(acme):
        for person in people:
            opt_out(person)
    assert "Nobody of the chosen people can be reached" in text(browser.get(path(draft, "review/")))


@pytest.mark.parametrize("page", ["audience/", "message/?choose=1", "review/"])
def test_a_step_asks_as_often_for_many_people_as_for_three(
    browser: Browser, acme: Company, draft: Broadcast, django_assert_num_queries: DjangoAssertNumQueries, page: str
) -> None:
    browser.get(path(draft, page))
    with django_assert_num_queries(100, exact=False) as few:
        browser.get(path(draft, page))
    with company_context(acme):
        for number in range(10, 40):
            make_person(number)
        for number in range(5):
            make_template(name=f"more_{number}")
            ContactList.objects.create(name=f"List {number}")
    with django_assert_num_queries(len(few)):
        browser.get(path(draft, page))
