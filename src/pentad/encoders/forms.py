"""Pictures of Pillow, arrays and tensors as media: one function for every modality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.media.collected import MAX_RATE, MIN_RATE
from pentad.media.types import Audio, Decoded, Image, Points, Video

_RATE_KEYS = ("sampling_rate", "sample_rate", "rate")
_CHANNELS = 3


def _picture(item: Any) -> Image:
    return Image(_pixels(item))


def _pixels(item: Any) -> NDArray[np.uint8]:
    from PIL import Image as Pillow

    if isinstance(item, Image):
        return item.pixels
    if isinstance(item, Pillow.Image):
        from pentad.media.image import as_rgb

        return np.asarray(as_rgb(_upright(item)))
    array = _array(item)
    if array.ndim == 2:
        array = np.repeat(array[..., None], _CHANNELS, axis=2)
    if array.ndim == _CHANNELS and array.shape[2] != _CHANNELS and array.shape[0] == _CHANNELS:
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] != _CHANNELS:
        raise ValueError("a picture (height, width, 3)")
    return _bytes(array)


def _upright(picture: Any) -> Any:
    """Turn a picture as its EXIF data say, as `decode` does."""
    from PIL import ImageOps

    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged EXIF says nothing about the pixels
        return picture


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return colours as bytes: floats must lie within 0..1, integers within 0..255."""
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    top = 1.0 if array.dtype.kind == "f" else 255
    if array.dtype.kind not in "fiu":
        raise ValueError("colours as numbers")
    if array.size and not bool(((array >= 0) & (array <= top)).all()):
        raise ValueError(f"colours within 0..{top:g} for {array.dtype} numbers")
    scaled = np.rint(array * 255.0) if array.dtype.kind == "f" else array
    return np.ascontiguousarray(scaled.astype(np.uint8))


def _sound(item: Any) -> Audio:
    wanted = "(samples, rate) or {'array': samples, 'sampling_rate': rate}"
    if isinstance(item, Mapping):
        rates = [item[key] for key in _RATE_KEYS if key in item]
        if "array" not in item or not rates:
            raise ValueError(wanted)
        samples, rate = item["array"], rates[0]
    elif isinstance(item, (tuple, list)) and len(item) == 2:
        samples, rate = item
    else:
        raise ValueError(wanted)
    if not float(rate) == int(rate) or not MIN_RATE <= int(rate) <= MAX_RATE:
        raise ValueError(f"a whole number of samples a second, {MIN_RATE} to {MAX_RATE}, as rate")
    return Audio(_mono(_array(samples)), int(rate))


def _mono(samples: NDArray[Any]) -> NDArray[np.float32]:
    if samples.dtype.kind in "iu":
        half = np.float64(2 ** (8 * samples.dtype.itemsize - 1))
        samples = samples / half - (samples.dtype.kind == "u")
    if samples.ndim == 2:
        samples = samples.mean(axis=0 if samples.shape[0] <= samples.shape[1] else 1)
    if samples.ndim != 1 or samples.dtype.kind != "f" or not samples.size:
        raise ValueError("samples as numbers (n,) or (channels, n)")
    if not np.isfinite(samples).all():
        raise ValueError("finite samples")
    return np.ascontiguousarray(samples, dtype=np.float32)


def _moving(item: Any) -> Video:
    if isinstance(item, Sequence) and not isinstance(item, (str, bytes)):
        frames = [_pixels(each) for each in item]
        if not frames or any(frame.shape != frames[0].shape for frame in frames):
            raise ValueError("one or more frames, all of one size")
        return Video(np.stack(frames), 0.0)
    array = _array(item)
    if array.ndim == 4 and array.shape[3] != _CHANNELS and array.shape[1] == _CHANNELS:
        array = array.transpose(0, 2, 3, 1)
    if array.ndim != 4 or array.shape[3] != _CHANNELS:
        raise ValueError("frames (frames, height, width, 3)")
    return Video(_bytes(array), 0.0)


def _cloud(item: Any) -> Points:
    if isinstance(item, Mapping):
        xyz, rgb = _array(item["xyz"]), item.get("rgb")
        colours = None if rgb is None else _array(rgb)
    else:
        array = _array(item)
        if array.ndim != 2 or array.shape[1] not in (3, 6):
            raise ValueError("points (n, 3), or (n, 6) with colours")
        xyz, colours = array[:, :3], array[:, 3:] if array.shape[1] == 6 else None
    if xyz.ndim != 2 or xyz.shape[1] != 3 or not np.isfinite(xyz).all():
        raise ValueError("finite points (n, 3)")
    if colours is not None:
        if colours.shape != xyz.shape:
            raise ValueError(f"colours {xyz.shape}, one a point")
        whole = colours.dtype.kind == "f" and bool((colours > 1).any())
        colours = _bytes(np.rint(colours).astype(np.int64) if whole else colours)
    return Points(np.ascontiguousarray(xyz, dtype=np.float32), colours)


READERS: dict[Modality, Callable[[Any], Decoded]] = {
    Modality.IMAGE: _picture,
    Modality.AUDIO: _sound,
    Modality.VIDEO: _moving,
    Modality.POINTS: _cloud,
}
"""From what people have at hand to media.

They raise TypeError, ValueError, KeyError or OverflowError where it is something else, OSError or
SyntaxError where Pillow finds a picture damaged.
"""


def _array(item: Any) -> NDArray[Any]:
    """Return an array of anything that has one, tensors on other devices too."""
    try:
        if hasattr(item, "detach"):
            item = item.detach().cpu()
            item = item.float() if "bfloat16" in str(item.dtype) else item
        array = np.asarray(item)
    except (RuntimeError, TypeError, ValueError):  # a tensor without values; rows of many lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "fiub":
        raise ValueError("numbers")
    return array
