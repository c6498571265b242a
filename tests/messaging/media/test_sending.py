"""Files to a person: refused at the door with words, or queued, handed over, and sent in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from messaging.channels.base import NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.models import Channel, ChannelState
from messaging.conversations.models import Conversation
from messaging.media import claiming, sounds, uploading
from messaging.media.sending import FilesRefused, Upload, send_files
from messaging.messages import pump
from messaging.messages.models import Attachment, AttachmentState, Lane, Message, MessageState
from messaging.messages.nudging import UPLOAD
from messaging.messages.services import WindowClosed, reply, retry
from tenants.models import Company, DueWork, LooseFile, User
from tenants.services import files
from tests.messaging.media import samples
from tests.messaging.media.conftest import Provider, stored
from tests.messaging.messages.conftest import make_conversation

pytestmark = pytest.mark.usefixtures("inside", "provider")


def chosen(*files: tuple[str, bytes]) -> list[Upload]:
    return [Upload(name, BytesIO(data)) for name, data in files]


def voice(data: bytes) -> list[Upload]:
    return [Upload("voice.webm", BytesIO(data), is_voice=True)]


def send(conversation: Conversation, uploads: Sequence[Upload], **options: Any) -> list[Message]:
    return send_files(conversation, author=None, uploads=uploads, **options)


def later(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


PDF = ("offer.pdf", samples.PDF)


# --- Queued -----------------------------------------------------------------------------------------------------------


def test_a_file_is_stored_and_its_message_waits_for_the_provider(
    inside: Company, conversation: Conversation, agent: User, folder: Path
) -> None:
    (message,) = send_files(conversation, author=agent, uploads=chosen(PDF), caption="Our offer")
    assert (message.state, message.due_at, message.type, message.text) == ("queued", None, "document", "Our offer")
    assert message.author_name == agent.name
    row = message.attachments.get()
    assert (row.state, row.filename, row.mime_type) == ("outgoing", "offer.pdf", "application/pdf")
    assert stored(folder) == [samples.PDF]
    assert DueWork.objects.filter(kind=UPLOAD, company=inside).exists()
    assert not LooseFile.objects.exists()


def test_several_files_are_a_message_each_with_the_words_at_the_first(conversation: Conversation) -> None:
    sent = send(conversation, chosen(("a.jpg", samples.photo()), PDF), caption="Both")
    assert [(one.type, one.text) for one in sent] == [("image", "Both"), ("document", "")]


def test_words_that_no_caption_holds_go_before_as_a_text(conversation: Conversation) -> None:
    sent = send(conversation, chosen(PDF), caption="x" * 1025)
    assert [one.type for one in sent] == ["text", "document"]


def test_a_voice_message_has_no_caption_so_the_words_go_before_it(conversation: Conversation) -> None:
    sent = send(conversation, voice(samples.recording()), caption="Listen")
    assert [(one.type, one.text) for one in sent] == [("text", "Listen"), ("audio", "")]


def test_the_first_quotes_what_is_answered(conversation: Conversation) -> None:
    quoted = reply(conversation, author=None, text="Hello")
    sent = send(conversation, chosen(PDF, PDF), reply_to=quoted)
    assert [one.reply_to for one in sent] == [quoted, None]


def test_the_same_form_again_sends_nothing_new(conversation: Conversation, folder: Path) -> None:
    first = send(conversation, chosen(PDF, PDF), client_key="k")
    again = send(conversation, chosen(PDF, PDF), client_key="k")
    assert first == again
    assert Attachment.objects.count() == len(stored(folder)) == 2


# --- Refused at the door ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.txt", b"", "is empty"),
        ("invoice.jpg", samples.PROGRAM, "not what its name says"),
        ("invoice.pdf", samples.PAGE, "not what its name says"),
        ("photo.png", samples.DRAWING, "not what its name says"),
    ],
)
def test_a_bad_file_is_refused_with_words_and_nothing_is_queued(
    conversation: Conversation, folder: Path, name: str, data: bytes, words: str
) -> None:
    with pytest.raises(FilesRefused) as refused:
        send(conversation, chosen(PDF, (name, data)))
    (problem,) = refused.value.problems
    assert words in problem
    assert name in problem
    assert not Message.objects.exists()
    assert stored(folder) == []


def test_a_file_larger_than_any_the_channel_takes_is_refused(conversation: Conversation, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as hole:
        hole.truncate(100 * 1024 * 1024 + 1)
    with large.open("rb") as source, pytest.raises(FilesRefused, match="larger than 100 MB"):
        send(conversation, [Upload("large.bin", source)])


def test_more_than_ten_at_once_are_refused(conversation: Conversation) -> None:
    with pytest.raises(FilesRefused, match="At most 10"):
        send(conversation, chosen(*[PDF] * 11))


def test_a_closed_window_is_told_before_anything_is_stored(conversation: Conversation, folder: Path) -> None:
    conversation.last_inbound_at = timezone.now() - timedelta(hours=25)
    with pytest.raises(WindowClosed):
        send(conversation, chosen(PDF))
    assert stored(folder) == []


def test_a_recording_without_sound_is_refused(conversation: Conversation) -> None:
    with pytest.raises(FilesRefused, match="holds no sound"):
        send(conversation, voice(samples.PDF))


# --- Made to fit ------------------------------------------------------------------------------------------------------


def content_of(conversation: Conversation, name: str, data: bytes) -> tuple[str, dict[str, Any], bytes]:
    (message,) = send(conversation, chosen((name, data)))
    row = message.attachments.get()
    return message.type, message.content, b"".join(files.pieces(row.key, 0, row.size or 0))


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (samples.picture("WEBP"), "image/png"),
        (samples.picture("WEBP", mode="RGBA"), "image/png"),
        (samples.picture("JPEG", mode="CMYK"), "image/jpeg"),
        (samples.picture("PNG", mode="I;16"), "image/png"),
        (samples.picture("GIF"), "image/png"),
        (samples.picture("JPEG", (5000, 3000)), "image/jpeg"),
    ],
)
def test_a_picture_of_any_kind_is_made_one_the_channel_takes(
    conversation: Conversation, data: bytes, mime_type: str
) -> None:
    kind, content, kept = content_of(conversation, "a.bin", data)
    assert (kind, content["mime_type"]) == ("image", mime_type)
    with Image.open(BytesIO(kept)) as image:
        assert image.mode in {"RGB", "RGBA"}
        assert max(image.size) <= 4096


def test_a_picture_too_large_for_the_channel_is_made_smaller(conversation: Conversation) -> None:
    data = samples.noise(2000)
    assert len(data) > 5 * 1024 * 1024
    kind, content, kept = content_of(conversation, "noise.png", data)
    assert (kind, content["mime_type"]) == ("image", "image/jpeg")
    assert len(kept) == content["size"] <= 5 * 1024 * 1024


@pytest.mark.parametrize("data", [samples.photo(), samples.photo_of_many()])
def test_what_the_camera_wrote_into_a_photo_is_not_sent_along(conversation: Conversation, data: bytes) -> None:
    kind, _, kept = content_of(conversation, "a.jpg", data)
    assert kind == "image"
    assert b"SecretCam" not in kept


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("film.mp4", samples.film(), "video"),
        ("film.mp4", samples.film("mpeg4"), "document"),
        ("song.mp3", samples.recording("mp3", "libmp3lame"), "audio"),
        ("song.mp3", samples.song(), "audio"),
        ("voice.ogg", samples.recording("ogg", channels="mono"), "audio"),
        ("stereo.ogg", samples.recording("ogg"), "document"),
        ("sound.wav", samples.recording("wav", "pcm_s16le"), "document"),
        ("photo.heic", samples.HEIC, "document"),
        ("moving.gif", b"GIF89a" + b"\0" * 50, "document"),
        ("run.exe", samples.PROGRAM, "document"),
        ("notes.txt", "Grüße".encode(), "document"),
    ],
)
def test_what_the_channel_would_not_play_goes_as_a_document(
    conversation: Conversation, name: str, data: bytes, kind: str
) -> None:
    found, content, _ = content_of(conversation, name, data)
    assert found == kind
    assert content.get("filename", "") == (name if kind == "document" else "")


@pytest.mark.parametrize(("form", "codec"), [("webm", "libopus"), ("mp4", "aac"), ("ogg", "libopus")])
def test_what_any_browser_records_is_sent_as_a_voice_message(
    conversation: Conversation, tmp_path: Path, form: str, codec: str
) -> None:
    (message,) = send(conversation, voice(samples.recording(form, codec, seconds=2)))
    row = message.attachments.get()
    assert message.content["voice"] is True
    assert message.content["mime_type"] == "audio/ogg; codecs=opus"
    assert (row.is_voice, row.mime_type, row.duration) == (True, "audio/ogg", 2)
    kept = samples.put(tmp_path, b"".join(files.pieces(row.key, 0, row.size or 0)))
    held = sounds.look_at(kept, "audio/ogg")
    assert (held.sounds, held.channels) == (("opus",), 1)


# --- Handed over and sent ---------------------------------------------------------------------------------------------


def pump_replies(company: Company) -> None:
    pump.deliver(company, Lane.REPLIES)


def test_a_message_is_sent_when_its_file_is_at_the_provider(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    (message,) = send(conversation, chosen(PDF), caption="Our offer")
    pump_replies(inside)
    assert provider.sent == []
    uploading.upload(inside)
    assert provider.uploaded == [(samples.PDF, "application/pdf", "offer.pdf")]
    pump_replies(inside)
    (sent,) = provider.sent
    assert sent.content["media_id"] == "media-1"
    assert sent.content["caption"] == "Our offer"
    assert later(message).state == MessageState.SENT
    assert message.attachments.get().state == AttachmentState.STORED


def test_what_is_written_later_waits_for_the_file(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    send(conversation, chosen(PDF))
    reply(conversation, author=None, text="Did you get it?")
    pump_replies(inside)
    assert provider.sent == []
    uploading.upload(inside)
    pump_replies(inside)
    assert [one.type for one in provider.sent] == ["document", "text"]


def test_another_person_s_messages_do_not_wait(
    inside: Company, channel: Channel, conversation: Conversation, provider: Provider
) -> None:
    send(conversation, chosen(PDF))
    reply(make_conversation(channel, 1), author=None, text="Hello")
    pump_replies(inside)
    assert [one.type for one in provider.sent] == ["text"]


def test_a_lane_in_which_only_a_file_is_waited_for_is_left_alone(
    inside: Company, channel: Channel, conversation: Conversation
) -> None:
    """Also on a channel that has rested: no pump is asked for again and again."""
    Channel.objects.update(resting_until=timezone.now() - timedelta(hours=1))
    send(conversation, chosen(PDF))
    pump_replies(inside)
    assert DueWork.objects.get(kind="deliver-replies", company=inside).due_at > timezone.now() + timedelta(hours=1)


def test_a_worker_that_died_is_followed_by_another(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    """An upload may be done twice: nothing is sent by it."""
    (message,) = send(conversation, chosen(PDF))
    claiming.claim(AttachmentState.OUTGOING, timezone.now(), 1)
    uploading.upload(inside)
    assert later(message).due_at is None
    uploading.upload(inside, timezone.now() + claiming.LEASE)
    assert later(message).content["media_id"] == "media-1"


def test_a_file_refused_for_good_fails_its_message_and_lets_the_next_go(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    (message,) = send(conversation, chosen(PDF))
    reply(conversation, author=None, text="Hello")
    for _ in range(2):
        provider.refusals = [SendFailed(ProviderError("131053", "Media upload error", http_status=400))]
        Attachment.objects.filter(state="outgoing").update(due_at=timezone.now())
        uploading.upload(inside)
    assert (later(message).state, later(message).error_code) == (MessageState.FAILED, "131053")
    pump_replies(inside)
    assert [one.type for one in provider.sent] == ["text"]


def test_a_provider_that_is_away_is_tried_again_and_in_the_end_a_person_is_told(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    (message,) = send(conversation, chosen(PDF))
    tries = 0
    while later(message).state == MessageState.QUEUED:
        provider.refusals = [NotSent("x") if tries % 2 else NoAnswer("x")]
        Attachment.objects.filter(state="outgoing").update(due_at=timezone.now())
        uploading.upload(inside)
        tries += 1
    assert tries == claiming.MOST_ATTEMPTS
    assert later(message).error_code == "upload_failed"


def test_files_that_kill_their_workers_fail_their_messages(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    sent = send(conversation, chosen(PDF, PDF))
    now = timezone.now()
    for turn in range(claiming.MOST_ATTEMPTS):
        assert len(claiming.claim(AttachmentState.OUTGOING, now + turn * claiming.LEASE, 2)) == 2
    uploading.upload(inside, now + (claiming.MOST_ATTEMPTS + 1) * claiming.LEASE)
    assert [later(one).error_code for one in sent] == ["upload_failed"] * 2
    assert provider.uploaded == []


def test_a_damaged_secret_stops_the_channel_and_the_message_waits(
    inside: Company, channel: Channel, conversation: Conversation
) -> None:
    (message,) = send(conversation, chosen(PDF))
    Channel.objects.update(token="damaged")
    uploading.upload(inside)
    channel.refresh_from_db()
    assert (channel.state, later(message).state) == (ChannelState.RECONNECT, MessageState.QUEUED)
    assert message.attachments.get().attempts == 0


def test_it_may_be_sent_again_and_then_is_handed_over_again(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    (message,) = send(conversation, chosen(PDF))
    Message.objects.update(state="failed", error_code="upload_failed")
    Attachment.objects.update(state="stored", due_at=None)
    retry(message)
    assert (later(message).state, later(message).due_at) == (MessageState.QUEUED, None)
    uploading.upload(inside)
    pump_replies(inside)
    assert later(message).state == MessageState.SENT


@pytest.mark.parametrize(("days", "uploads"), [(1, 1), (31, 2)])
def test_a_file_the_provider_still_has_is_not_handed_over_again(
    inside: Company, conversation: Conversation, provider: Provider, days: int, uploads: int
) -> None:
    (message,) = send(conversation, chosen(PDF))
    uploading.upload(inside)
    Message.objects.update(state="failed", error_code="131000", due_at=None)
    Attachment.objects.update(uploaded_at=timezone.now() - timedelta(days=days))
    retry(later(message))
    uploading.upload(inside)
    pump_replies(inside)
    assert len(provider.uploaded) == uploads
    assert [one.content["media_id"] for one in provider.sent] == [f"media-{uploads}"]


def test_a_refused_token_stops_the_channel_and_the_message_waits(
    inside: Company, channel: Channel, conversation: Conversation, provider: Provider
) -> None:
    (message,) = send(conversation, chosen(PDF))
    provider.refusals = [SendFailed(ProviderError("190", http_status=401))]
    uploading.upload(inside)
    channel.refresh_from_db()
    assert (channel.state, later(message).state) == (ChannelState.RECONNECT, MessageState.QUEUED)
    assert message.attachments.get().attempts == 0


def test_a_stored_file_that_is_gone_fails_its_message(
    inside: Company, conversation: Conversation, folder: Path
) -> None:
    (message,) = send(conversation, chosen(PDF))
    (folder / message.attachments.get().key).unlink()
    uploading.upload(inside)
    assert later(message).error_code == "file_missing"


def test_a_message_that_was_given_up_meanwhile_is_not_woken(
    inside: Company, conversation: Conversation, provider: Provider
) -> None:
    (message,) = send(conversation, chosen(PDF))
    Message.objects.update(state="failed", error_code="given_up")
    uploading.upload(inside)
    assert (later(message).state, later(message).due_at) == (MessageState.FAILED, None)
