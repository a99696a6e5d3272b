"""Projection heads while they are trained, over frozen vectors that are read when needed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.seeds import derive_seed
from pentad.encoders.projection_head import ProjectionHead
from pentad.training.projection_features import MISSING, FrozenVectors, Positions


class TowerHead(nn.Module):
    """``relu(v A + a) B + b``, at length 1.

    Both matrices start normal, with variances 1 / hidden and 1 / dim: vectors of length 1 then keep
    a length of about 0.7 through each layer, and the biases start at nothing, so that no direction
    is common to all.
    """

    def __init__(self, width: int, hidden: int, dim: int, generator: torch.Generator) -> None:
        super().__init__()
        inner = torch.randn(width, hidden, generator=generator) / math.sqrt(hidden)
        outer = torch.randn(hidden, dim, generator=generator) / math.sqrt(dim)
        self.inner, self.inner_bias = nn.Parameter(inner), nn.Parameter(torch.zeros(hidden))
        self.outer, self.outer_bias = nn.Parameter(outer), nn.Parameter(torch.zeros(dim))

    @classmethod
    def of(cls, head: ProjectionHead) -> TowerHead:
        """Return a head that goes on from one that was trained before."""
        made = cls(head.width, head.hidden, head.dim, torch.Generator())
        with torch.no_grad():
            for name, array in head.tensors("").items():
                getattr(made, name.removeprefix(".")).copy_(torch.from_numpy(array.copy()))
        return made

    def forward(self, vectors: Tensor) -> Tensor:
        """Return (n, dim) unit rows."""
        hidden = torch.relu(vectors @ self.inner + self.inner_bias)
        return nn.functional.normalize(hidden @ self.outer + self.outer_bias, dim=-1)

    def export(self) -> ProjectionHead:
        """Return the head as it is applied.

        Raises:
            InputError: Training has diverged.
        """
        parameters = (self.inner, self.inner_bias, self.outer, self.outer_bias)
        arrays = [p.detach().cpu().numpy().astype(np.float32) for p in parameters]
        if not all(np.isfinite(array).all() for array in arrays):
            raise diverged()
        return ProjectionHead(*arrays)


@dataclass(frozen=True, eq=False)
class Placed:
    """Items of one modality in the model's space.

    Attributes:
        vectors: (items, dim) unit rows, on the device.
        items: Positions of the items, ascending.
        usable: (items,) False for a frozen vector of zeros, which has no direction.
    """

    vectors: Tensor
    items: Positions
    usable: NDArray[np.bool_]

    def places(self, positions: Positions) -> NDArray[np.int64]:
        """Return which rows these items are; `MISSING` for a missing item or one of no use."""
        if not len(self.items):
            return np.full(len(positions), MISSING, np.int64)
        place = np.minimum(np.searchsorted(self.items, positions), len(self.items) - 1)
        there = (self.items[place] == positions) & self.usable[place]
        return np.where(there, place, MISSING).astype(np.int64)

    def rows(self, places: NDArray[np.int64]) -> Tensor:
        """Return (n, dim) vectors of rows; an item that occurs twice is one vector."""
        return self.vectors[torch.from_numpy(places).to(self.vectors.device)]


class Towers:
    """The heads of a run, and its temperature.

    Attributes:
        heads: By modality; one without a head is an anchor.
        log_scale: ln(1 / temperature).
        device: Where they are trained.
    """

    def __init__(
        self,
        features: Mapping[Modality, FrozenVectors],
        heads: Mapping[Modality, TowerHead],
        log_scale: float,
        device: torch.device,
    ) -> None:
        self.features = features
        self.heads = {m: head.to(device) for m, head in heads.items()}
        self.log_scale = nn.Parameter(torch.tensor(log_scale, device=device))
        self.device = device

    @property
    def scale(self) -> Tensor:
        """One over the temperature."""
        return self.log_scale.exp()

    def place(self, modality: Modality, positions: Positions) -> Placed:
        """Bring items into the model's space, each of them once.

        Args:
            modality: What they are.
            positions: Of items in the features of the modality, in any order; missing ones too.
        """
        items = np.unique(positions)
        items = items[items != MISSING]
        frozen = self.features[modality].gather(items)
        vectors = torch.from_numpy(frozen).to(self.device)
        head = self.heads.get(modality)
        placed = nn.functional.normalize(vectors, dim=-1) if head is None else head(vectors)
        return Placed(placed, items, np.asarray(frozen.any(axis=1)))

    def export(self) -> dict[Modality, ProjectionHead]:
        """Return the heads as they are applied."""
        return {modality: head.export() for modality, head in self.heads.items()}


def new_head(modality: Modality, width: int, hidden: int, dim: int, seed: int) -> TowerHead:
    """Return a head that has learned nothing; the same for the same seed and modality."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "head", modality.value))
    return TowerHead(width, hidden, dim, generator)


def diverged() -> InputError:
    """Return the error that says so."""
    return InputError("training has diverged; set a lower learning rate (lr)")
