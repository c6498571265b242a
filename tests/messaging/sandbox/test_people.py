"""What people do with their phones, and what the business hears of it (reference §8.3, §11, §13.3)."""

from __future__ import annotations

from messaging.sandbox.testing import Sandbox, multipart, running
from tests.messaging.sandbox.conftest import NUMBER, PERSON, TOKEN, WABA, Send, template, wamid

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def heard(sandbox: Sandbox) -> dict[str, object]:
    """The last message the business got."""
    sandbox.settle()
    return dict(sandbox.receiver.messages()[-1])


def held(sandbox: Sandbox) -> str:
    """Somebody whose phone is in somebody's hand; they have written to the business."""
    person = str(sandbox.add_person(name="Ana", phone=PERSON, by_hand=True)["id"])
    sandbox.person(person, NUMBER, "messages", type="text", text={"body": "Hi"})
    return person


def states(sandbox: Sandbox, key: str) -> list[str]:
    sandbox.settle()
    return [one["status"] for one in sandbox.receiver.statuses(key)]


def test_a_message_is_delivered_when_the_phone_is_on_and_read_when_the_chat_is_open(
    sandbox: Sandbox, send_text: Send
) -> None:
    person = held(sandbox)
    sandbox.change_person(person, on=False)
    key = wamid(send_text())
    assert states(sandbox, key) == ["sent"]
    sandbox.change_person(person, on=True)
    assert states(sandbox, key) == ["sent", "delivered"]
    sandbox.person(person, NUMBER, "open")
    assert states(sandbox, key) == ["sent", "delivered", "read"]
    assert states(sandbox, wamid(send_text())) == ["sent", "delivered", "read"]


def test_the_business_reads_a_message_and_all_before_it(sandbox: Sandbox, graph: Send) -> None:
    person = held(sandbox)
    last = sandbox.person(person, NUMBER, "messages", type="text", text={"body": "Hello?"})["id"]
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": last}
    assert graph("POST", f"{NUMBER}/messages", body | {"typing_indicator": {"type": "text"}}).body == {"success": True}
    shown = sandbox.api("GET", f"/people/{person}/chats/{NUMBER}")["messages"]
    assert [one["status"] for one in shown] == ["read", "read"]


def test_a_person_without_a_shown_number_has_only_a_user_id(sandbox: Sandbox, graph: Send) -> None:
    person = sandbox.add_person(name="Mia", username="mia.k", hides_phone=True, by_hand=True)
    sandbox.person(person["id"], NUMBER, "messages", type="text", text={"body": "Hi"})
    message = heard(sandbox)
    assert "from" not in message
    user_id = person["user_ids"][WABA]
    assert message["from_user_id"] == user_id
    [contact] = sandbox.receiver.values()[-1]["contacts"]
    assert contact == {"profile": {"name": "Mia", "username": "mia.k"}, "user_id": user_id}
    body = {"messaging_product": "whatsapp", "recipient": user_id, "type": "text", "text": {"body": "Hello"}}
    answer = graph("POST", f"{NUMBER}/messages", body)
    assert answer.body["contacts"] == [{"input": user_id, "user_id": user_id}]
    sandbox.settle()
    assert "recipient_id" not in sandbox.receiver.statuses(wamid(answer))[0]


def test_taps_answer_what_was_tapped(sandbox: Sandbox, send: Send) -> None:
    person = held(sandbox)
    reply = {"id": "yes", "title": "Yes"}
    action = {"buttons": [{"type": "reply", "reply": reply}]}
    offered = wamid(send(type="interactive", interactive={"type": "button", "body": {"text": "?"}, "action": action}))
    sandbox.person(person, NUMBER, "tap", message=offered, choice=reply)
    message = heard(sandbox)
    assert message["interactive"] == {"type": "button_reply", "button_reply": reply}
    assert message["context"] == {"from": "49405551200", "id": offered}


