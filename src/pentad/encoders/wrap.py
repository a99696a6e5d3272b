"""Any object with `encode` as an `Encoder`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality, as_modality
from pentad.encoders.inputs import check_batch_size, check_inputs, check_modality
from pentad.encoders.protocol import Encoder
from pentad.media.types import Audio, Image, Media, Points, Video

_TYPES: dict[Modality, type] = {
    Modality.TEXT: str,
    Modality.IMAGE: Image,
    Modality.AUDIO: Audio,
    Modality.VIDEO: Video,
    Modality.POINTS: Points,
}


class WrappedEncoder:
    """A bare object as an `Encoder`. Made by `as_encoder`."""

    def __init__(
        self, bare: Any, *, name: str, modality: Modality, revision: str, dim: int
    ) -> None:
        self._bare = bare
        self.name = name
        self.revision = revision
        self.modalities: tuple[Modality, ...] = (modality,)
        self.dim = dim
        self.fingerprint = fingerprint_value({"wrapped": name, "revision": revision, "dim": dim})

    def encode(
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> NDArray[np.float32]:
        """Return what the object returns for ``inputs``, checked, as float32 (len(inputs), dim)."""
        kind = check_modality(self.name, self.modalities, modality)
        check_batch_size(batch_size)
        check_inputs(self.name, inputs, _TYPES[kind])
        if not len(inputs):
            return np.zeros((0, self.dim), dtype=np.float32)
        size = batch_size or len(inputs)
        parts = [self._part(inputs[i : i + size]) for i in range(0, len(inputs), size)]
        return np.concatenate(parts)

    def _part(self, inputs: Sequence[Media]) -> NDArray[np.float32]:
        rows = _as_rows(self.name, self._bare.encode(list(inputs)))
        if rows.shape != (len(inputs), self.dim):
            wanted = f"({len(inputs)}, {self.dim})"
            raise InputError(
                f"encoder {self.name!r} returned a wrong shape", expected=wanted, seen=rows.shape
            )
        return rows


def as_encoder(
    obj: Any, *, name: str, modality: str, revision: str = "0", dim: int | None = None
) -> Encoder:
    """Wrap an object whose ``encode(list)`` returns one row per input.

    Pentad cannot look inside the object, so the fingerprint is made of ``name``, ``revision`` and
    the dimension alone: give another revision whenever the object's vectors change, or stored
    vectors of the old one will be taken for those of the new one.

    Args:
        obj: Anything with ``encode``; it gets captions as strings or decoded media.
        name: Name of the space; letters, digits, ``.``, ``_`` and ``-``.
        modality: What it encodes.
        revision: Version of the object.
        dim: Length of a vector; None to ask the object, or to encode a caption and see.

    Raises:
        InputError: The object has no ``encode``, or ``dim`` is needed and not given.
    """
    if not callable(getattr(obj, "encode", None)):
        raise InputError("an encoder needs a method encode(inputs)", seen=type(obj).__name__)
    if not name or not all(c.isascii() and (c.isalnum() or c in "._-") for c in name):
        raise InputError(
            "wrong encoder name", expected="letters, digits, '.', '_' and '-'", seen=repr(name)
        )
    kind = as_modality(modality)
    width = dim if dim is not None else _dim_of(obj, name, kind)
    return WrappedEncoder(obj, name=name, modality=kind, revision=revision, dim=width)


def _dim_of(obj: Any, name: str, modality: Modality) -> int:
    known = getattr(obj, "dim", None)
    if isinstance(known, int):
        return known
    if modality is not Modality.TEXT:
        raise InputError(f"say how long a vector of {name!r} is", expected="dim=...")
    return int(_as_rows(name, obj.encode(["a"])).shape[1])


def _as_rows(name: str, result: Any) -> NDArray[np.float32]:
    """Accept arrays, lists of rows, and CPU tensors, which numpy can read."""
    try:
        rows = np.asarray(result, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(
            f"encoder {name!r} did not return rows of numbers", seen=type(result).__name__
        ) from None
    if rows.ndim != 2:
        raise InputError(
            f"encoder {name!r} returned a wrong shape", expected="(inputs, dim)", seen=rows.shape
        )
    return rows
