"""The frame of every built-in encoder: a pure function of one input, applied to each in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.accept import Opener, openers
from pentad.encoders.card import EncoderCard
from pentad.encoders.features import Floats
from pentad.encoders.inputs import (
    check_always_unit,
    check_batch_size,
    check_modality,
    check_on_cpu,
)
from pentad.media.render import RENDERER
from pentad.media.types import DecodeOptions


@dataclass(frozen=True)
class Reader:
    """How a descriptor reads one modality.

    Attributes:
        accepts: The type of one input.
        options: What it needs of a decoded file.
        describe: From one input to one float32 vector.
        frames: From one input to the unit vectors whose mean, at length 1, is that vector; None
            where the vector is no mean.
    """

    accepts: type
    options: DecodeOptions
    describe: Callable[[Any], NDArray[np.float32]]
    frames: Callable[[Any], Sequence[Floats]] | None = None


class Descriptor:
    """An encoder made of plain functions. It has no weights; its revision stands for its code."""

    row_independent = True
    in_processes = True

    def __init__(self, card: EncoderCard, readers: Mapping[Modality, Reader]) -> None:
        self.card = card
        self.name = card.name
        self.revision = card.revision
        self.modalities = card.modalities
        self.dim = card.dim
        self.fingerprint = fingerprint_value(
            {
                "descriptor": card.name,
                "revision": card.revision,
                "dim": card.dim,
                "renderer": RENDERER if any(r.options.views for r in readers.values()) else None,
            }
        )
        self._readers = dict(readers)

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        return self._reader(modality).options

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
        """Return one unit vector per input, float32 (len(inputs), dim).

        Args:
            inputs: Captions; or decoded media, paths, bytes, pictures of Pillow, arrays, tensors:
                see `pentad.encoders.accept.accepted`.
            modality: What they are.
            batch_size: Changes nothing: inputs are described one at a time.
            normalize: None or True; there are no raw vectors.
            device: None, ``cpu`` or ``auto``.
            dtype: None or ``float32``.

        Raises:
            InputError: An input cannot be taken, or an argument is wrong.
            DecodeError: An input that is a file or bytes cannot be decoded.
        """
        check_always_unit(self.name, normalize)
        given = self._given(inputs, modality, batch_size, device, dtype)
        describe = self._reader(modality).describe
        out = np.zeros((len(given), self.dim), dtype=np.float32)
        for row, opened in enumerate(given):
            out[row] = describe(opened())
        return out

    def _given(
        self,
        inputs: Sequence[Any],
        modality: str,
        batch_size: int | None,
        device: str | None,
        dtype: str | None,
    ) -> list[Opener]:
        reader = self._reader(modality)
        check_batch_size(batch_size)
        check_on_cpu(self.name, device, dtype)
        kind = check_modality(self.name, self.modalities, modality)
        # Descriptors resample and choose points by themselves, so media stay as they are.
        return openers(self.name, inputs, kind, reader.accepts, reader.options, fitted=False)

    def _reader(self, modality: str) -> Reader:
        return self._readers[check_modality(self.name, self.modalities, modality)]


class FrameDescriptor(Descriptor):
    """A `Descriptor` whose vectors are means over frames or views, which it can also give."""

    def encode_frames(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool = False,
    ) -> list[NDArray[np.float32]]:
        """Return float32 (rows, dim) of each input: its frames or views, in order.

        Arguments and errors are those of `encode`; rows have length 1 in any case.
        """
        given = self._given(inputs, modality, batch_size, None, None)
        frames = self._reader(modality).frames
        if frames is None:
            raise InputError(f"encoder {self.name!r} has no frames of {str(modality)!r}")
        return [np.stack(frames(opened())).astype(np.float32) for opened in given]
