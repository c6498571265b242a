"""Files that people send: fetched once, kept only when they are good, waited for while nobody is to blame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from messaging.channels.base import MessageType, NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.capabilities import TABLE
from messaging.channels.models import Channel, ChannelState
from messaging.inbox import attached
from messaging.live.models import LiveEvent
from messaging.media import claiming, fetching
from messaging.media.words import reason_of
from messaging.messages.models import Attachment, AttachmentState
from messaging.messages.nudging import FETCH
from tenants.models import Company, DueWork, LooseFile
from tests.messaging.media import samples
from tests.messaging.media.conftest import Provider, stored

Comes = Callable[..., Attachment]
pytestmark = pytest.mark.usefixtures("inside")


def later(row: Attachment) -> Attachment:
    return Attachment.objects.get(pk=row.pk)


def due_again(row: Attachment) -> None:
    Attachment.objects.filter(pk=row.pk).update(due_at=timezone.now())


def refused(code: str, **fields: Any) -> SendFailed:
    return SendFailed(ProviderError(code, "No", **fields))


def test_a_file_that_comes_is_due_at_once(inside: Company, comes: Comes) -> None:
    row = comes(samples.PDF)
    assert row.state == AttachmentState.WAITING
    assert DueWork.objects.get(kind=FETCH, company=inside).due_at <= timezone.now()


def test_it_is_fetched_looked_at_and_stored(inside: Company, comes: Comes, folder: Path) -> None:
    row = comes(samples.photo(), MessageType.IMAGE)
    fetching.fetch(inside)
    row = later(row)
    assert (row.state, row.mime_type, row.due_at, row.source_url) == ("stored", "image/jpeg", None, "")
    assert (row.width, row.height) == (40, 60)
    assert (folder / row.key).stat().st_size == row.size
    assert (folder / row.thumbnail_key).exists()
    assert not LooseFile.objects.exists()


def test_the_open_page_is_told(inside: Company, comes: Comes) -> None:
    row = comes(samples.PDF)
    before = LiveEvent.objects.filter(kind="message").count()
    fetching.fetch(inside)
    told = LiveEvent.objects.filter(kind="message").order_by("seq").last()
    assert told
    assert told.payload["id"] == row.message.public_id
    assert LiveEvent.objects.filter(kind="message").count() == before + 1


def test_nothing_a_person_chose_is_in_the_place_it_lies_at(inside: Company, comes: Comes, folder: Path) -> None:
    row = comes(samples.PDF, filename="../../x.html")
    fetching.fetch(inside)
    row = later(row)
    assert row.filename == "x.html"
    schema, year, month, name = row.key.split("/")
    assert (schema, f"{year}/{month}") == (inside.schema_name, f"{timezone.now():%Y/%m}")
    assert len(name) == 32
    assert name.isalnum()
    assert [path for path in folder.rglob("*") if "x.html" in path.name] == []


def test_several_are_fetched_at_a_time(inside: Company, comes: Comes, provider: Provider) -> None:
    for _ in range(4):
        comes(samples.PDF)
    fetching.fetch(inside)
    assert provider.most_at_once == 4
    assert Attachment.objects.filter(state="stored").count() == 4


def test_more_than_a_round_takes_asks_for_another(inside: Company, comes: Comes) -> None:
    for _ in range(fetching.AT_ONCE + 1):
        comes(samples.PDF)
    assert fetching.fetch(inside) is True
    assert fetching.fetch(inside) is False
    assert not Attachment.objects.filter(state="waiting").exists()


def test_a_second_round_fetches_nothing_twice(inside: Company, comes: Comes, provider: Provider) -> None:
    comes(samples.PDF)
    fetching.fetch(inside)
    fetching.fetch(inside)
    assert provider.asked == 1


def test_a_file_somebody_works_on_is_left_to_them(inside: Company, comes: Comes, provider: Provider) -> None:
    comes(samples.PDF)
    claiming.claim(AttachmentState.WAITING, timezone.now(), 1)
    fetching.fetch(inside)
    assert provider.asked == 0


def test_a_worker_that_died_is_followed_by_another(inside: Company, comes: Comes) -> None:
    row = comes(samples.PDF)
    claiming.claim(AttachmentState.WAITING, timezone.now(), 1)
    fetching.fetch(inside, timezone.now() + claiming.LEASE)
    assert (later(row).state, later(row).attempts) == ("stored", 2)


def test_a_worker_thought_dead_changes_nothing_any_more(
    inside: Company, comes: Comes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one has fetched it meanwhile: what the late one stored belongs to nobody and goes."""
    row = comes(samples.PDF)
    real = fetching.store

    def slow(prepared: Any) -> Any:
        kept = real(prepared)
        monkeypatch.setattr(fetching, "store", real)
        due_again(row)
        fetching.fetch(inside)
        return kept

    monkeypatch.setattr(fetching, "store", slow)
    fetching.fetch(inside)
    assert len(stored(folder)) == 2
    assert (folder / later(row).key).exists()
    assert not LooseFile.objects.filter(key=later(row).key).exists()
    assert LooseFile.objects.count() == 1


