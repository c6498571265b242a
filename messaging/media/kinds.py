"""What a file is, by its content. Its name and what the sender says of it decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import puremagic

HEAD, TAIL = 8 * 1024, 64 * 1024
ANYTHING = "application/octet-stream"


class Family(StrEnum):
    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"
    DOCUMENT = "document"
    # What a device may run: never shown, and never sent under a harmless name.
    ACTIVE = "active"
    OTHER = "other"


@dataclass(frozen=True)
class Found:
    family: Family
    mime_type: str
    ending: str = ""


def identify(path: Path) -> Found:
    """What the first and last bytes of a file say."""
    head, tail = _ends(path)
    for test in (_by_signature, _box, _riff, _zip, _text):
        if found := test(head, tail):
            return found
    return _otherwise(head)


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as source:
        head = source.read(HEAD)
        source.seek(max(0, path.stat().st_size - TAIL))
        return head, source.read(TAIL)


JPEG = Found(Family.PICTURE, "image/jpeg", "jpg")
PNG = Found(Family.PICTURE, "image/png", "png")
GIF = Found(Family.PICTURE, "image/gif", "gif")
WEBP = Found(Family.PICTURE, "image/webp", "webp")
OGG = Found(Family.SOUND, "audio/ogg", "ogg")
MP3 = Found(Family.SOUND, "audio/mpeg", "mp3")
AAC = Found(Family.SOUND, "audio/aac", "aac")
M4A = Found(Family.SOUND, "audio/mp4", "m4a")
AMR = Found(Family.SOUND, "audio/amr", "amr")
WAV = Found(Family.SOUND, "audio/wav", "wav")
MP4 = Found(Family.FILM, "video/mp4", "mp4")
MOV = Found(Family.FILM, "video/quicktime", "mov")
THREE_GP = Found(Family.FILM, "video/3gpp", "3gp")
WEBM = Found(Family.FILM, "video/webm", "webm")
PDF = Found(Family.DOCUMENT, "application/pdf", "pdf")
PROGRAM = Found(Family.ACTIVE, "application/x-executable", "exe")
SCRIPT = Found(Family.ACTIVE, "text/x-script", "sh")
PAGE = Found(Family.ACTIVE, "text/html", "html")
DRAWING = Found(Family.ACTIVE, "image/svg+xml", "svg")
PLAIN = Found(Family.DOCUMENT, "text/plain", "txt")

SIGNATURES: list[tuple[bytes, Found]] = [
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"OggS", OGG),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
    (b"\xff\xf1", AAC),
    (b"\xff\xf9", AAC),
    (b"#!AMR", AMR),
    (b"\x1a\x45\xdf\xa3", WEBM),
    (b"%PDF-", PDF),
    # The old files of Office share one container.
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Found(Family.DOCUMENT, "application/x-ole-storage", "doc")),
    (b"MZ", PROGRAM),
    (b"\x7fELF", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"#!", SCRIPT),
]


def _by_signature(head: bytes, _tail: bytes) -> Found | None:
    return next((found for signature, found in SIGNATURES if head.startswith(signature)), None)


# The brands of ISO's container, by how they begin.
BRANDS: list[tuple[bytes, Found]] = [
    (b"avif", Found(Family.OTHER, "image/avif", "avif")),
    (b"avis", Found(Family.OTHER, "image/avif", "avif")),
    (b"hei", Found(Family.OTHER, "image/heic", "heic")),
    (b"hev", Found(Family.OTHER, "image/heic", "heic")),
    (b"mif1", Found(Family.OTHER, "image/heic", "heic")),
    (b"msf1", Found(Family.OTHER, "image/heic", "heic")),
    (b"M4A", M4A),
    (b"M4B", M4A),
    (b"qt", MOV),
    (b"3g", THREE_GP),
]


def _box(head: bytes, _tail: bytes) -> Found | None:
    if head[4:8] != b"ftyp":
        return None
    return next((found for brand, found in BRANDS if head[8:12].startswith(brand)), MP4)


def _riff(head: bytes, _tail: bytes) -> Found | None:
    return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12]) if head.startswith(b"RIFF") else None


OFFICE = "application/vnd.openxmlformats-officedocument"
# Names that stand in the directory at the end of an archive.
ARCHIVES: list[tuple[bytes, Found]] = [
    (b"word/document", Found(Family.DOCUMENT, f"{OFFICE}.wordprocessingml.document", "docx")),
    (b"xl/workbook", Found(Family.DOCUMENT, f"{OFFICE}.spreadsheetml.sheet", "xlsx")),
    (b"ppt/presentation", Found(Family.DOCUMENT, f"{OFFICE}.presentationml.presentation", "pptx")),
    (b"META-INF/MANIFEST.MF", Found(Family.ACTIVE, "application/java-archive", "jar")),
    (b"AndroidManifest.xml", Found(Family.ACTIVE, "application/vnd.android.package-archive", "apk")),
]


def _zip(head: bytes, tail: bytes) -> Found | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    plain = Found(Family.DOCUMENT, "application/zip", "zip")
    return next((found for name, found in ARCHIVES if name in tail), plain)


def _text(head: bytes, _tail: bytes) -> Found | None:
    """Words; what a browser would run is told apart, also behind a byte order mark or a comment."""
    try:
        # A sign may be cut at the end of the head.
        said = head.decode("utf-8-sig") if len(head) < HEAD else head[:-4].decode("utf-8-sig", "ignore")
    except UnicodeDecodeError:
        return None
    if "\0" in said or not said.strip():
        return None
    lower = said.lower()
    if "<svg" in lower:
        return DRAWING
    if any(mark in lower for mark in MARKS):
        return PAGE
    is_text = all(sign.isprintable() or sign.isspace() for sign in said[:1024])
    return PLAIN if is_text else None


MARKS = ("<html", "<!doctype", "<script", "<body", "<iframe", "<?php", "<img", "javascript:")


def _otherwise(head: bytes) -> Found:
    """A word for the download; what is shown was found above."""
    try:
        said = puremagic.from_string(head, mime=True) if head else ""
    except (puremagic.PureError, ValueError):
        said = ""
    is_harmless = said.startswith("application/") and len(said) <= 100
    return Found(Family.OTHER, said if is_harmless else ANYTHING)


# --- Names ------------------------------------------------------------------------------------------------------------

# What an ending promises; a program under one of these is a disguise.
HARMLESS = frozenset(
    "jpg jpeg png gif webp heic bmp tif tiff mp3 m4a aac ogg opus amr wav mp4 mov 3gp webm avi pdf txt csv"
    " doc docx xls xlsx ppt pptx odt ods odp rtf".split()
)
OLD_OFFICE = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_disguised(found: Found, name: str) -> bool:
    """A program, or a page with scripts, under the name of a picture or a document."""
    return found.family == Family.ACTIVE and ending_of(name) in HARMLESS


def mime_type_of(found: Found, name: str) -> str:
    """The old files of Office are told apart by their ending alone; it changes nothing about what is done with them."""
    if found.mime_type == "application/x-ole-storage":
        return OLD_OFFICE.get(ending_of(name), found.mime_type)
    return found.mime_type
