"""Pictures, read by Pillow."""

from __future__ import annotations

import threading
import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.picturecaps import check_picture
from pentad.media.segment import Segment
from pentad.media.source import Source
from pentad.media.types import DecodeOptions, Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# Pillow's own limit, beyond which it speaks of a decompression bomb.
MAX_PIXELS = 89_478_485
# Formats decoded by Pillow itself; those it hands to other programs (EPS, WMF) stay out.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "AVIF")
_DRAFT_SCALES = (8, 4, 2)
_ORIENTATION_TAG = 0x0112
# The name of what Pillow allows texts and profiles in a PNG to grow to; in its messages.
_TEXT_LIMIT = "MAX_TEXT_"

# Pillow reports some damage as a warning, and warning filters belong to the whole process.
_one_at_a_time = threading.Lock()


def decode_image(
    source: Source, options: DecodeOptions, _seed: int, _segment: Segment | None
) -> Image:
    """Decode one picture: its first frame, upright, on white, as 8-bit RGB."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return Image(_pixels(source.path, options.image_side))
        except ValueError as error:
            if _TEXT_LIMIT in str(error):
                raise DecodeError(Reason.TOO_LARGE, f"{source.name}: {error}") from error
            raise


def _pixels(path: Path, side: int | None) -> NDArray[np.uint8]:
    with open_picture(path) as picture:
        if side is not None:
            _draft(picture, side)
        picture.load()
        small = picture if side is None else _reduced(picture, side)
        return np.asarray(_upright(as_rgb(small), _orientation(picture)))


def open_picture(source: Path | BytesIO) -> Picture:
    """Open a picture of a known format, not yet its pixels.

    Raises:
        DecodeError: It has no pixel, or more than `MAX_PIXELS`, or is mostly something else.
    """
    from PIL import Image as Pillow

    _check_rest(source)
    Pillow.init()
    known = [name for name in _FORMATS if name in Pillow.OPEN]  # AVIF depends on the version
    try:
        picture = Pillow.open(source, formats=known)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise DecodeError(Reason.TOO_LARGE, str(error)) from error
    try:
        check_pixels(picture.width, picture.height)
    except DecodeError:
        picture.close()
        raise
    return picture


def _check_rest(source: Path | BytesIO) -> None:
    if isinstance(source, BytesIO):
        check_picture(source)
        source.seek(0)
        return
    with source.open("rb") as file:
        check_picture(file)


def check_pixels(width: int, height: int) -> None:
    """Refuse a picture or texture with no pixels or too many.

    Raises:
        DecodeError: It has no pixel, or more than `MAX_PIXELS`.
    """
    if width < 1 or height < 1:
        raise DecodeError(Reason.EMPTY, f"a picture of {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise DecodeError(
            Reason.TOO_LARGE, f"{width} x {height} pixels; the limit is {MAX_PIXELS:,} in all"
        )


def _draft(picture: Picture, side: int) -> None:
    longest = max(picture.size)
    for scale in _DRAFT_SCALES:
        if picture.format in {"JPEG", "MPO"} and longest // scale >= 2 * side:
            picture.draft(None, (max(1, picture.width // scale), max(1, picture.height // scale)))
            return


def _reduced(picture: Picture, side: int) -> Picture:
    factor = max(picture.size) // (2 * side)
    if factor < 2:
        return picture
    if picture.mode in {"1", "P", "PA"} or picture.mode.startswith("I;"):
        picture = as_rgb(picture)  # box filters need plain channels
    return picture.reduce(factor)


def as_rgb(picture: Picture) -> Picture:
    """Return any loaded Pillow picture as RGB, transparency laid on white."""
    from PIL import Image as Pillow

    if picture.mode in {"I", "F"} or picture.mode.startswith("I;"):
        return Pillow.fromarray(_grey8(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Pillow.new("RGBA", layer.size, (255, 255, 255, 255))
        return Pillow.alpha_composite(white, layer).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _grey8(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    grey = values.astype(np.float32)
    if not np.isfinite(grey).all():
        raise DecodeError(Reason.NON_FINITE, "a picture with NaN or infinite values")
    low, high = float(grey.min()), float(grey.max())
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 65535:
        low, high = 0.0, 255.0 if values.dtype.kind == "f" and high <= 255 else 65535.0
    span = max(high - low, 1e-12)
    scaled: NDArray[np.float32] = np.rint((grey - low) * np.float32(255 / span))
    return scaled.astype(np.uint8)


def _orientation(picture: Picture) -> int:
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1
    return value if isinstance(value, int) else 1


def _upright(picture: Picture, orientation: int) -> Picture:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(turns[orientation]) if orientation in turns else picture
