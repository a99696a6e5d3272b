"""What other libraries hand over as inputs, told apart and decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import MODALITIES, Modality
from pentad.encoders.accept import accepted
from pentad.encoders.protocol import ChoosesDecoding, Encoder
from pentad.media.formats import modality_of
from pentad.media.types import Audio, DecodeOptions, Image, Media, Points, Video, Views

_NAMES = frozenset(each.value for each in MODALITIES)
# By these a mapping, or a decoder of torchcodec, shows what it is.
_MARKS: Mapping[str, Modality] = {
    "array": Modality.AUDIO,
    "xyz": Modality.POINTS,
    "get_all_samples": Modality.AUDIO,
    "get_frames_at": Modality.VIDEO,
}
_TYPES: tuple[tuple[type, Modality], ...] = (
    (Image, Modality.IMAGE),
    (Audio, Modality.AUDIO),
    (Video, Modality.VIDEO),
    (Points, Modality.POINTS),
    (Views, Modality.POINTS),
)


def encoded(encoder: Encoder, values: Sequence[Any], modality: Modality) -> NDArray[np.float32]:
    """Return float32 (values, dim) of whatever `accepted` takes, and decoders of torchcodec."""
    options = DecodeOptions()
    if isinstance(encoder, ChoosesDecoding):
        options = encoder.decode_options(modality)
    plain = [_undecoded(value) for value in values]
    media: list[Media] = accepted(encoder.name, plain, modality, object, options)
    return encoder.encode(media, modality=modality)


def told_apart(encoder: Encoder, item: Any) -> tuple[Modality, Any]:
    """Return which modality one input is, and the input itself.

    A string is a caption where the encoder takes captions, else a file. ``{"image": picture}`` and
    the like say which they are.

    Raises:
        InputError: It cannot be told, or the encoder does not take it.
    """
    served = encoder.modalities
    kind, value = _said(item)
    if kind is None:
        kind = _seen(item, served)
    if kind is None or kind not in served:
        names = ", ".join(each.value for each in served)
        what = type(item).__name__ if kind is None else kind.value
        raise InputError(f"encoder {encoder.name!r} cannot take this", expected=names, seen=what)
    return kind, value


def _said(item: Any) -> tuple[Modality | None, Any]:
    if isinstance(item, Mapping) and len(item) == 1:
        [(name, value)] = item.items()
        if name in _NAMES:
            return Modality(name), value
    if isinstance(item, Mapping) and "video_metadata" in item and "array" in item:
        return Modality.VIDEO, item["array"]
    return None, item


def _seen(item: Any, served: Sequence[Modality]) -> Modality | None:
    for kind, modality in _TYPES:
        if isinstance(item, kind):
            return modality
    if isinstance(item, (str, Path)):
        if isinstance(item, str) and Modality.TEXT in served:
            return Modality.TEXT
        return served[0] if len(served) == 1 else modality_of(item)
    for mark, modality in _MARKS.items():
        if hasattr(item, mark) or (isinstance(item, Mapping) and mark in item):
            return modality
    return _by_shape(item, served)


def _by_shape(item: Any, served: Sequence[Modality]) -> Modality | None:
    from PIL import Image as Pillow

    if isinstance(item, Pillow.Image):
        return Modality.IMAGE
    if isinstance(item, tuple) and len(item) == 2 and np.isscalar(item[1]):
        return Modality.AUDIO
    if isinstance(item, (list, tuple)):
        return Modality.VIDEO
    axes = getattr(item, "ndim", 0)
    if axes == 2 and Modality.POINTS in served and item.shape[1] in (3, 6):
        return Modality.POINTS
    return {2: Modality.IMAGE, 3: Modality.IMAGE, 4: Modality.VIDEO}.get(axes)


def _undecoded(value: Any) -> Any:
    """Return a lazily decoded sound or video of torchcodec as plain numbers."""
    if hasattr(value, "get_all_samples"):
        samples = value.get_all_samples()
        return {"array": samples.data, "sampling_rate": samples.sample_rate}
    if hasattr(value, "get_frames_at"):
        return value.get_frames_at(list(range(len(value)))).data
    return value
