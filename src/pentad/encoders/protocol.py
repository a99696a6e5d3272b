"""What an encoder is. Any object that has these members is one; nothing has to be inherited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.inputs import check_on_cpu
from pentad.media.types import DecodeOptions, Media


@runtime_checkable
class Encoder(Protocol):
    """Turns media of one or more modalities into vectors of one space.

    Attributes:
        name: Short name, letters, digits, ``.``, ``_`` and ``-``.
        revision: Version of the weights or of the descriptor.
        modalities: What it can encode; all of them share one space.
        dim: Length of a vector.
        fingerprint: 64 hex digits over all that can change a vector: weights, preprocessing,
            revision.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def revision(self) -> str: ...  # noqa: D102
    @property
    def modalities(self) -> tuple[Modality, ...]: ...  # noqa: D102
    @property
    def dim(self) -> int: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def encode(
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (len(inputs), dim). Row i depends on input i alone."""


@runtime_checkable
class ChoosesDecoding(Protocol):
    """An encoder that says what it needs of a decoded file."""

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""


@runtime_checkable
class RowIndependent(Protocol):
    """An encoder that says whether a row is the same to the last bit in any company.

    Where it is, new and changed items are encoded alone; elsewhere their whole shard is.
    """

    @property
    def row_independent(self) -> bool: ...  # noqa: D102


@runtime_checkable
class PrefersBatches(Protocol):
    """An encoder that says how many rows its runs should have."""

    @property
    def rows_a_run(self) -> int: ...  # noqa: D102


@runtime_checkable
class OverlapsCalls(Protocol):
    """An encoder whose calls may overlap: one prepares its inputs while another computes."""

    @property
    def calls_at_once(self) -> int: ...  # noqa: D102


@runtime_checkable
class PrefersProcesses(Protocol):
    """An encoder that uses one core, so that several processes of it are faster than one."""

    @property
    def in_processes(self) -> bool: ...  # noqa: D102


@runtime_checkable
class Placeable(Protocol):
    """An encoder that can be moved to another device, or work with another type of number."""

    def place(self, device: str | None = None, dtype: str | None = None) -> object:
        """Move it; what is None stays as it is."""


@runtime_checkable
class KeepsPreparations(Protocol):
    """An encoder that can keep what it made of a file for the next time."""

    def cache_in(self, folder: Path) -> None:
        """Keep it in a folder, which may be deleted at any time."""


@runtime_checkable
class EncodesFrames(Protocol):
    """An encoder that can also give the rows of an input before they become one vector."""

    def encode_frames(
        self,
        inputs: Sequence[Media],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool = False,
    ) -> list[NDArray[np.float32]]:
        """Return float32 (rows, dim) of each input: its windows, frames or views, in order."""


@dataclass(frozen=True, eq=False)
class Classified:
    """Vectors and class scores of the same inputs, from one pass.

    Attributes:
        vectors: float32 (inputs, dim).
        scores: float32 (inputs, classes), activated and pooled as the encoder's card says.
    """

    vectors: NDArray[np.float32]
    scores: NDArray[np.float32]


@runtime_checkable
class Classifier(Protocol):
    """An encoder that also scores a fixed list of named classes.

    Attributes:
        classes: The names, in the order of the score columns.
    """

    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102

    def encode_and_classify(
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> Classified:
        """Return vectors as `Encoder.encode` does, and class scores, in one pass."""


def place_encoder(encoder: Encoder, device: str | None, dtype: str | None) -> None:
    """Move an encoder, or choose its type of number; what is None stays as it is.

    Raises:
        InputError: It cannot go there, or cannot be moved at all.
    """
    if device is None and dtype is None:
        return
    if isinstance(encoder, Placeable):
        encoder.place(device, dtype)
    else:
        check_on_cpu(encoder.name, device, dtype)


def is_row_independent(encoder: Encoder) -> bool:
    """Return whether the encoder promises rows that do not depend on their batch."""
    return isinstance(encoder, RowIndependent) and encoder.row_independent


def space_of(encoder: Encoder) -> str:
    """Return the name of an encoder's space: its name and 8 digits of its fingerprint."""
    return f"{encoder.name}-{encoder.fingerprint[:8]}"
