"""What people do on their phones with WhatsApp, as it reaches us: the sandbox posts, the adapter reads."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.channels.base import AccountEvent, Address, InboundMessage, MessageType, Report, StatusReport

from .houses import ANA, House, whatsapp


@pytest.fixture
def house(sandbox: Any) -> House:
    found = whatsapp(sandbox)
    found.sandbox.person_writes(found.credentials.external_id, ANA, "Hello?")
    found.sandbox.settle()
    return found


def ana(house: House) -> str:
    """Ana's key in the sandbox."""
    return str(house.sandbox.add_person(phone=f"+{ANA}", name="Ana")["id"])


def does(house: House, action: str, **values: Any) -> InboundMessage:
    """What the last message was after Ana did something."""
    house.sandbox.person(ana(house), house.credentials.external_id, action, **values)
    return house.received()[-1]


def test_a_tapped_button_answers_the_message_it_stands_under(house: House) -> None:
    sent = house.send(MessageType.BUTTONS, {"body": "Good?", "buttons": [{"id": "y", "title": "Yes"}]})
    found = does(house, "tap", message=sent.external_id, choice={"id": "y", "title": "Yes"})
    assert (found.type, found.content) == (MessageType.ANSWER, {"kind": "button", "id": "y", "title": "Yes"})
    assert found.reply_to == sent.external_id


def test_an_edit_and_a_revoke_name_the_message(house: House) -> None:
    [first] = house.received()
    found = does(house, "edit", message=first.external_id, text="Hello!")
    assert (found.type, found.content["original_id"], found.content["body"]) == (
        MessageType.EDIT,
        first.external_id,
        "Hello!",
    )
    found = does(house, "revoke", message=first.external_id)
    assert (found.type, found.content) == (MessageType.REVOKE, {"original_id": first.external_id})


def test_a_file_of_a_person_can_be_fetched(house: House) -> None:
    data = b"HEIC" + b"x" * 100
    number = house.credentials.external_id
    external_id = house.sandbox.upload(ana(house), number, data, "image/heic", "photo.heic")
    found = does(house, "messages", type="image", image={"id": external_id, "caption": "look"})
    assert (found.type, found.content) == (MessageType.IMAGE, {"caption": "look"})
    assert found.media
    assert house.download(found.media) == data


def test_the_address_of_a_webhook_that_has_expired_is_asked_for_anew(house: House) -> None:
    external_id = house.sandbox.upload(ana(house), house.credentials.external_id, b"x" * 100, "image/png")
    found = does(house, "messages", type="image", image={"id": external_id})
    house.sandbox.advance(6 * 60)
    assert found.media
    assert house.download(found.media) == b"x" * 100


def test_a_person_without_marketing_is_told_at_once(house: House) -> None:
    house.sandbox.person(ana(house), house.credentials.external_id, "marketing", value="stop")
    [found] = [one for one in house.told() if isinstance(one, AccountEvent) and one.kind == "user_preferences"]
    assert (found.value["value"], found.person.phone) == ("stop", f"+{ANA}")


def test_a_new_number_is_tied_to_the_old_one(house: House) -> None:
    house.sandbox.api("POST", f"/people/{ana(house)}/number", {"phone": "+15550002002"})
    moved = [one for one in house.received() if one.type == MessageType.SYSTEM]
    assert (f"+{ANA}", "+15550002002") in {(one.sender.phone, one.moved_to.phone) for one in moved}


def test_a_person_who_hides_the_number_is_answered_by_user_id(house: House) -> None:
    house.sandbox.person_writes(
        house.credentials.external_id, "15550003003", "Hi", name="Bo", username="bo.lee", hides_phone=True
    )
    found = house.received()[-1]
    assert (found.sender.phone, found.username) == ("", "bo.lee")
    accepted = house.text(to=Address(user_id=found.sender.user_id))
    assert {one.to.user_id for one in house.reports(accepted)} == {found.sender.user_id}


def test_trouble_of_the_account_has_its_code(house: House) -> None:
    house.sandbox.api("POST", f"/numbers/{house.credentials.external_id}/trouble", {"code": 130429})
    [found] = [one for one in house.told() if isinstance(one, AccountEvent)]
    assert (found.kind, found.value["code"]) == ("errors", 130429)


def test_repeated_and_disordered_reports_are_all_read(house: House) -> None:
    house.sandbox.knobs(house.credentials.external_id, duplicates=1.0, disorder=1.0, disorder_ms=20)
    accepted = house.text()
    reports = [one for one in house.told() if isinstance(one, StatusReport)]
    assert {one.external_id for one in reports} == {accepted.external_id}
    assert {one.report for one in reports} == {Report.SENT, Report.DELIVERED, Report.READ}
    assert len(reports) > 3
