"""Sound and film: what is in them, and a recording of the browser as a voice message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.stream import Disposition

# The reader of each type. It is named, so that no list of addresses is taken for a film and followed.
READERS = {
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/mp4": "mov",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/webm": "matroska",
}
RATE, BIT_RATE = 48_000, 24_000
VOICE = "audio/ogg"


class Unreadable(Exception):
    """It is not what it seems to be, or it is broken."""


class TooLong(Exception):
    pass


@dataclass(frozen=True)
class Recording:
    """What a file holds; `seconds` is None when it does not say."""

    seconds: int | None
    film: str = ""
    sounds: tuple[str, ...] = ()
    channels: int = 0
    width: int | None = None
    height: int | None = None


def look_at(path: Path, mime_type: str) -> Recording:
    """The streams of a file, without playing it. Raises Unreadable."""
    with _opened(path, mime_type) as container:
        # The cover of a song is a picture beside the sound, and no film.
        films = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        sounds = container.streams.audio
        if not films and not sounds:
            raise Unreadable("neither sound nor film")
        seconds = container.duration / av.time_base if container.duration else None
        return Recording(
            seconds=max(1, round(seconds)) if seconds and 0 < seconds < 10**6 else None,
            film=films[0].codec_context.name if films else "",
            sounds=tuple(stream.codec_context.name for stream in sounds),
            channels=sounds[0].codec_context.channels if sounds else 0,
            width=films[0].codec_context.width or None if films else None,
            height=films[0].codec_context.height or None if films else None,
        )


def to_voice(path: Path, mime_type: str, target: Path, *, most_seconds: int) -> int:
    """Write a recording as OGG with Opus, in mono; its length. Raises Unreadable or TooLong."""
    samples = 0
    with _opened(path, mime_type) as source:
        if not source.streams.audio:
            raise Unreadable("no sound")
        with av.open(str(target), "w", format="ogg") as voice:
            stream = voice.add_stream("libopus", rate=RATE, layout="mono")
            stream.bit_rate = BIT_RATE
            resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
            frames = chain.from_iterable(map(resampler.resample, source.decode(audio=0)))
            for frame in chain(frames, _rest(resampler)):
                samples += frame.samples
                if samples > most_seconds * RATE:
                    raise TooLong
                voice.mux(stream.encode(frame))
            voice.mux(stream.encode(None))
    if not samples:
        raise Unreadable("no sound")
    return max(1, round(samples / RATE))


def _rest(resampler: AudioResampler) -> Iterator[av.AudioFrame]:
    yield from resampler.resample(None)


@contextmanager
def _opened(path: Path, mime_type: str) -> Iterator[InputContainer]:
    try:
        with path.open("rb") as source, av.open(source, "r", format=READERS[mime_type]) as container:
            yield container
    except (TooLong, Unreadable):
        raise
    except Exception as fault:
        raise Unreadable(type(fault).__name__) from fault
