"""A file is served to those who may read the conversation, and can do nothing in their browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import storages
from pytest_django import DjangoAssertNumQueries

from messaging.conversations.models import Conversation
from messaging.media.storing import store
from messaging.messages.models import Attachment, Message
from tenants.context import company_context
from tenants.models import Company, StaffVisit, User
from tenants.services import files
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin
from tests.messaging.media import samples
from tests.messaging.media.samples import put


def keep(company: Company, folder: Path, data: bytes, **fields: object) -> Attachment:
    """A stored file at the newest message."""
    from messaging.media.preparing import prepare

    with company_context(company):
        message = Message.objects.order_by("-pk").first()
        kept = store(prepare(put(folder, data)))
        files.keep(kept.keys)
        values = {"state": "stored", **kept.columns(), **fields}
        return Attachment.objects.create(message=message, **values)


@pytest.fixture
def conversation(acme: Company) -> Conversation:
    return begin(acme)


@pytest.fixture
def browser(acme: Company, agent: User, conversation: Conversation, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


@pytest.fixture
def film(acme: Company, conversation: Conversation, tmp_path: Path) -> Attachment:
    return keep(acme, tmp_path, samples.film())


def url(row: Attachment) -> str:
    return f"/files/{row.public_id}/"


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_picture_is_shown_and_has_a_small_one(browser: Browser, acme: Company, tmp_path: Path) -> None:
    row = keep(acme, tmp_path, samples.photo())
    answer = browser.get(url(row))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert len(body(answer)) == row.size == int(answer.headers["Content-Length"])
    small = browser.get(url(row) + "thumbnail/")
    assert (small.headers["Content-Type"], small.content[8:12]) == ("image/webp", b"WEBP")


@pytest.mark.parametrize("data", [samples.PAGE, samples.DRAWING, samples.PROGRAM, samples.PDF, samples.HEIC])
def test_everything_else_is_a_download_of_no_type(browser: Browser, acme: Company, tmp_path: Path, data: bytes) -> None:
    answer = browser.get(url(keep(acme, tmp_path, data, filename="x.html")))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="x.html"'


def test_a_row_that_claims_to_be_a_page_is_still_a_download(browser: Browser, acme: Company, tmp_path: Path) -> None:
    answer = browser.get(url(keep(acme, tmp_path, samples.PAGE, mime_type="text/html")))
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_file_can_do_nothing_in_the_browser(browser: Browser, film: Attachment) -> None:
    for answer in (browser.get(url(film)), browser.head(url(film))):
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"].startswith("private")


def test_what_is_shown_may_be_saved_too(browser: Browser, film: Attachment) -> None:
    assert browser.get(url(film) + "?download").headers["Content-Disposition"].startswith("attachment")


def test_a_name_of_any_signs_is_saved_by_that_name(browser: Browser, acme: Company, tmp_path: Path) -> None:
    answer = browser.get(url(keep(acme, tmp_path, samples.PDF, filename='../Größe "1"\r\nX-Evil: 1.pdf')))
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe")
    assert "\r" not in disposition
    assert "X-Evil" not in answer.headers


def test_a_known_file_is_not_sent_again(browser: Browser, film: Attachment) -> None:
    etag = browser.get(url(film)).headers["ETag"]
    answer = browser.get(url(film), headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


# --- Parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wished", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=3-999999999", 3, None)],
)
def test_a_player_gets_the_part_it_asks_for(
    browser: Browser, film: Attachment, wished: str, first: int, last: int | None
) -> None:
    whole = body(browser.get(url(film)))
    part = whole[first:] if last is None else whole[first : last + 1]
    answer = browser.get(url(film), headers={"Range": wished})
    assert answer.status_code == 206
    assert body(answer) == part
    start = first % len(whole)
    assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(len(part))


@pytest.mark.parametrize("wished", ["bytes=999999999-", "bytes=-0"])
def test_a_part_beyond_the_end_is_not_there(browser: Browser, film: Attachment, wished: str) -> None:
    answer = browser.get(url(film), headers={"Range": wished})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{film.size}")


@pytest.mark.parametrize("wished", ["bytes=9-3", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=-", "bytes=１-２"])
def test_what_nobody_understands_gets_the_whole(browser: Browser, film: Attachment, wished: str) -> None:
    answer = browser.get(url(film), headers={"Range": wished})
    assert (answer.status_code, len(body(answer))) == (200, film.size)


def test_a_part_of_another_state_of_the_file_is_the_whole(browser: Browser, film: Attachment) -> None:
    answer = browser.get(url(film), headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert answer.status_code == 200


# --- Who may, and what is not there -----------------------------------------------------------------------------------


def test_the_rival_s_file_is_not_there(
    browser: Browser, film: Attachment, globex: Company, rival: User, at: Callable[..., Browser]
) -> None:
    stranger = at(globex, rival)
    assert stranger.get(url(film)).status_code == 404
    assert stranger.get(url(film) + "thumbnail/").status_code == 404


def test_a_visit_may_look(film: Attachment, acme: Company, staff: User, at: Callable[..., Browser]) -> None:
    visit = StaffVisit.objects.create(company=acme, staff=staff, reason="ticket", ends_at="2099-01-01T00:00Z")
    assert at(acme).sign_in(staff, acme, visit=visit).get(url(film)).status_code == 200


@pytest.mark.parametrize("state", ["waiting", "refused", "failed"])
def test_a_file_that_is_not_here_is_a_404(browser: Browser, acme: Company, film: Attachment, state: str) -> None:
    with company_context(acme):
        Attachment.objects.update(state=state)
    assert browser.get(url(film)).status_code == 404


def test_a_file_whose_bytes_are_gone_is_a_404(browser: Browser, film: Attachment) -> None:
    storages["media"].delete(film.key)
    assert browser.get(url(film)).status_code == 404


def test_a_film_has_no_small_picture(browser: Browser, film: Attachment) -> None:
    assert browser.get(url(film) + "thumbnail/").status_code == 404


def test_a_large_file_costs_as_many_queries_as_a_small_one(
    browser: Browser, film: Attachment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get(url(film))
    with django_assert_num_queries(5):
        body(browser.get(url(film)))
