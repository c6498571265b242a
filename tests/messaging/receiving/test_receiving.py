"""What people write, by its type: into their thread once, whatever order it comes in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from messaging.channels.base import Address, InboundMessage, MediaRef, MessageType, ProviderError
from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.live.models import LiveEvent
from messaging.messages.models import Attachment, AttachmentState, Direction, Message
from messaging.messages.receiving import TargetMissing, receive
from tenants.context import company_context
from tenants.models import Company
from tests.messaging.channels.payloads import element

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANA = Address("+15550001111", "US.1349")


@pytest.fixture
def channel(acme: Company) -> Iterator[Channel]:
    with company_context(acme):
        yield Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Laden", external_id="1065", token="-")


def inbound(
    kind: MessageType = MessageType.TEXT,
    content: Mapping[str, Any] | None = None,
    *,
    id: str = "wamid.1",
    minute: int = 0,
    **more: Any,
) -> InboundMessage:
    return InboundMessage(
        external_id=id,
        sender=more.pop("sender", ANA),
        type=kind,
        at=NOON + timedelta(minutes=minute),
        content={"body": "Hi"} if content is None else content,
        sender_name="Ana",
        **more,
    )


def edit(body: str, *, minute: int = 1, original: str = "wamid.1") -> InboundMessage:
    content = {"original_id": original, "type": "text", "body": body}
    return inbound(MessageType.EDIT, content, id=f"wamid.edit.{minute}", minute=minute)


def revoke(*, original: str = "wamid.1") -> InboundMessage:
    return inbound(MessageType.REVOKE, {"original_id": original}, id="wamid.revoke", minute=5)


def react(emoji: str, *, minute: int = 1, target: str = "wamid.1") -> InboundMessage:
    content = {"message_id": target, "emoji": emoji}
    return inbound(MessageType.REACTION, content, id=f"wamid.reaction.{minute}", minute=minute)


# --- A message --------------------------------------------------------------------------------------------------------


def test_a_text_is_in_the_thread_at_the_provider_s_time(channel: Channel) -> None:
    message = receive(channel, inbound())
    assert message is not None
    assert (message.text, message.direction, message.state, message.at) == ("Hi", "inbound", "received", NOON)
    conversation = message.conversation
    conversation.refresh_from_db()
    assert (conversation.preview, conversation.unread_count, conversation.last_inbound_at) == ("Hi", 1, NOON)


def test_browsers_are_told(channel: Channel) -> None:
    message = receive(channel, inbound())
    assert message is not None
    event = LiveEvent.objects.get(kind="message")
    assert event.payload == {"id": message.public_id, "conversation": message.conversation.public_id}


def test_the_same_message_again_is_nothing_new(channel: Channel) -> None:
    receive(channel, inbound())
    assert receive(channel, inbound()) is None
    assert Message.objects.count() == LiveEvent.objects.filter(kind="message").count() == 1
    assert Conversation.objects.get().unread_count == 1


def test_the_same_id_on_another_channel_is_another_message(channel: Channel) -> None:
    other = Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Zwei", external_id="2", token="-")
    receive(channel, inbound())
    receive(other, inbound())
    assert Conversation.objects.count() == Message.objects.count() == 2
    assert Contact.objects.filter(name="Ana").count() == 1


def test_a_message_opens_a_resolved_conversation(channel: Channel) -> None:
    receive(channel, inbound())
    Conversation.objects.update(state=ConversationState.RESOLVED, resolved_at=NOON)
    receive(channel, inbound(id="wamid.2"))
    assert Conversation.objects.get().state == ConversationState.OPEN


def test_an_old_message_that_comes_late_moves_nothing_back(channel: Channel) -> None:
    receive(channel, inbound(content={"body": "new"}, minute=60))
    receive(channel, inbound(content={"body": "old"}, id="wamid.2"))
    conversation = Conversation.objects.get()
    assert (conversation.preview, conversation.last_inbound_at) == ("new", NOON + timedelta(hours=1))


def test_a_quoted_message_is_linked(channel: Channel) -> None:
    first = receive(channel, inbound())
    answer = receive(channel, inbound(id="wamid.2", reply_to="wamid.1"))
    lost = receive(channel, inbound(id="wamid.3", reply_to="wamid.unknown"))
    assert answer is not None
    assert lost is not None
    assert (answer.reply_to, lost.reply_to) == (first, None)


@pytest.mark.parametrize(
    ("name", "text", "preview"),
    [
        ("location", "Museum, Main St", "📍"),
        ("contacts", "", "👤"),
        ("button_reply", "", ""),
        ("image", "look", "📷 look"),
    ],
)
def test_bodies_of_the_provider_are_understood(channel: Channel, name: str, text: str, preview: str) -> None:
    message = receive(channel, element(name))
    assert message is not None
    assert message.type == element(name).type
    assert message.content == dict(element(name).content)
    message.conversation.refresh_from_db()
    assert message.conversation.preview.startswith(preview)


@pytest.mark.parametrize(
    ("kind", "content", "text", "preview"),
    [
        (MessageType.IMAGE, {"caption": "look\nhere"}, "look\nhere", "📷 look here"),
        (MessageType.STICKER, {}, "", "🖼️"),
        (MessageType.LOCATION, {"latitude": 1, "longitude": 2, "name": "Hafen"}, "Hafen", "📍 Hafen"),
        (MessageType.CONTACTS, {"contacts": [{"name": {"formatted_name": "Bo"}}, {}]}, "Bo", "👤 Bo"),
        (MessageType.ANSWER, {"kind": "button", "id": "1", "title": "Ja"}, "Ja", "Ja"),
        (MessageType.ORDER, {"catalog_id": "1", "text": "two", "items": []}, "two", "🛒 two"),
        (MessageType.UNSUPPORTED, {"label": "poll"}, "", "❔"),
    ],
)
def test_each_type_has_its_words(
    channel: Channel, kind: MessageType, content: dict[str, Any], text: str, preview: str
) -> None:
    message = receive(channel, inbound(kind, content))
    assert message is not None
    assert (message.type, message.text, message.content) == (kind, text, content)
    assert Conversation.objects.get().preview.rstrip("\ufe0f") == preview.rstrip("\ufe0f")


def test_an_ad_and_what_is_missing_are_kept_with_the_message(channel: Channel) -> None:
    error = ProviderError("131051", "Unsupported")
    message = receive(channel, inbound(referral={"source_id": "12"}, errors=(error,)))
    assert message is not None
    assert message.content["referral"] == {"source_id": "12"}
    assert message.content["errors"][0]["code"] == "131051"


def test_a_text_longer_than_any_channel_allows_is_cut(channel: Channel) -> None:
    message = receive(channel, inbound(content={"body": "wort " * 400_000}))
    assert message is not None
    assert len(message.text) == 20_000


# --- Files ------------------------------------------------------------------------------------------------------------


def test_a_file_waits_to_be_fetched(channel: Channel) -> None:
    media = MediaRef("654", "image/jpeg", "46+8=", "https://lookaside.example/x", voice=True)
    message = receive(channel, inbound(MessageType.IMAGE, {}, media=media))
    attachment = Attachment.objects.get(message=message)
    assert (attachment.state, attachment.external_id) == (AttachmentState.WAITING, "654")
    assert (attachment.mime_type, attachment.source_url, attachment.is_voice) == ("image/jpeg", media.url, True)
    assert attachment.due_at is not None


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("Rechnung Mai.pdf", "Rechnung Mai.pdf"),
        ("../../x.html", "x.html"),
        ("..\\..\\x.html", "x.html"),
        ("/etc/passwd", "passwd"),
        ("..", ""),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\nb\u200b.pdf", "ab.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("<img src=x>.png", "<img src=x>.png"),
    ],
)
def test_a_file_s_name_is_only_a_name(channel: Channel, named: str, kept: str) -> None:
    receive(channel, inbound(MessageType.DOCUMENT, {}, media=MediaRef("654", filename=named)))
    assert Attachment.objects.get().filename == kept


# --- Reactions --------------------------------------------------------------------------------------------------------


def test_a_reaction_stands_at_its_message_and_is_no_message(channel: Channel) -> None:
    receive(channel, inbound())
    receive(channel, react("❤️"))
    assert Message.objects.get().reaction_in == "❤️"
    assert Conversation.objects.get().unread_count == 1


def test_a_reaction_to_our_message_counts_too(channel: Channel) -> None:
    theirs = receive(channel, inbound())
    assert theirs is not None
    ours = Message.objects.create(
        conversation=theirs.conversation, channel=channel, direction=Direction.OUTBOUND, external_id="wamid.OUT"
    )
    receive(channel, react("👍", target="wamid.OUT"))
    ours.refresh_from_db()
    assert ours.reaction_in == "👍"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_reaction_stands_in_any_order(channel: Channel, order: tuple[int, ...]) -> None:
    receive(channel, inbound())
    told = [react("👍", minute=1), react("❤️", minute=2), react("", minute=3)]
    for number in order:
        receive(channel, told[number])
    assert Message.objects.get().reaction_in == ""


def test_a_reaction_to_nothing_is_said_so(channel: Channel) -> None:
    with pytest.raises(TargetMissing):
        receive(channel, react("❤️"))
    assert not Conversation.objects.exists()


# --- Edits and revokes ------------------------------------------------------------------------------------------------


def test_an_edit_changes_the_words_and_keeps_the_former(channel: Channel) -> None:
    receive(channel, inbound())
    receive(channel, edit("fixed"))
    message = Message.objects.get()
    assert (message.text, message.content["body"]) == ("fixed", "fixed")
    assert [former["text"] for former in message.content["edits"]] == ["Hi"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_edit_stands_in_any_order(channel: Channel, order: tuple[int, ...]) -> None:
    told = [inbound(), edit("fixed", minute=1), edit("fixed again", minute=2)]
    for number in (*order, *order):
        receive(channel, told[number])
    message = Message.objects.get()
    assert message.text == "fixed again"
    assert Conversation.objects.get().unread_count == 1


def test_what_was_taken_back_is_marked(channel: Channel) -> None:
    receive(channel, inbound())
    receive(channel, revoke())
    assert receive(channel, revoke()) is None
    message = Message.objects.get()
    assert (message.text, message.content["revoked_at"]) == ("Hi", (NOON + timedelta(minutes=5)).isoformat())


def test_a_message_that_comes_after_its_revoke_is_not_shown(channel: Channel) -> None:
    receive(channel, revoke())
    receive(channel, inbound())
    message = Message.objects.get()
    assert message.text == ""
    assert "revoked_at" in message.content


@pytest.mark.parametrize("change", [edit("forged", original="wamid.OUT"), revoke(original="wamid.OUT")])
def test_people_do_not_change_our_messages(channel: Channel, change: InboundMessage) -> None:
    theirs = receive(channel, inbound())
    assert theirs is not None
    Message.objects.create(
        conversation=theirs.conversation, channel=channel, direction="outbound", external_id="wamid.OUT", text="ours"
    )
    assert receive(channel, change) is None
    assert Message.objects.get(external_id="wamid.OUT").text == "ours"


# --- The person -------------------------------------------------------------------------------------------------------


def test_a_new_number_is_an_entry_of_the_thread(channel: Channel) -> None:
    receive(channel, inbound())
    changed = element("system_number_changed")
    receive(channel, changed)
    assert receive(channel, changed) is None
    entry = Message.objects.get(direction=Direction.EVENT)
    assert entry.content["event"] == "number_changed"
    conversation = Conversation.objects.get()
    assert (conversation.identity.external_id, conversation.unread_count) == ("+15550002222", 1)
    assert not ChannelIdentity.objects.filter(external_id="+15550001111").exists()


def test_a_new_user_id_is_an_entry_of_the_thread(channel: Channel) -> None:
    receive(channel, inbound())
    receive(channel, element("system_user_id_changed"))
    assert set(ChannelIdentity.objects.filter(kind="whatsapp").values_list("external_id", flat=True)) == {
        "+15550001111",
        "US.2222",
        "US.ENT.222",
    }
    assert Conversation.objects.get().contact.name == "Ana"


def test_a_new_number_of_nobody_we_know_opens_no_conversation(channel: Channel) -> None:
    assert receive(channel, element("system_number_changed")) is None
    assert not Conversation.objects.exists()


def test_a_text_of_somebody_known_takes_few_queries(
    channel: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    receive(channel, inbound())
    with django_assert_max_num_queries(16):
        receive(channel, inbound(id="wamid.2"))
