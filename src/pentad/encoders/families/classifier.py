"""A network that also scores named classes, as an encoder that does so in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from pentad.encoders.families.network import Network
from pentad.encoders.families.torch_encoder import Floats, TorchEncoder
from pentad.encoders.protocol import Classified
from pentad.encoders.vectors import normalized_rows

if TYPE_CHECKING:
    import torch


@runtime_checkable
class ScoresClasses(Protocol):
    """A network whose class scores are read from its vectors.

    Attributes:
        classes: Names, in the order of the score columns; none where it has no classes after all.
    """

    classes: tuple[str, ...]

    def class_scores(self, rows: torch.Tensor) -> torch.Tensor:
        """Return (rows, classes) of (rows, dim), as `Network.forward` gives them."""


class TorchClassifier(TorchEncoder):
    """A `TorchEncoder` whose network names classes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the score columns."""
        network: Any = self.network
        names: tuple[str, ...] = network.classes
        return names

    def encode_and_classify(
        self, inputs: Sequence[Any], *, modality: str, batch_size: int | None = None
    ) -> Classified:
        """Return vectors as `encode` does, and class scores, from one pass of the network.

        Scores are activated for each row (window, frame, view), then averaged.
        """
        parts = self.encode_frames(inputs, modality=modality, batch_size=batch_size)
        vectors = _means(parts, self.dim)
        scores = _means([self._scores(part) for part in parts], len(self.classes))
        unit = self.network.normalize == "l2"
        return Classified(normalized_rows(vectors) if unit else vectors, scores)

    def _scores(self, rows: Floats) -> Floats:
        import torch

        network: Any = self.network
        with torch.inference_mode():
            scores: torch.Tensor = network.class_scores(
                torch.from_numpy(rows).to(self.placement.device)
            )
            array: Floats = scores.to("cpu", torch.float32).numpy()
        return array


def encoder_class(network: Network) -> type[TorchEncoder]:
    """Return what to make of a network: a `TorchClassifier` where it names classes."""
    named = isinstance(network, ScoresClasses) and bool(network.classes)
    return TorchClassifier if named else TorchEncoder


def _means(parts: Sequence[Floats], width: int) -> Floats:
    """Return (inputs, width): the mean of the rows of each input."""
    means = np.zeros((len(parts), width), dtype=np.float32)
    for row, part in enumerate(parts):
        means[row] = part[0] if len(part) == 1 else part.mean(axis=0, dtype=np.float64)
    return means
