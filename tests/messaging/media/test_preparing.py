"""What a file is decided by its content; pictures are made anew; what is not known for sure is only a download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_django import Settings

from messaging.media import kinds, pictures
from messaging.media.preparing import SHOWN, Refused, prepare
from tenants.lib.text import file_name
from tests.messaging.media import samples
from tests.messaging.media.samples import put


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (samples.picture("JPEG"), "image/jpeg"),
        (samples.photo_of_many(), "image/jpeg"),
        (samples.picture("PNG"), "image/png"),
        (samples.picture("WEBP"), "image/webp"),
        (samples.picture("GIF"), "image/gif"),
        (samples.recording("ogg"), "audio/ogg"),
        (samples.recording("webm"), "audio/webm"),
        (samples.recording("mp4", "aac"), "audio/mp4"),
        (samples.film(), "video/mp4"),
    ],
)
def test_what_is_what_it_seems_is_shown(tmp_path: Path, data: bytes, mime_type: str) -> None:
    prepared = prepare(put(tmp_path, data, "virus.exe"))
    assert prepared.mime_type == mime_type
    assert mime_type in SHOWN


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (samples.PROGRAM, "photo.jpg"),
        (samples.PAGE, "photo.png"),
        (b"\xef\xbb\xbf  <!-- x --> <HTML>" + samples.PAGE, "photo.png"),
        (samples.DRAWING, "drawing.svg"),
        (samples.HEIC, "photo.heic"),
        (samples.PDF, "offer.pdf"),
        (samples.picture("JPEG")[:40], "half.jpg"),
        (samples.picture("PNG")[:60], "half.png"),
        (b"OggS" + b"\0" * 300, "voice.ogg"),
        (b"\0\0\0\x18ftypmp42" + b"\xff" * 300, "film.mp4"),
        (b"#EXTM3U\nhttp://169.254.169.254/latest\n", "film.mp4"),
        (samples.picture("BMP"), "picture.bmp"),
        (samples.picture("TIFF"), "picture.tiff"),
        (b"\0", "nothing.bin"),
        (bytes(range(256)) * 40, "noise.mp3"),
    ],
)
def test_everything_else_is_only_a_download(tmp_path: Path, data: bytes, name: str) -> None:
    assert prepare(put(tmp_path, data), name).mime_type not in SHOWN


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        prepare(put(tmp_path, b""))
    assert refused.value.code == "empty"


def test_a_photo_is_turned_and_tells_nothing_of_its_camera(tmp_path: Path) -> None:
    prepared = prepare(put(tmp_path, samples.photo()))
    data = prepared.path.read_bytes()
    assert b"SecretCam" not in data
    assert b"SecretWords" not in data
    assert b"Exif" not in data
    assert (prepared.width, prepared.height) == (40, 60)
    with Image.open(prepared.path) as image:
        assert image.size == (40, 60)
        assert not image.getexif()
        assert image.convert("RGB").getpixel((20, 3))[2] > 200  # type: ignore[index]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_no_kind_of_picture_keeps_words_of_its_camera(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    options: dict[str, Any] = {"comment": b"SecretCam"} if kind == "GIF" else {"exif": exif}
    prepared = prepare(put(tmp_path, samples.picture(kind, **options)))
    assert prepared.mime_type in SHOWN
    assert b"SecretCam" not in prepared.path.read_bytes()


def test_a_moving_picture_still_moves(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    frames[0].save(tmp_path / "m.gif", save_all=True, append_images=frames[1:], duration=80)
    prepared = prepare(tmp_path / "m.gif")
    with Image.open(prepared.path) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]


def test_a_picture_that_would_fill_the_memory_is_never_opened(tmp_path: Path) -> None:
    prepared = prepare(put(tmp_path, samples.bomb()))
    assert prepared.mime_type not in SHOWN
    assert prepared.thumbnail is None


def test_a_small_picture_stands_for_a_large_one(tmp_path: Path) -> None:
    prepared = prepare(put(tmp_path, samples.picture("PNG", (3000, 1500))))
    assert prepared.thumbnail
    with Image.open(prepared.thumbnail) as image:
        assert max(image.size) == pictures.THUMBNAIL


def test_the_length_of_a_recording_is_known(tmp_path: Path) -> None:
    assert prepare(put(tmp_path, samples.recording("ogg", seconds=3))).duration == 3


def test_office_files_are_told_apart_by_what_is_in_them(tmp_path: Path) -> None:
    word = b"PK\x03\x04" + b"\0" * 60 + b"[Content_Types].xml" + b"word/document.xml" + b"PK\x05\x06"
    assert kinds.identify(put(tmp_path, word)).ending == "docx"
    assert kinds.identify(put(tmp_path, b"PK\x03\x04" + b"\0" * 60)).ending == "zip"


# --- The scanner ------------------------------------------------------------------------------------------------------


def finds_eicar(path: Path) -> str | None:
    return "Eicar-Test" if b"EICAR" in path.read_bytes() else None


def test_what_the_scanner_refuses_is_refused_with_its_reason(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_SCANNER = f"{__name__}.finds_eicar"
    with pytest.raises(Refused) as refused:
        prepare(put(tmp_path, b"X5O EICAR"))
    assert refused.value.code == "unsafe:Eicar-Test"
    assert prepare(put(tmp_path, samples.PDF)).mime_type == "application/pdf"


# --- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/x.html", "x.html"),
        ("..\\..\\x.html", "x.html"),
        ("C:\\Users\\ana\\offer.pdf", "offer.pdf"),
        ("..", ""),
        (".", ""),
        (".htaccess", "htaccess"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b\u200d\u2066b.pdf", "ab.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("Größe 1 – final.pdf", "Größe 1 – final.pdf"),
        ("", ""),
    ],
)
def test_a_name_is_never_a_path_and_hides_nothing(given: str, shown: str) -> None:
    assert file_name(given) == shown


def test_a_long_name_keeps_its_ending() -> None:
    assert file_name("x" * 300 + ".pdf") == "x" * 116 + ".pdf"
    assert len(file_name("x" * 300)) == 120