def test_reactions_edits_and_revokes_name_their_message(sandbox: Sandbox, send_text: Send) -> None:
    person = held(sandbox)
    ours = wamid(send_text())
    sandbox.person(person, NUMBER, "messages", type="reaction", reaction={"message_id": ours, "emoji": "👍"})
    assert heard(sandbox)["reaction"] == {"message_id": ours, "emoji": "👍"}
    theirs = sandbox.api("GET", f"/people/{person}/chats/{NUMBER}")["messages"][0]["id"]
    sandbox.person(person, NUMBER, "edit", message=theirs, text="fixed")
    changed = {"original_message_id": theirs, "message": {"type": "text", "text": {"body": "fixed"}}}
    assert heard(sandbox)["edit"] == changed
    sandbox.person(person, NUMBER, "revoke", message=theirs)
    assert heard(sandbox)["revoke"] == {"original_message_id": theirs}


def test_opting_out_is_told_at_once_and_stops_marketing(sandbox: Sandbox, send_template: Send) -> None:
    person = held(sandbox)
    sandbox.add_account(WABA, templates=[template("news", category="MARKETING")])
    sandbox.person(person, NUMBER, "marketing", value="stop")
    sandbox.settle()
    [value] = sandbox.receiver.values("user_preferences")
    row = value["user_preferences"][0]
    assert (row["value"], row["category"], row["wa_id"]) == ("stop", "marketing_messages", "4915112345678")
    refused, allowed = wamid(send_template(name="news")), wamid(send_template())
    sandbox.settle()
    assert [one["errors"][0]["code"] for one in sandbox.receiver.statuses(refused)] == [131050]
    assert "failed" not in states(sandbox, allowed)


def test_a_new_number_is_told_by_the_old_one(sandbox: Sandbox) -> None:
    person = held(sandbox)
    before = sandbox.api("GET", "/people")[0]["user_ids"][WABA]
    sandbox.api("POST", f"/people/{person}/number", {"phone": "+4915187654321"})
    sandbox.settle()
    moved, renamed = sandbox.receiver.messages()[-2:]
    assert (moved["from"], moved["system"]["wa_id"]) == ("4915112345678", "4915187654321")
    assert renamed["from_user_id"] == before
    assert renamed["system"]["type"] == "user_changed_user_id"


def test_somebody_who_is_blocked_is_not_heard(sandbox: Sandbox, graph: Send) -> None:
    person = held(sandbox)
    body = {"messaging_product": "whatsapp", "block_users": [{"user": PERSON}, {"user": "+4915199999999"}]}
    answer = graph("POST", f"{NUMBER}/block_users", body)
    assert (answer.status, answer.body["error"]["code"]) == (400, 139100)
    assert [one["wa_id"] for one in answer.body["block_users"]["added_users"]] == ["4915112345678"]
    sandbox.settle()
    before = len(sandbox.receiver.messages())
    sandbox.person(person, NUMBER, "messages", type="text", text={"body": "Hello?"})
    sandbox.settle()
    assert len(sandbox.receiver.messages()) == before


# --- Files ----------------------------------------------------------------------------------------------------------


def upload(graph: Send, data: bytes = PNG, mime_type: str = "image/png") -> str:
    body, headers = multipart({"messaging_product": "whatsapp", "type": mime_type}, data, mime_type, "a.png")
    answer = graph("POST", f"{NUMBER}/media", body, headers=headers)
    assert answer.status == 200, answer.body
    return str(answer.body["id"])


def test_the_address_of_a_file_lives_five_minutes_and_needs_the_token(sandbox: Sandbox, graph: Send) -> None:
    media = upload(graph)
    url = graph("GET", media).body["url"]
    assert sandbox.call("GET", url).status == 401
    assert sandbox.call("GET", url, token=TOKEN).body == PNG
    sandbox.advance(301)
    assert sandbox.call("GET", url, token=TOKEN).status == 404
    assert sandbox.call("GET", graph("GET", media).body["url"], token=TOKEN).body == PNG


