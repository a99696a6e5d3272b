"""Pairs of an anchor and a rated item, and what heads lose on a batch of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pentad.core.modality import Modality
from pentad.training.loss import Relations
from pentad.training.projection_features import MISSING, Positions
from pentad.training.projection_order import Order, batches_of, shuffled_runs
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_towers import Placed, Towers
from pentad.training.rated_loss import Hard, levels, lonely_terms, rated_nce

Kind = tuple[Modality, Modality]


@dataclass(frozen=True, eq=False)
class RatedPairs:
    """Rated pairs, those of one caption side by side.

    Attributes:
        kinds: Which modalities are compared: (anchor, rated).
        kind: (pairs,) which of them a pair is.
        anchor: (pairs,) position of the anchor in the features of its modality.
        item: (pairs,) position of the rated item.
        weight: float32 (pairs,), 0 for a pair that was rated bad.
        starts: (captions + 1,) where the pairs of a caption start.
        left_out: Why something was left out -> how much.
        settings: How to train.
    """

    kinds: tuple[Kind, ...]
    kind: Order
    anchor: Order
    item: Order
    weight: NDArray[np.float32]
    starts: Order
    left_out: Mapping[str, int]
    settings: FitSettings

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.kind)

    @property
    def pairs(self) -> dict[str, int]:
        """How many pairs each comparison has, by name such as ``text-points``."""
        counts = np.bincount(self.kind, minlength=len(self.kinds)).tolist()
        return {_name(kind): n for kind, n in zip(self.kinds, counts, strict=True) if n}

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities that are compared."""
        used = {m for number in np.unique(self.kind) for m in self.kinds[number]}
        return tuple(m for m in Modality if m in used)

    @property
    def steps_an_epoch(self) -> int:
        """How many batches an epoch has."""
        return min(batches_of(len(self), self.settings.batch), len(self.starts) - 1)

    def epoch(self, rng: np.random.Generator) -> Iterator[Order]:
        """Yield the batches of one epoch; the pairs of a caption are in one batch."""
        return shuffled_runs(self.starts, self.steps_an_epoch, rng)

    def losses(self, batch: Order, towers: Towers) -> dict[str, Tensor]:
        """Return the loss of each comparison that has a usable pair in the batch."""
        by_kind = {int(n): batch[self.kind[batch] == n] for n in np.unique(self.kind[batch])}
        wanted: dict[Modality, list[Positions]] = {}
        for number, pairs in by_kind.items():
            for modality, side in zip(self.kinds[number], (self.anchor, self.item), strict=True):
                wanted.setdefault(modality, []).append(side[pairs])
        placed = {m: towers.place(m, np.concatenate(parts)) for m, parts in wanted.items()}
        found = {}
        for number, pairs in by_kind.items():
            anchors, items = (placed[m] for m in self.kinds[number])
            left, right = anchors.places(self.anchor[pairs]), items.places(self.item[pairs])
            usable = (left != MISSING) & (right != MISSING)
            if usable.any():
                both = _Pairs(anchors, items, left[usable], right[usable])
                weight = self.weight[pairs][usable]
                found[_name(self.kinds[number])] = _loss(both, weight, towers.scale)
        return found


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of one kind: rows of the anchors, and rows of the items."""

    anchors: Placed
    items: Placed
    left: Order
    right: Order

    def take(self, chosen: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.anchors, self.items, self.left[chosen], self.right[chosen])

    def a(self) -> Tensor:
        return self.anchors.rows(self.left)

    def r(self) -> Tensor:
        return self.items.rows(self.right)


def _loss(pairs: _Pairs, weight: NDArray[np.float32], scale: Tensor) -> Tensor:
    """Return the mean over fitting pairs, by weight, and over bad ones of lonely anchors."""
    fits, bad = pairs.take(weight > 0), pairs.take(weight == 0)
    owners = fits.left[:, None] == bad.left
    total, mass = scale.new_zeros(()), float(weight.sum())
    if mass > 0:
        share = torch.from_numpy(weight[weight > 0]).to(scale.device)
        total = total + mass * _fitting(fits, bad, owners, share, scale)
    lonely = ~owners.any(axis=0)
    if lonely.any():
        total = total + _lonely(bad.take(lonely), pairs, scale)
    return total / (mass + int(lonely.sum()))


def _fitting(
    fits: _Pairs, bad: _Pairs, owners: NDArray[np.bool_], share: Tensor, scale: Tensor
) -> Tensor:
    keys = torch.from_numpy(np.stack([fits.left, fits.right]))
    positives = Relations(keys).positives(slice(0, len(fits.left))).to(scale.device)
    hard = Hard(bad.r(), torch.from_numpy(owners).to(scale.device))
    return rated_nce(fits.a(), fits.r(), scale, positives, share, hard)


def _lonely(lonely: _Pairs, pairs: _Pairs, scale: Tensor) -> Tensor:
    foreign = (lonely.left[:, None] != pairs.left) & (lonely.right[:, None] != pairs.right)
    mask = torch.from_numpy(foreign).to(scale.device)
    level = levels(lonely.a(), pairs.r(), mask, scale)
    return lonely_terms(lonely.a(), lonely.r(), scale, level).sum()


def _name(kind: Kind) -> str:
    return f"{kind[0].value}-{kind[1].value}"
