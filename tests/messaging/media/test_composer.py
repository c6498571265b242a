"""Files in the composer and in the thread, as an agent meets them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from messaging.conversations.models import Conversation
from messaging.messages.models import Attachment, Direction, Message
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin
from tests.messaging.media import samples
from tests.messaging.media.conftest import stored
from tests.messaging.media.test_views import keep


@pytest.fixture
def conversation(acme: Company) -> Conversation:
    return begin(acme)


@pytest.fixture
def browser(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


def post(browser: Browser, conversation: Conversation, **fields: object) -> HttpResponse:
    values = {"text": "", "client_key": "k1", **fields}
    return browser.post(f"/inbox/{conversation.public_id}/files/", values)  # type: ignore[arg-type]


def file(data: bytes = samples.PDF, name: str = "offer.pdf", mime_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type=mime_type)


def sent(company: Company) -> list[Message]:
    with company_context(company):
        return list(Message.objects.filter(direction=Direction.OUTBOUND).order_by("pk"))


def test_files_and_words_are_sent_in_one_go(browser: Browser, acme: Company, conversation: Conversation) -> None:
    answer = post(browser, conversation, files=[file(), file(samples.photo(), "a.jpg")], text="Both")
    assert answer.status_code == 302
    assert [(one.type, one.text, one.author_name) for one in sent(acme)] == [
        ("document", "Both", "Agent"),
        ("image", "", "Agent"),
    ]


def test_a_recording_is_sent_as_a_voice_message(browser: Browser, acme: Company, conversation: Conversation) -> None:
    post(browser, conversation, voice=file(samples.recording(), "voice.webm", "audio/webm"))
    (message,) = sent(acme)
    assert message.content["voice"] is True


def test_a_double_click_sends_once(browser: Browser, acme: Company, conversation: Conversation) -> None:
    for _ in range(2):
        post(browser, conversation, files=file())
    assert len(sent(acme)) == 1


def test_it_answers_a_message_of_the_conversation(browser: Browser, acme: Company, conversation: Conversation) -> None:
    with company_context(acme):
        quoted = Message.objects.get()
        Message.objects.filter(pk=quoted.pk).update(external_id="wamid.1")
    post(browser, conversation, files=file(), quote=quoted.public_id)
    assert sent(acme)[0].reply_to_id == quoted.pk


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [(b"", "empty.txt", "is empty"), (samples.PROGRAM, "photo.jpg", "not what its name says")],
)
def test_a_bad_file_is_refused_with_words_and_nothing_is_half_sent(
    browser: Browser, acme: Company, conversation: Conversation, folder: Path, data: bytes, name: str, words: str
) -> None:
    answer = post(browser, conversation, files=[file(), file(data, name)], text="typed")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "typed</textarea>" in page
    assert (sent(acme), stored(folder)) == ([], [])


def test_no_file_at_all_is_refused(browser: Browser, conversation: Conversation) -> None:
    answer = post(browser, conversation, text="typed")
    assert answer.status_code == 422
    assert "Choose a file first" in answer.content.decode()


def test_the_words_are_counted_as_people_count(browser: Browser, acme: Company, conversation: Conversation) -> None:
    words = "a" + "\r\n" * 4000 + "b"
    assert post(browser, conversation, files=file(), text=words).status_code == 302
    assert sent(acme)[0].text == words.replace("\r\n", "\n")


def test_a_name_of_any_length_decides_nothing(browser: Browser, acme: Company, conversation: Conversation) -> None:
    assert post(browser, conversation, files=file(name="x" * 300 + ".pdf")).status_code == 302
    assert sent(acme)[0].content["filename"].endswith("x.pdf")


def test_after_24_hours_files_are_refused(browser: Browser, acme: Company, conversation: Conversation) -> None:
    with company_context(acme):
        Conversation.objects.update(last_inbound_at=conversation.created_at.replace(year=2020))
    answer = post(browser, conversation, files=file())
    assert answer.status_code == 422
    assert "24 hours are over" in answer.content.decode()


def test_the_rival_s_conversation_is_not_there(browser: Browser, globex: Company) -> None:
    assert post(browser, begin(globex), files=file()).status_code == 404


def test_without_a_script_it_is_a_plain_file_field(browser: Browser, conversation: Conversation) -> None:
    page = browser.get(f"/inbox/{conversation.public_id}/").content.decode()
    assert 'type="file" name="files" multiple' in page
    assert f'formaction="/inbox/{conversation.public_id}/files/" formenctype="multipart/form-data"' in page


# --- The thread -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "fields", "shown"),
    [
        (samples.photo(), {}, '<img src="/files/{id}/thumbnail/"'),
        (samples.recording("ogg"), {"is_voice": True}, "<audio"),
        (samples.film(), {}, "<video"),
        (samples.PDF, {"filename": "offer.pdf"}, "offer.pdf"),
        (samples.PAGE, {"filename": "<script>alert(1)</script>.html"}, "script&gt;.html"),
        (samples.PDF, {"state": "waiting"}, "Being fetched"),
        (samples.PDF, {"state": "failed", "error": "gone"}, "Not to be had any more"),
        (samples.PDF, {"state": "refused", "error": "unsafe:Eicar"}, "Eicar"),
    ],
)
def test_a_file_stands_in_the_thread_as_what_it_is(
    browser: Browser,
    acme: Company,
    conversation: Conversation,
    tmp_path: Path,
    data: bytes,
    fields: dict[str, object],
    shown: str,
) -> None:
    row = keep(acme, tmp_path, data, **fields)
    page = browser.get(f"/inbox/{conversation.public_id}/").content.decode()
    assert shown.format(id=row.public_id) in page


def test_many_files_cost_as_many_queries_as_one(
    browser: Browser,
    acme: Company,
    conversation: Conversation,
    tmp_path: Path,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    keep(acme, tmp_path, samples.PDF)
    browser.get(f"/inbox/{conversation.public_id}/")
    with django_assert_num_queries(19):
        browser.get(f"/inbox/{conversation.public_id}/")
    with company_context(acme):
        row = Attachment.objects.get()
        for _ in range(12):
            row.pk, row.public_id = None, f"{_:016}"
            row.save(force_insert=True)
    with django_assert_num_queries(19):
        browser.get(f"/inbox/{conversation.public_id}/")