def test_a_persons_file_lives_seven_days_and_an_upload_thirty(sandbox: Sandbox, graph: Send) -> None:
    ours, person = upload(graph), held(sandbox)
    theirs = sandbox.upload(person, NUMBER, PNG, "image/heic", "IMG_1.HEIC")
    sandbox.person(person, NUMBER, "messages", type="image", image={"id": theirs, "caption": "look"})
    image = heard(sandbox)["image"]
    assert isinstance(image, dict)
    assert (image["id"], image["mime_type"], image["caption"]) == (theirs, "image/heic", "look")
    sandbox.advance(8 * 24 * 3600)
    assert [graph("GET", key).status for key in (theirs, ours)] == [400, 200]
    sandbox.advance(23 * 24 * 3600)
    assert graph("GET", ours).status == 400


def test_empty_and_too_large_files_are_refused(graph: Send) -> None:
    for data, mime_type, expected in ((b"", "image/png", 100), (b"0" * (500 * 1024 + 1), "image/webp", 131053)):
        body, headers = multipart({"messaging_product": "whatsapp", "type": mime_type}, data, mime_type, "a")
        assert graph("POST", f"{NUMBER}/media", body, headers=headers).body["error"]["code"] == expected


def test_a_file_of_the_wrong_kind_fails_later(sandbox: Sandbox, graph: Send, send: Send) -> None:
    held(sandbox)
    key = wamid(send(type="audio", audio={"id": upload(graph)}))
    sandbox.settle()
    [status] = sandbox.receiver.statuses(key)
    assert status["errors"][0]["code"] == 131053


def test_a_link_that_cannot_be_fetched_fails_later(sandbox: Sandbox, send: Send) -> None:
    held(sandbox)
    key = wamid(send(type="image", image={"link": f"{sandbox.url}/nothing.png"}))
    sandbox.settle()
    assert [one["errors"][0]["code"] for one in sandbox.receiver.statuses(key)] == [131053]


# --- The pages and the memory ---------------------------------------------------------------------------------------


def test_the_pages_speak_the_readers_language_and_allow_no_inline_code(sandbox: Sandbox) -> None:
    for page in ("phone", "knobs"):
        german = sandbox.call("GET", f"/{page}/", headers={"Accept-Language": "de-DE"})
        english = sandbox.call("GET", f"/{page}/", headers={"Accept-Language": "fr"})
        assert b'<html lang="de">' in german.body
        assert b'<html lang="en">' in english.body
        assert "script-src 'self'" in german.headers["Content-Security-Policy"]
        assert b"{{" not in german.body


def test_another_sites_page_cannot_turn_the_knobs(sandbox: Sandbox) -> None:
    path = f"/sandbox/api/numbers/{NUMBER}/knobs"
    assert sandbox.call("PATCH", path, {}, headers={"Sec-Fetch-Site": "cross-site"}).status == 403


def test_a_restart_keeps_phones_messages_and_accounts(tmp_path: object) -> None:
    with running(tmp_path) as first:  # type: ignore[arg-type]
        first.add_account(
            "1", name="A", app_secret="s", token="t", numbers=[{"id": "2", "display_phone_number": "+4940111222"}]
        )
        first.add_account("1", webhook_url=first.receiver.url)
        first.receiver.answers[:] = [503]
        person = first.add_person(name="Ana", phone=PERSON)["id"]
        first.person(person, "2", "messages", type="text", text={"body": "Hi"})
    with running(tmp_path) as second:  # type: ignore[arg-type]
        assert second.call("GET", "/v25.0/2", token="t").body["id"] == "2"
        [message] = second.api("GET", f"/people/{person}/chats/2")["messages"]
        assert message["content"] == {"body": "Hi"}
        # What nobody took goes out again; its receiver of old is gone, so it waits.
        assert second.wait_until(lambda: second.webhooks_sent()["waiting"] == 1)
        assert second.add_person(name="Ben", phone="+4915100000001")["id"] != person
