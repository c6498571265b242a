"""Pictures, made anew: turned the right way, without place, device or any other word the camera wrote into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

# What is decoded at most: a small file may hold a picture that fills the memory.
MOST_PIXELS = 64_000_000
# All pictures of a moving one together.
MOST_MOVING_PIXELS = 40_000_000
THUMBNAIL = 640
QUALITY = 88
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
# Sides and qualities tried in turn until a picture is small enough.
STEPS = ((4096, 88), (3200, 85), (2560, 82), (2048, 80), (1600, 75), (1200, 70))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


class NoPicture(Exception):
    """It cannot be opened, or it is too large to be opened safely."""


@dataclass(frozen=True)
class Picture:
    mime_type: str
    width: int
    height: int


def clean(path: Path, mime_type: str, target: Path, thumbnail: Path) -> Picture:
    """Write the picture anew, and a small one for the thread. Raises NoPicture."""
    with _opened(path, mime_type) as image:
        if _moves(image):
            _save_moving(image, target, mime_type)
            still = _plain(image)
            size = image.size
        else:
            still = _plain(image)
            size = still.size
            _save(still, target, mime_type)
        _save_thumbnail(still, thumbnail)
        return Picture(mime_type, *size)


def fit(path: Path, mime_type: str, target: Path, thumbnail: Path, *, most_bytes: int) -> Picture:
    """The picture as JPEG, or PNG where it is see-through, no larger than allowed. Raises NoPicture."""
    with _opened(path, mime_type) as image:
        if _moves(image):
            raise NoPicture("a moving picture")
        still = _plain(image)
        _save_thumbnail(still, thumbnail)
        if mime_type != "image/jpeg" and (found := _as_png(still, target, most_bytes)):
            return found
        return _as_jpeg(still, target, most_bytes)


@contextmanager
def _opened(path: Path, mime_type: str) -> Iterator[Image.Image]:
    try:
        # Only the decoder of what the content says: the rare ones are where the holes are.
        with Image.open(path, formats=[FORMATS[mime_type]]) as image:
            _refuse_if_too_many(image.width * image.height, MOST_PIXELS)
            yield image
    except NoPicture:
        raise
    except Exception as fault:
        raise NoPicture(type(fault).__name__) from fault


def _refuse_if_too_many(pixels: int, most: int) -> None:
    if pixels > most:
        raise NoPicture("too many pixels")


def _moves(image: Image.Image) -> bool:
    if image.format == "MPO":
        # A JPEG that carries further pictures behind the one that is shown, as many telephones write it.
        return False
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1:
        _refuse_if_too_many(frames * image.width * image.height, MOST_MOVING_PIXELS)
    return frames > 1


def _plain(image: Image.Image) -> Image.Image:
    """Turned as the camera held it, in the colours of the web, with nothing written beside it."""
    image.seek(0)
    profile = image.info.get("icc_profile")
    still = ImageOps.exif_transpose(image)
    if profile and still.mode in ("RGB", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            still = ImageCms.profileToProfile(still, source, SRGB, outputMode="RGB") or still
    has_alpha = still.mode in ("RGBA", "LA", "PA") or "transparency" in still.info
    still = still.convert("RGBA" if has_alpha else "RGB")
    still.info.clear()
    return still


def _flat(image: Image.Image) -> Image.Image:
    """On white, where it was see-through."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _save(image: Image.Image, target: Path, mime_type: str) -> None:
    if mime_type == "image/jpeg":
        _flat(image).save(target, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    else:
        image.save(target, FORMATS[mime_type], **({"quality": QUALITY} if mime_type == "image/webp" else {}))


def _save_moving(image: Image.Image, target: Path, mime_type: str) -> None:
    without: dict[str, Any] = {"exif": b"", "xmp": b"", "icc_profile": b"", "comment": b""}
    image.save(target, FORMATS[mime_type], save_all=True, **without)


def _save_thumbnail(image: Image.Image, target: Path) -> None:
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(target, "WEBP", quality=75)


def _as_png(image: Image.Image, target: Path, most_bytes: int) -> Picture | None:
    """See-through pictures and drawings stay sharp, unless that makes them too large."""
    if max(image.size) > STEPS[0][0]:
        return None
    image.save(target, "PNG", optimize=True)
    return Picture("image/png", *image.size) if target.stat().st_size <= most_bytes else None


def _as_jpeg(image: Image.Image, target: Path, most_bytes: int) -> Picture:
    flat = _flat(image)
    for side, quality in STEPS:
        if max(flat.size) > side:
            flat.thumbnail((side, side))
        flat.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
        if target.stat().st_size <= most_bytes:
            return Picture("image/jpeg", *flat.size)
    raise NoPicture("it does not get small enough")
