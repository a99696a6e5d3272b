"""What `encode` takes besides decoded media: paths, bytes, pictures of Pillow, arrays, tensors.

Every modality has one function here that turns what people have at hand into a decoded value; what
an encoder needs of it (a rate, a number of frames or points, views) is then taken from that value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.inputs import check_inputs
from pentad.media.decode import decode
from pentad.media.types import Audio, Decoded, DecodeOptions, Image, Media, Points, Video, Views
from pentad.store.places import Loaded, Member

_RATE_KEYS = ("sampling_rate", "sample_rate", "rate")
_CHANNELS = 3


def accepted(
    name: str,
    inputs: Sequence[Any],
    modality: Modality,
    accepts: type | tuple[type, ...],
    options: DecodeOptions,
) -> list[Media]:
    """Return inputs as media that an encoder accepts.

    Args:
        name: Name of the encoder, for messages.
        inputs: A sequence of any of these, also mixed:
            captions (text) as strings;
            files as paths, strings, or their bytes: decoded in this process, without a limit on
            time and memory;
            decoded media of `pentad.media.types`;
            pictures as Pillow images, or arrays or tensors (height, width, 3), (3, height, width)
            or (height, width), of bytes or of floats within 0..1;
            sounds as ``(samples, rate)`` or ``{"array": samples, "sampling_rate": rate}``, samples
            being (n,) or (channels, n);
            videos as sequences of pictures, or arrays (frames, height, width, 3) or
            (frames, 3, height, width);
            clouds as arrays (points, 3) or (points, 6), colours within 0..1 or 0..255, or
            ``{"xyz": ..., "rgb": ...}``.
        modality: What they are.
        accepts: The types of a decoded input that the encoder takes.
        options: What the encoder needs of a decoded input.

    Raises:
        InputError: An input is none of these; the message says which one and what it is.
        DecodeError: A file or its bytes cannot be decoded.
    """
    if isinstance(inputs, (str, bytes, Path)) or not isinstance(inputs, Sequence | np.ndarray):
        raise InputError(f"encoder {name!r} takes a list of inputs", seen=type(inputs).__name__)
    media = [_one(name, index, item, modality, options) for index, item in enumerate(inputs)]
    check_inputs(name, media, accepts)
    return media


def _one(name: str, index: int, item: Any, modality: Modality, options: DecodeOptions) -> Media:
    if modality is Modality.TEXT:
        return item if isinstance(item, str) else _refuse(name, index, item, "a string")
    if isinstance(item, Decoded):
        return _fitted(item, options)
    if isinstance(item, (str, Path, Member, Loaded)):
        return decode(item, modality, options)
    if isinstance(item, (bytes, bytearray, memoryview)):
        return decode(Loaded(bytes(item), f"input {index}"), modality, options)
    try:
        made: Decoded = _READERS[modality](item)
        return _fitted(made, options)
    except (TypeError, ValueError, KeyError) as error:
        return _refuse(name, index, item, str(error))


def _refuse(name: str, index: int, item: Any, why: str) -> Media:
    shape = getattr(item, "shape", None)
    seen = type(item).__name__ + ("" if shape is None else f" {tuple(shape)}")
    raise InputError(f"encoder {name!r} cannot take input {index}", expected=why, seen=seen)


def _picture(item: Any) -> Image:
    return Image(_pixels(item))


def _pixels(item: Any) -> NDArray[np.uint8]:
    from PIL import Image as Pillow

    if isinstance(item, Image):
        return item.pixels
    if isinstance(item, Pillow.Image):
        from pentad.media.image import as_rgb

        return np.asarray(as_rgb(item))
    array = _array(item)
    if array.ndim == 2:
        array = np.repeat(array[..., None], _CHANNELS, axis=2)
    if array.ndim == _CHANNELS and array.shape[2] != _CHANNELS and array.shape[0] == _CHANNELS:
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] != _CHANNELS:
        raise ValueError("a picture (height, width, 3)")
    return _bytes(array)


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
    if not float(rate) == int(rate) or int(rate) < 1:
        raise ValueError("a whole number of samples a second as rate")
    return Audio(_mono(_array(samples)), int(rate))


def _mono(samples: NDArray[Any]) -> NDArray[np.float32]:
    if samples.dtype.kind in "iu":
        half = np.float64(2 ** (8 * samples.dtype.itemsize - 1))
        samples = samples / half - (samples.dtype.kind == "u")
    if samples.ndim == 2:
        samples = samples.mean(axis=0 if samples.shape[0] <= samples.shape[1] else 1)
    if samples.ndim != 1 or samples.dtype.kind != "f":
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


_READERS: dict[Modality, Callable[[Any], Decoded]] = {
    Modality.IMAGE: _picture,
    Modality.AUDIO: _sound,
    Modality.VIDEO: _moving,
    Modality.POINTS: _cloud,
}


def _array(item: Any) -> NDArray[Any]:
    """Return an array of anything that has one, tensors on other devices too."""
    if hasattr(item, "detach"):
        item = item.detach().cpu()
        item = item.float() if "bfloat16" in str(item.dtype) else item
    array = np.asarray(item)
    if array.dtype.kind not in "fiub":
        raise ValueError("numbers")
    return array


def _fitted(item: Decoded, options: DecodeOptions) -> Decoded:
    """Return what an encoder needs of a decoded value, as `decode` would have given it."""
    if isinstance(item, Audio):
        return _at_rate(item, options)
    if isinstance(item, Video) and options.video_frames is not None:
        count, wanted = len(item.frames), options.video_frames
        if count != wanted and count:
            rows = [int((i + 0.5) * count / wanted) for i in range(wanted)]
            return replace(item, frames=item.frames[rows])
    if isinstance(item, Points) and len(item.xyz):
        return _sampled(item, options)
    return item


def _at_rate(sound: Audio, options: DecodeOptions) -> Audio:
    import soxr

    rate, samples = options.sample_rate or sound.rate, sound.samples
    if rate != sound.rate:
        samples = np.asarray(soxr.resample(samples, sound.rate, rate), dtype=np.float32)
    if options.max_seconds is not None:
        samples = samples[: max(1, int(np.ceil(rate * options.max_seconds)))]
    return Audio(samples, rate)


def _sampled(points: Points, options: DecodeOptions) -> Points | Views:
    if options.views is not None:
        from pentad.media.render import render_views

        return render_views(points, views=options.views, size=options.view_size)
    whole = points.faces is None and options.points == len(points.xyz)
    if options.points is None or whole:
        return points
    from pentad.media.sample import sample_points

    return sample_points(points, options.points)
