"""What `encode` takes besides decoded media: paths, bytes, pictures of Pillow, arrays, tensors.

What people have at hand becomes a decoded value (`pentad.encoders.forms`), of which an encoder then
gets what it needs: a rate, a number of frames or points, views (`pentad.encoders.fit`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from functools import partial
from pathlib import Path
from typing import Any

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality
from pentad.encoders.fit import fitted as as_needed
from pentad.encoders.forms import READERS
from pentad.encoders.inputs import check_input, is_empty
from pentad.encoders.protocol import ChoosesDecoding, Encoder
from pentad.media.decode import decode
from pentad.media.files import shown
from pentad.media.types import Decoded, DecodeOptions, Media
from pentad.store.places import Loaded, Located, Member, locate, place_error

_SHOWN = 40

Opener = Callable[[], Media]
"""Gives one input as media; what is in a file is decoded by calling it."""


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
    return [opened() for opened in openers(name, inputs, modality, accepts, options)]


def openers(
    name: str,
    inputs: Sequence[Any],
    modality: Modality,
    accepts: type | tuple[type, ...],
    options: DecodeOptions,
    *,
    fitted: bool = True,
) -> list[Opener]:
    """Return a function for each input that gives it as `accepted` does.

    Everything is checked at once but what lies in files, which are decoded one by one, when their
    function is called: any number of files then needs the memory of a few.

    Args:
        name: As for `accepted`, like all that follow.
        inputs: The inputs.
        modality: What they are.
        accepts: The types of a decoded input that the encoder takes.
        options: What the encoder needs of a decoded input.
        fitted: False for an encoder that itself takes from decoded media what it needs: those of a
            type that it accepts are then left as they are.
    """
    _check_list(name, inputs, modality)
    out: list[Opener] = []
    for index, item in enumerate(inputs):
        if modality is not Modality.TEXT and _is_file(item):
            out.append(partial(_decoded, name, index, item, modality, accepts, options))
            continue
        ready = not fitted and isinstance(item, Decoded) and isinstance(item, accepts)
        media = item if ready else _made(name, index, item, modality, options)
        check_input(name, index, media, accepts)
        out.append(partial(_same, media))
    return out


def for_encoder(encoder: Encoder, inputs: Sequence[Any], modality: Modality) -> Sequence[Any]:
    """Return inputs as ``encoder`` takes them.

    Encoders whose ``encode`` has the keyword ``normalize`` take all that `accepted` does. Others
    get decoded media.
    """
    if "normalize" in inspect.signature(encoder.encode).parameters:
        return inputs
    options = DecodeOptions()
    if isinstance(encoder, ChoosesDecoding):
        options = encoder.decode_options(modality)
    given = openers(encoder.name, inputs, modality, object, options, fitted=False)
    return [opened() for opened in given]


def _check_list(name: str, inputs: object, modality: Modality) -> None:
    """Refuse one input in place of a list, also one that could be taken for a list."""
    message = f"encoder {name!r} takes a list of inputs"
    if isinstance(inputs, (str, bytes, Path)):
        one = {str: "string", bytes: "file's bytes"}.get(type(inputs), "path")
        raise InputError(f"{message}, not one {one}", seen=str(inputs)[:_SHOWN])
    shape = tuple(getattr(inputs, "shape", ()))
    if modality is Modality.IMAGE and len(shape) == 3 and 3 in (shape[0], shape[-1]):
        raise InputError(f"{message}, not one picture", seen=shape)
    is_list = isinstance(inputs, Sized) and isinstance(inputs, Iterable)
    if not is_list or isinstance(inputs, Mapping) or (hasattr(inputs, "shape") and not shape):
        raise InputError(message, seen=type(inputs).__name__)


def _is_file(item: Any) -> bool:
    return isinstance(item, (str, Path, Member, Loaded, bytes, bytearray, memoryview))


def _decoded(
    name: str,
    index: int,
    item: Any,
    modality: Modality,
    accepts: type | tuple[type, ...],
    options: DecodeOptions,
) -> Media:
    try:
        found = _located(item)
        media = decode(found.place, modality, options, start=found.start, end=found.end)
    except DecodeError as error:
        called = getattr(item, "name", str(item) if isinstance(item, str) else "")
        named = f", {shown(called)}" if called and Path(called).name not in error.detail else ""
        raise DecodeError(error.reason, f"input {index}{named}: {error.detail}") from error
    check_input(name, index, media, accepts)
    return media


def _located(item: Any) -> Located:
    if isinstance(item, (Member, Loaded)):
        return Located(item)
    if isinstance(item, (bytes, bytearray, memoryview)):
        return Located(Loaded(bytes(item), "bytes"))
    try:
        return locate(item)
    except OSError as error:
        raise place_error(error) from None


def _same(media: Media) -> Media:
    return media


def _made(name: str, index: int, item: Any, modality: Modality, options: DecodeOptions) -> Media:
    if modality is Modality.TEXT:
        return item if isinstance(item, str) else _refuse(name, index, item, "str")
    try:
        if isinstance(item, Decoded):
            return as_needed(item, options)
        made: Decoded = READERS[modality](item)
        return made if is_empty(made) else as_needed(made, options, new=True)
    except KeyError as error:
        return _refuse(name, index, item, f"a key {error}")
    except (TypeError, ValueError, OverflowError) as error:
        return _refuse(name, index, item, str(error))
    except DecodeError as error:
        raise DecodeError(error.reason, f"input {index}: {error.detail}") from error
    except (OSError, SyntaxError) as error:  # Pillow reads pixels late, and only now finds damage
        raise DecodeError(Reason.CORRUPT, f"input {index}: {error}") from error


def _refuse(name: str, index: int, item: Any, why: str) -> Media:
    shape = getattr(item, "shape", None)
    seen = type(item).__name__ + ("" if shape is None else f" {tuple(shape)}")
    raise InputError(f"encoder {name!r} cannot take input {index}", expected=why, seen=seen)
