"""A file as a channel takes it: decided by its content and the channel's limits, changed where that helps."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from messaging.channels.base import MessageType
from messaging.channels.capabilities import Capabilities
from messaging.channels.checks import size
from messaging.media import kinds, pictures, sounds
from messaging.media.kinds import ANYTHING, Family, Found
from messaging.media.preparing import Prepared, Refused, as_it_is, as_recording, look_over, with_thumbnail
from messaging.media.words import EMPTY, UNSAFE
from tenants.lib.clamd import ScannerAway
from tenants.lib.text import file_name

LONGEST_VOICE = 10 * 60
VOICE_TYPE = "audio/ogg; codecs=opus"


class FileRefused(Exception):
    """It cannot be sent; the words are for whoever chose it."""


@dataclass(frozen=True)
class Fitted:
    """A file with the kind of message that carries it; `content` lacks the provider's id for it."""

    type: MessageType
    content: Mapping[str, Any]
    prepared: Prepared
    name: str = ""
    is_voice: bool = False


def fit(path: Path, given_name: str, can: Capabilities, *, is_voice: bool = False) -> Fitted:
    """Raises FileRefused. The new files lie beside the old one."""
    name = file_name(given_name) or _("File")
    most = max((limits.most_bytes for limits in can.files.values()), default=0)
    if path.stat().st_size > most:
        raise FileRefused(_("“%(name)s” is larger than %(size)s.") % {"name": name, "size": size(most)})
    found = _look_over(path, name)
    if kinds.is_disguised(found, name):
        raise FileRefused(_("“%(name)s” is a program or a web page and not what its name says.") % {"name": name})
    if is_voice:
        return _voice(path, found, can)
    return _picture(path, found, can) or _recording(path, found, can) or _document(path, found, name, can)


def _look_over(path: Path, name: str) -> Found:
    try:
        return look_over(path)
    except Refused as refusal:
        if refusal.code == EMPTY:
            raise FileRefused(_("“%(name)s” is empty.") % {"name": name}) from refusal
        finding = refusal.code.removeprefix(UNSAFE)
        words = _("The virus scanner refused “%(name)s”: %(finding)s") % {"name": name, "finding": finding}
        raise FileRefused(words) from refusal
    except ScannerAway as away:
        words = _("“%(name)s” cannot be checked for viruses at the moment. Try again in a minute.") % {"name": name}
        raise FileRefused(words) from away


def _content(prepared: Prepared) -> dict[str, Any]:
    return {"mime_type": prepared.mime_type, "size": prepared.size}


def _picture(path: Path, found: Found, can: Capabilities) -> Fitted | None:
    """Made anew without what the camera wrote into it; as JPEG or PNG and smaller where the channel wants that."""
    limits = can.files.get(MessageType.IMAGE)
    if limits is None or found.family != Family.PICTURE:
        return None
    clean, small = path.with_suffix(".clean"), path.with_suffix(".small")
    try:
        picture = pictures.fit(path, found.mime_type, clean, small, most_bytes=limits.most_bytes)
    except pictures.NoPicture:
        return None
    prepared = with_thumbnail(clean, small, picture)
    return Fitted(MessageType.IMAGE, _content(prepared), prepared)


def _recording(path: Path, found: Found, can: Capabilities) -> Fitted | None:
    """Film or sound of a kind the channel plays; None when it can go as a document only."""
    if found.family not in (Family.SOUND, Family.FILM):
        return None
    try:
        prepared = as_recording(path, found)
        held = sounds.look_at(path, found.mime_type)
    except sounds.Unreadable:
        return None
    type_ = MessageType.VIDEO if held.film else MessageType.AUDIO
    limits = can.files.get(type_)
    plays = _film_plays(held) if held.film else _sound_plays(prepared.mime_type, held)
    if limits is None or not plays or prepared.size > limits.most_bytes or prepared.mime_type not in limits.mime_types:
        return None
    content = _content(prepared)
    if prepared.mime_type == "audio/ogg":
        content["mime_type"] = VOICE_TYPE
    return Fitted(type_, content, prepared)


def _film_plays(held: sounds.Recording) -> bool:
    return held.film == "h264" and len(held.sounds) <= 1 and set(held.sounds) <= {"aac"}


def _sound_plays(mime_type: str, held: sounds.Recording) -> bool:
    return mime_type != "audio/ogg" or (held.sounds == ("opus",) and held.channels == 1)


def _voice(path: Path, found: Found, can: Capabilities) -> Fitted:
    """Whatever a browser records, as the one form that is played as a voice message."""
    target = path.with_suffix(".voice")
    try:
        seconds = sounds.to_voice(path, found.mime_type, target, most_seconds=LONGEST_VOICE)
    except sounds.TooLong as problem:
        raise FileRefused(
            _("A voice message may last %(count)d minutes.") % {"count": LONGEST_VOICE // 60}
        ) from problem
    except sounds.Unreadable as problem:
        raise FileRefused(_("This recording holds no sound. Record it again.")) from problem
    prepared = replace(as_it_is(target, sounds.VOICE), duration=seconds)
    content = {**_content(prepared), "mime_type": VOICE_TYPE, "voice": True}
    return Fitted(MessageType.AUDIO, content, prepared, is_voice=True)


def _document(path: Path, found: Found, name: str, can: Capabilities) -> Fitted:
    """Any file. What the channel would not take as picture, sound or film goes to it as bytes of no kind."""
    limits = can.files.get(MessageType.DOCUMENT)
    prepared = _kept_as(path, found, name)
    if limits is None or prepared.size > limits.most_bytes:
        raise FileRefused(_("“%(name)s” cannot be sent on %(channel)s.") % {"name": name, "channel": can.name})
    is_played = found.family in (Family.PICTURE, Family.SOUND, Family.FILM)
    mime_type = ANYTHING if is_played else prepared.mime_type
    content = {**_content(prepared), "mime_type": mime_type, "filename": name}
    return Fitted(MessageType.DOCUMENT, content, prepared, name=name)


def _kept_as(path: Path, found: Found, name: str) -> Prepared:
    """A film too large for the channel is still played here."""
    if found.family in (Family.SOUND, Family.FILM):
        with suppress(sounds.Unreadable):
            return as_recording(path, found)
    is_played = found.family in (Family.PICTURE, Family.SOUND, Family.FILM)
    return as_it_is(path, ANYTHING if is_played else kinds.mime_type_of(found, name))
