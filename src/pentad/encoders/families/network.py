"""What a family provides: how an input becomes rows for its network, and what the network is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.media.types import DecodeOptions

if TYPE_CHECKING:
    import torch

Feed = Mapping[str, NDArray[Any]]
"""One row for a network, by the name of its argument, without a batch axis."""


class Network(Protocol):
    """One loaded model of one family; `TorchEncoder` makes an `Encoder` of it.

    A picture is one row, a video one row a frame (or one row in all, where the network sees time),
    a sound one row a window. An item's vector is the mean of its rows.

    Attributes:
        family: Name of the family, such as ``clip``.
        version: Of our own preprocessing code; part of the fingerprint.
        modalities: What it encodes; all share one space.
        dim: Length of a vector.
        normalize: ``l2`` or ``none``: what vectors are unless somebody asks for the other.
        module: In evaluation mode, float32, on the CPU when loaded.
        preprocessing: All that decides what the network sees; part of the fingerprint.
    """

    family: str
    version: int
    modalities: tuple[Modality, ...]
    dim: int
    normalize: str
    module: torch.nn.Module
    preprocessing: Mapping[str, object]

    def accepts(self, modality: Modality) -> type | tuple[type, ...]:
        """Return the types of one decoded input."""

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return the rows of one input; called on several threads at once."""

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised, of rows that all have one shape."""
