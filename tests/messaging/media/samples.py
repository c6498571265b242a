"""Files as people send them, good and bad, made here so that none has to be kept."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PROGRAM = b"MZ\x90\x00" + b"\0" * 500
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"
DRAWING = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    target = BytesIO()
    Image.new(mode, size, options.pop("colour", None) or ("red" if mode == "RGB" else None)).save(
        target, kind, **options
    )
    return target.getvalue()


def photo() -> bytes:
    """As a camera held upright writes it: lying on its side, with the place it was taken at."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825)[2] = (53.0, 33.0, 0.0)
    image = Image.new("RGB", (60, 40), "red")
    image.paste("blue", (0, 0, 10, 40))
    target = BytesIO()
    image.save(target, "JPEG", exif=exif, comment=b"SecretWords", quality=95)
    return target.getvalue()


def photo_of_many() -> bytes:
    """As many telephones write it: further pictures of the same moment lie behind the first."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    target = BytesIO()
    behind = Image.new("RGB", (30, 20), "blue")
    Image.new("RGB", (60, 40), "red").save(target, "MPO", save_all=True, append_images=[behind], exif=exif)
    return target.getvalue()


def noise(side: int) -> bytes:
    """A picture that no compression makes small."""
    target = BytesIO()
    Image.effect_noise((side, side), 100).convert("RGB").save(target, "PNG", compress_level=1)
    return target.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A small PNG that says it is as large as a house."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@lru_cache
def recording(form: str = "webm", codec: str = "libopus", *, channels: str = "stereo", seconds: int = 1) -> bytes:
    """Sound as a browser's recorder writes it."""
    target = BytesIO()
    with av.open(target, "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000, layout=channels)
        resampler = av.AudioResampler(format=stream.format, layout=channels, rate=48_000)
        for number in range(seconds * 50):
            frame = av.AudioFrame(format="s16", layout="mono", samples=960)
            frame.sample_rate, frame.pts = 48_000, number * 960
            frame.planes[0].update(struct.pack("<960h", *((index % 97 - 48) * 200 for index in range(960))))
            for resampled in resampler.resample(frame):
                container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return target.getvalue()


@lru_cache
def song() -> bytes:
    """Sound with a cover."""
    target = BytesIO()
    with av.open(target, "w", format="mp3") as container:
        sound = container.add_stream("libmp3lame", rate=48_000, layout="stereo")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt, cover.disposition = 64, 48, "yuvj420p", Disposition.attached_pic
        picture = av.VideoFrame.from_image(Image.new("RGB", (64, 48), "red")).reformat(format="yuvj420p")
        for number in range(50):
            frame = av.AudioFrame(format="s16p", layout="stereo", samples=1152)
            frame.sample_rate, frame.pts = 48_000, number * 1152
            container.mux(sound.encode(frame))
        container.mux([*cover.encode(picture), *cover.encode(None), *sound.encode(None)])
    return target.getvalue()


@lru_cache
def film(codec: str = "libx264") -> bytes:
    """Half a second of moving pictures."""
    target = BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            image = Image.new("RGB", (64, 48), (number * 40, 0, 0))
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode(None))
    return target.getvalue()


def put(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
