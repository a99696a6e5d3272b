"""Any object with `encode` as an `Encoder`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality, as_modality
from pentad.encoders.accept import openers
from pentad.encoders.inputs import check_batch_size, check_modality, check_on_cpu
from pentad.encoders.protocol import Encoder
from pentad.encoders.vectors import normalized_rows
from pentad.media.types import Audio, DecodeOptions, Image, Media, Points, Video

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
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> NDArray[np.float32]:
        """Return what the object returns for ``inputs``, checked, as float32 (len(inputs), dim).

        Args:
            inputs: Captions; or decoded media, paths, bytes, pictures of Pillow, arrays, tensors:
                see `pentad.encoders.accept.accepted`. The object gets captions and decoded media.
            modality: What they are.
            batch_size: The most inputs that the object gets at once; None for all.
            normalize: True for unit rows; None and False for rows as the object returns them.
            device: None or ``cpu``; where an object runs is its own matter.
            dtype: None or ``float32``.

        Raises:
            InputError: An input cannot be taken, an argument is wrong, or the object returned
                something else than one row per input.
            DecodeError: An input that is a file or bytes cannot be decoded.
        """
        media = self._media(inputs, modality, batch_size, device, dtype)
        if not media:
            return np.zeros((0, self.dim), dtype=np.float32)
        size = batch_size or len(media)
        parts = [self._part(media[i : i + size]) for i in range(0, len(media), size)]
        rows = np.concatenate(parts)
        return normalized_rows(rows) if normalize else rows

    def _media(
        self,
        inputs: Sequence[Any],
        modality: str,
        batch_size: int | None,
        device: str | None,
        dtype: str | None,
    ) -> list[Media]:
        kind = check_modality(self.name, self.modalities, modality)
        check_batch_size(batch_size)
        check_on_cpu(self.name, device, dtype)
        options = DecodeOptions()
        given = openers(self.name, inputs, kind, _TYPES[kind], options, fitted=False)
        return [opened() for opened in given]

    def _part(self, media: Sequence[Media]) -> NDArray[np.float32]:
        return self._checked(self._bare.encode(list(media)), len(media))

    def _checked(self, result: Any, count: int | None) -> NDArray[np.float32]:
        """Return rows of an answer; ``count`` of them, or any number from 1 on."""
        rows = _as_rows(self.name, result)
        if rows.shape[1] != self.dim or (
            len(rows) != count if count is not None else not len(rows)
        ):
            raise InputError(
                f"encoder {self.name!r} returned a wrong shape",
                expected=f"({'rows' if count is None else count}, {self.dim})",
                seen=rows.shape,
            )
        return rows


class WrappedFrameEncoder(WrappedEncoder):
    """A bare object that has `encode_frames`, too."""

    def encode_frames(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool = False,
    ) -> list[NDArray[np.float32]]:
        """Return what the object returns, checked, as float32 (rows, dim) of each input.

        Arguments and errors are those of `encode`, but that rows stay as they are by default.
        """
        media = self._media(inputs, modality, batch_size, None, None)
        size = batch_size or max(1, len(media))
        out: list[NDArray[np.float32]] = []
        for start in range(0, len(media), size):
            part = media[start : start + size]
            found = list(self._bare.encode_frames(part))
            if len(found) != len(part):
                raise InputError(
                    f"encoder {self.name!r} returned frames of another number of inputs",
                    expected=len(part),
                    seen=len(found),
                )
            out += [self._checked(rows, None) for rows in found]
        return [normalized_rows(rows) for rows in out] if normalize else out


def as_encoder(
    obj: Any, *, name: str, modality: str, revision: str = "0", dim: int | None = None
) -> Encoder:
    """Wrap an object whose ``encode(list)`` returns one row per input.

    Where it also has ``encode_frames(list)``, which returns rows for every input, so has what is
    made of it.

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
    made = WrappedFrameEncoder if callable(getattr(obj, "encode_frames", None)) else WrappedEncoder
    return made(obj, name=name, modality=kind, revision=revision, dim=width)


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
