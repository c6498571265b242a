"""What was written before is on the phones, opens the window, and is told to nobody."""

from __future__ import annotations

import time
from typing import Any

from messaging.sandbox.testing import Sandbox
from tests.messaging.sandbox.conftest import NUMBER, PERSON, Send


def past(sandbox: Sandbox, *, hours: float = 1.0, **more: Any) -> dict[str, Any]:
    """A customer wrote, and was answered a minute later."""
    at = time.time() - hours * 3600
    question = {"id": "wamid.Q", "at": at, "inbound": True, "body": {"type": "text", "text": {"body": "Hallo?"}}}
    answer = {
        "id": "wamid.A",
        "at": at + 60,
        "status": "read",
        "reply_to": "wamid.Q",
        "reactions": {"person": "👍"},
        "body": {"type": "text", "text": {"body": "Moin."}},
    }
    row = {"name": "Ana", "phone": PERSON, "messages": [question, answer], **more}
    found: list[dict[str, Any]] = sandbox.api("POST", f"/numbers/{NUMBER}/past", {"people": [row]})
    return found[0]


def shown(sandbox: Sandbox, person: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.api("GET", f"/people/{person['id']}/chats/{NUMBER}")["messages"]
    return found


def test_the_phone_shows_it_with_quote_and_reaction(sandbox: Sandbox) -> None:
    question, answer = shown(sandbox, past(sandbox))
    assert (question["mine"], question["content"]["body"]) == (True, "Hallo?")
    assert (answer["mine"], answer["quoted"]["id"], answer["reactions"]) == (False, "wamid.Q", {"person": "👍"})


def test_the_business_is_not_told_of_it(sandbox: Sandbox) -> None:
    past(sandbox)
    sandbox.settle()
    assert sandbox.receiver.messages() == []
    assert sandbox.receiver.statuses() == []


def test_it_decides_whether_the_window_is_open(sandbox: Sandbox, send_text: Send) -> None:
    past(sandbox)
    send_text()
    past(sandbox, phone="+4915112345679", hours=30, messages=[])
    send_text(to="+4915112345679")
    sandbox.settle()
    states = {one["to"]: one["status"] for one in sandbox.accepted(NUMBER, items=True)["items"] if one["to"]}
    assert states[PERSON] != "failed"
    assert states["+4915112345679"] == "failed"


def test_the_same_again_changes_nothing(sandbox: Sandbox) -> None:
    person = past(sandbox)
    sandbox.api("PATCH", f"/people/{person['id']}", {"name": "Ana Maria"})
    assert past(sandbox)["name"] == "Ana Maria"
    assert len(shown(sandbox, person)) == 2


def test_what_could_not_have_been_written_is_refused(sandbox: Sandbox, send: Send) -> None:
    empty = {"id": "wamid.E", "at": 1, "body": {"type": "text", "text": {}}}
    answer = sandbox.call(
        "POST", f"/sandbox/api/numbers/{NUMBER}/past", {"people": [{"phone": PERSON, "messages": [empty]}]}
    )
    assert answer.status == 400


def test_a_new_beginning_turns_back_the_clock(sandbox: Sandbox) -> None:
    sandbox.advance(24 * 3600)
    sandbox.reset(everything=True)
    assert abs(sandbox.api("POST", "/clock", {"advance": 0})["now"] - time.time()) < 3600