def test_a_file_that_kills_its_workers_is_parked(inside: Company, comes: Comes, provider: Provider) -> None:
    row = comes(samples.PDF)
    now = timezone.now()
    for turn in range(claiming.MOST_ATTEMPTS):
        assert claiming.claim(AttachmentState.WAITING, now + turn * claiming.LEASE, 1)
    fetching.fetch(inside, now + (claiming.MOST_ATTEMPTS + 1) * claiming.LEASE)
    assert (later(row).state, later(row).error, provider.asked) == ("failed", "poisoned", 0)


# --- What is not kept -------------------------------------------------------------------------------------------------


def test_an_empty_file_is_refused(inside: Company, comes: Comes, folder: Path) -> None:
    row = comes(b"")
    fetching.fetch(inside)
    assert (later(row).state, later(row).error) == ("refused", "empty")
    assert stored(folder) == []


def test_a_file_larger_than_the_channel_s_limit_is_refused(
    inside: Company, comes: Comes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setitem(TABLE, "whatsapp", replace(TABLE["whatsapp"], inbound_bytes=1000))  # type: ignore[arg-type]
    row = comes(b"x" * 1001)
    fetching.fetch(inside)
    assert (later(row).state, later(row).error) == ("refused", "too_large")


def test_what_the_scanner_refuses_is_not_stored(
    inside: Company, comes: Comes, folder: Path, settings: Settings
) -> None:
    settings.MEDIA_SCANNER = "tests.messaging.media.test_preparing.finds_eicar"
    row = comes(b"X5O EICAR")
    fetching.fetch(inside)
    assert later(row).state == "refused"
    assert "Eicar-Test" in reason_of("whatsapp", later(row).error)
    assert stored(folder) == []


def away(path: Path) -> None:
    from tenants.lib.clamd import ScannerAway

    raise ScannerAway("nobody")


def test_a_scanner_that_is_away_keeps_the_file_waiting(
    inside: Company, comes: Comes, folder: Path, settings: Settings
) -> None:
    settings.MEDIA_SCANNER = f"{__name__}.away"
    row = comes(samples.PDF)
    fetching.fetch(inside)
    assert (later(row).state, later(row).attempts, stored(folder)) == ("waiting", 0, [])


# --- The provider's no ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["http_404", "404", "100"])
def test_a_file_that_is_gone_is_asked_for_again_and_then_given_up(
    inside: Company, comes: Comes, provider: Provider, code: str
) -> None:
    row = comes()
    for _ in range(fetching.TRIES_FOR_MISSING):
        assert later(row).state == "waiting"
        due_again(row)
        provider.refusals = [refused(code)]
        fetching.fetch(inside)
    assert (later(row).state, later(row).due_at) == ("failed", None)
    assert "Not to be had any more" in attached.shown(later(row), "whatsapp")["reason"]


@pytest.mark.parametrize("fault", [NotSent("x"), NoAnswer("x"), TimeoutError(), refused("131016", http_status=503)])
def test_a_provider_that_is_away_costs_time_and_no_attempt(
    inside: Company, comes: Comes, provider: Provider, fault: Exception
) -> None:
    row = comes(samples.PDF)
    provider.refusals = [fault]
    before = timezone.now()
    fetching.fetch(inside)
    row = later(row)
    assert (row.state, row.attempts) == ("waiting", 0)
    assert row.due_at
    assert row.due_at > before
    due_again(row)
    fetching.fetch(inside)
    assert later(row).state == "stored"


def test_after_a_week_a_file_is_given_up(inside: Company, comes: Comes, provider: Provider) -> None:
    row = comes(samples.PDF)
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=8))
    provider.refusals = [NotSent("x")]
    fetching.fetch(inside)
    assert (later(row).state, later(row).error) == ("failed", "gone")


