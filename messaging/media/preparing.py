"""A file as it may be kept: looked at, pictures made anew, its size and sum counted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from messaging.media import kinds, pictures, sounds
from messaging.media.kinds import ANYTHING, Family, Found
from messaging.media.scanning import scan
from messaging.media.words import EMPTY, UNSAFE

# What a page may show by itself: pictures we have made anew, sound and film whose content is what it says.
SHOWN = frozenset({*pictures.FORMATS, *sounds.READERS, "audio/webm"} - {"audio/amr"})
BARE = {"video/quicktime": "audio/mp4", "video/3gpp": "audio/mp4", "video/mp4": "audio/mp4", "video/webm": "audio/webm"}


class Refused(Exception):
    """It must not be kept; `code` is one of words.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Prepared:
    """A file ready to be stored. `thumbnail` is a small picture of it."""

    path: Path
    mime_type: str
    size: int
    sha256: str
    thumbnail: Path | None = None
    width: int | None = None
    height: int | None = None
    duration: int | None = None


def look_over(path: Path) -> Found:
    """What it is. Raises Refused when it is empty, or when the scanner says no."""
    if not path.stat().st_size:
        raise Refused(EMPTY)
    if finding := scan(path):
        raise Refused(UNSAFE + finding)
    return kinds.identify(path)


def prepare(path: Path, name: str = "") -> Prepared:
    """Whatever came, as it is kept; what cannot be opened safely is only ever a download. Raises Refused.

    The new files lie beside the old one.
    """
    found = look_over(path)
    try:
        if found.family == Family.PICTURE:
            return as_picture(path, found)
        if found.family in (Family.SOUND, Family.FILM):
            return as_recording(path, found)
    except (pictures.NoPicture, sounds.Unreadable):
        return as_it_is(path, ANYTHING)
    return as_it_is(path, kinds.mime_type_of(found, name))


def as_it_is(path: Path, mime_type: str) -> Prepared:
    with path.open("rb") as source:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    return Prepared(path, mime_type, path.stat().st_size, sha256)


def as_picture(path: Path, found: Found) -> Prepared:
    """Raises NoPicture."""
    clean, small = path.with_suffix(".clean"), path.with_suffix(".small")
    picture = pictures.clean(path, found.mime_type, clean, small)
    return with_thumbnail(clean, small, picture)


def with_thumbnail(path: Path, small: Path, picture: pictures.Picture) -> Prepared:
    plain = as_it_is(path, picture.mime_type)
    return replace(plain, thumbnail=small, width=picture.width, height=picture.height)


def as_recording(path: Path, found: Found) -> Prepared:
    """Raises Unreadable."""
    held = sounds.look_at(path, found.mime_type)
    plain = as_it_is(path, type_of(found, held))
    return replace(plain, width=held.width, height=held.height, duration=held.seconds)


def type_of(found: Found, held: sounds.Recording) -> str:
    """A film without pictures is sound, as the recorders of browsers write it."""
    return found.mime_type if held.film else BARE.get(found.mime_type, found.mime_type)
