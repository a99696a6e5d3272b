"""The frame of every built-in encoder: a pure function of one input, applied to each in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.card import EncoderCard
from pentad.encoders.inputs import check_batch_size, check_inputs, check_modality
from pentad.media.render import RENDERER
from pentad.media.types import DecodeOptions, Media


@dataclass(frozen=True)
class Reader:
    """How a descriptor reads one modality.

    Attributes:
        accepts: The type of one input.
        options: What it needs of a decoded file.
        describe: From one input to one float32 vector.
    """

    accepts: type
    options: DecodeOptions
    describe: Callable[[Any], NDArray[np.float32]]


class Descriptor:
    """An encoder made of plain functions. It has no weights; its revision stands for its code."""

    row_independent = True

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
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> NDArray[np.float32]:
        """Return one unit vector per input, float32 (len(inputs), dim).

        Inputs are described one at a time, so ``batch_size`` is checked and changes nothing.
        """
        reader = self._reader(modality)
        check_batch_size(batch_size)
        check_inputs(self.name, inputs, reader.accepts)
        out = np.zeros((len(inputs), self.dim), dtype=np.float32)
        for row, item in enumerate(inputs):
            out[row] = reader.describe(item)
        return out

    def _reader(self, modality: str) -> Reader:
        return self._readers[check_modality(self.name, self.modalities, modality)]