def test_a_file_that_is_slow_is_tried_again_later(
    inside: Company, comes: Comes, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle(*_: Any, **__: Any) -> Any:
        yield b"x"
        await asyncio.sleep(30)

    monkeypatch.setattr(provider, "download", trickle)
    monkeypatch.setattr(fetching, "PATIENCE", 0.01)
    row = comes(samples.PDF)
    fetching.fetch(inside)
    assert (later(row).state, later(row).attempts) == ("waiting", 0)


def test_a_refused_token_stops_the_channel_and_the_file_waits(
    inside: Company, comes: Comes, provider: Provider, channel: Channel
) -> None:
    row = comes(samples.PDF)
    provider.refusals = [refused("190", http_status=401)]
    fetching.fetch(inside)
    channel.refresh_from_db()
    assert channel.state == ChannelState.RECONNECT
    due_again(row)
    fetching.fetch(inside)
    assert (later(row).state, provider.asked) == ("waiting", 1)
    Channel.objects.update(state=ChannelState.CONNECTED)
    fetching.fetch(inside)
    assert later(row).state == "stored"


def test_a_damaged_secret_stops_the_channel(inside: Company, comes: Comes, channel: Channel) -> None:
    row = comes(samples.PDF)
    Channel.objects.update(token="damaged")
    fetching.fetch(inside)
    channel.refresh_from_db()
    assert (channel.state, later(row).state) == (ChannelState.RECONNECT, "waiting")


def test_a_fault_in_one_file_does_not_cost_the_others(
    inside: Company, comes: Comes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = comes(samples.PDF, filename="bad.pdf"), comes(samples.PDF, filename="good.pdf")
    real = fetching.prepare

    def prepare(path: Path, name: str) -> Any:
        if name == "bad.pdf":
            raise ZeroDivisionError
        return real(path, name)

    monkeypatch.setattr(fetching, "prepare", prepare)
    fetching.fetch(inside)
    assert (later(bad).state, later(bad).attempts, later(good).state) == ("waiting", 1, "stored")


def test_a_storage_that_is_away_keeps_the_file_waiting(
    inside: Company, comes: Comes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tenants.services.files.store", full)
    row = comes(samples.PDF)
    fetching.fetch(inside)
    assert (later(row).state, later(row).attempts) == ("waiting", 0)
    # Nothing is lost track of: whatever was written is deleted in a day.
    assert LooseFile.objects.get().due_at > timezone.now()


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["empty", "too_large", "gone", "poisoned", "unsafe:Eicar", "foreign_host", "12345"])
def test_every_end_has_words(code: str) -> None:
    assert reason_of("whatsapp", code).endswith((".", "Eicar"))


@pytest.fixture(autouse=True)
def no_nudges(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Iterator[None]:
    with django_capture_on_commit_callbacks():
        yield
