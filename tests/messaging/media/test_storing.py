"""Stored files: none is lost track of, whoever dies in between; a folder and a bucket do the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from messaging.contacts import services as contacts
from tenants.context import company_context
from tenants.lib import clamd
from tenants.models import Company, DueWork, LooseFile
from tenants.services import files
from tests.messaging.inbox.conftest import begin
from tests.messaging.media import samples
from tests.messaging.media.conftest import stored
from tests.messaging.media.samples import put
from tests.messaging.media.test_views import keep

KEY = "t_acme/2026/05/abc"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return put(tmp_path, b"0123456789", "source")


def test_a_file_whose_worker_died_is_deleted_after_a_day(db: None, folder: Path, source: Path) -> None:
    files.loosen([KEY], timezone.now() + files.GRACE)
    files.store(source, KEY)
    assert files.delete_due() == 0
    assert files.delete_due(timezone.now() + files.GRACE) == 1
    assert (stored(folder), LooseFile.objects.count()) == ([], 0)


def test_a_file_that_a_row_speaks_of_stays(db: None, folder: Path, source: Path) -> None:
    files.loosen([KEY], timezone.now() + files.GRACE)
    files.store(source, KEY)
    files.keep([KEY])
    assert files.delete_due(timezone.now() + 2 * files.GRACE) == 0
    assert stored(folder) == [b"0123456789"]


def test_a_file_that_was_never_stored_is_forgotten(db: None) -> None:
    files.loosen([KEY])
    assert files.delete_due() == 1


def test_a_storage_that_is_away_is_asked_again_later(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_name: str) -> None:
        raise OSError("away")

    monkeypatch.setattr(storages["media"], "delete", away)
    files.loosen([KEY])
    assert files.delete_due() == 0
    assert LooseFile.objects.get().due_at > timezone.now()
    assert DueWork.objects.get(kind=files.KIND).due_at > timezone.now()


def test_a_removed_contact_takes_its_files_along(
    acme: Company,
    folder: Path,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    conversation = begin(acme)
    keep(acme, tmp_path, samples.photo())
    assert len(stored(folder)) == 2
    with company_context(acme):
        contacts.remove(conversation.contact)
    assert len(stored(folder)) == 2, "bytes go after the commit"
    files.delete_due()
    assert stored(folder) == []


# --- A bucket ---------------------------------------------------------------------------------------------------------


class Bucket:
    """As much of S3 as keeps files: put, get with a range, delete."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        key, wished = request.path, request.headers.get("Range", "")
        self.asked.append(f"{request.method} {wished}".strip())
        if request.method == "PUT":
            self.objects[key] = await request.read()
            return web.Response(headers={"ETag": '"1"'})
        if key not in self.objects:
            return web.Response(status=404)
        if request.method == "DELETE":
            del self.objects[key]
            return web.Response(status=204)
        data = self.objects[key]
        if wished:
            first, _, last = wished.removeprefix("bytes=").partition("-")
            data = data[int(first) : int(last) + 1]
        return web.Response(body=data, status=206 if wished else 200)


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    import asyncio

    from aiohttp.test_utils import TestServer

    found, loop, ready = Bucket(), asyncio.new_event_loop(), threading.Event()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    server = TestServer(app, host="127.0.0.1", loop=loop)

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.start_server(loop=loop))
        ready.set()
        loop.run_forever()
        loop.run_until_complete(server.close())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait(10)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    options = {
        "bucket_name": "files",
        "endpoint_url": str(server.make_url("/")),
        "region_name": "eu-central-1",
        "addressing_style": "path",
    }
    settings.STORAGES = {**settings.STORAGES, "media": {"BACKEND": "config.s3.S3Files", "OPTIONS": options}}
    yield found
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def test_a_bucket_keeps_files_and_hands_out_parts(bucket: Bucket, source: Path) -> None:
    files.store(source, KEY)
    assert list(bucket.objects) == [f"/files/{KEY}"]
    assert b"".join(files.pieces(KEY, 2, 4)) == b"2345"
    assert bucket.asked[-1] == "GET bytes=2-5"
    files.storage().delete(KEY)
    assert bucket.objects == {}


def test_a_file_that_is_not_in_the_bucket_is_trouble(bucket: Bucket) -> None:
    with pytest.raises(files.TROUBLE):
        list(files.pieces(KEY, 0, 4))


# --- The scanner ------------------------------------------------------------------------------------------------------


@pytest.fixture
def scanner(settings: Settings, tmp_path: Path) -> Iterator[Callable[[bytes], list[bytes]]]:
    """A clamd that says one thing to whoever asks; what it was given."""
    given: list[bytes] = []
    threads: list[threading.Thread] = []
    door = socket.socket(socket.AF_UNIX)
    path = tmp_path / "clamd.sock"
    door.bind(str(path))
    door.listen()
    settings.CLAMD_ADDRESS = str(path)

    def answers(said: bytes) -> list[bytes]:
        def serve() -> None:
            connection, _ = door.accept()
            with connection, connection.makefile("rb") as asked:
                assert asked.read(10) == b"zINSTREAM\0"
                while length := int.from_bytes(asked.read(4), "big"):
                    given.append(asked.read(length))
                connection.sendall(said)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return given

    yield answers
    door.close()
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize(
    ("said", "finding"), [(b"stream: OK\0", None), (b"stream: Eicar-Test-Signature FOUND\0", "Eicar-Test-Signature")]
)
def test_clamd_is_given_the_file_and_believed(scanner: Any, source: Path, said: bytes, finding: str | None) -> None:
    given = scanner(said)
    assert clamd.scan(source) == finding
    assert b"".join(given) == b"0123456789"


@pytest.mark.parametrize("said", [b"", b"INSTREAM size limit exceeded. ERROR\0"])
def test_a_scanner_that_cannot_tell_says_neither(scanner: Any, source: Path, said: bytes) -> None:
    scanner(said)
    with pytest.raises(clamd.ScannerAway):
        clamd.scan(source)


def test_a_scanner_that_is_not_there_says_neither(settings: Settings, source: Path, tmp_path: Path) -> None:
    settings.CLAMD_ADDRESS = str(tmp_path / "nobody.sock")
    with pytest.raises(clamd.ScannerAway):
        clamd.scan(source)
