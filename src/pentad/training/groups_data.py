"""Groups as rows of positions, and what heads lose on a batch of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pentad.core.modality import Modality
from pentad.groups.groups import Groups
from pentad.training.loss import Relations, chunked_info_nce
from pentad.training.projection_features import MISSING, FrozenVectors, Positions
from pentad.training.projection_order import Order, batches_of, shuffled_batches
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_towers import Placed, Towers

if TYPE_CHECKING:
    import polars as pl

Columns = tuple[Modality, Modality]


@dataclass(frozen=True, eq=False)
class GroupRows:
    """What is left of groups once every item has its vector.

    Attributes:
        columns: Modality -> (rows,) positions of its items in the features, -1 where it has none.
        captions: (rows,) ids of the captions.
        compared: Pairs of modalities -> rows that have both.
        left_out: Why something was left out -> how much.
        settings: How to train.
    """

    columns: Mapping[Modality, Positions]
    captions: NDArray[Any]
    compared: Mapping[Columns, int]
    left_out: Mapping[str, int]
    settings: FitSettings

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.captions)

    @property
    def pairs(self) -> dict[str, int]:
        """How many rows each comparison has, by name such as ``text-image``."""
        return {f"{a.value}-{b.value}": count for (a, b), count in self.compared.items()}

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities that are compared."""
        return tuple(m for m in Modality if any(m in pair for pair in self.compared))

    @property
    def steps_an_epoch(self) -> int:
        """How many batches an epoch has."""
        return batches_of(len(self), self.settings.batch)

    def epoch(self, rng: np.random.Generator) -> Iterator[Order]:
        """Yield the batches of one epoch."""
        return shuffled_batches(len(self), self.settings.batch, self.settings.block, rng)

    def losses(self, batch: Order, towers: Towers) -> dict[str, Tensor]:
        """Return the loss of each comparison that has two rows in the batch."""
        items = {m: self.columns[m][batch] for m in self.modalities}
        placed = {m: towers.place(m, positions) for m, positions in items.items()}
        captions = self.captions[batch].astype(np.int64)
        found = {}
        for pair in self.compared:
            loss = self._loss(pair, items, placed, captions, towers)
            if loss is not None:
                found[f"{pair[0].value}-{pair[1].value}"] = loss
        return found

    def _loss(
        self,
        pair: Columns,
        items: Mapping[Modality, Positions],
        placed: Mapping[Modality, Placed],
        captions: Order,
        towers: Towers,
    ) -> Tensor | None:
        left, right = (placed[m].places(items[m]) for m in pair)
        both = np.flatnonzero((left != MISSING) & (right != MISSING))
        if len(both) < 2:
            return None
        # Text is known by the id of the caption, which is there even without a vector of it.
        own = [items[m][both].astype(np.int64) for m in pair if m is not Modality.TEXT]
        keys = torch.from_numpy(np.stack([captions[both], *own])).to(towers.device)
        return chunked_info_nce(
            placed[pair[0]].rows(left[both]),
            placed[pair[1]].rows(right[both]),
            towers.scale,
            Relations(keys),
            chunk=self.settings.chunk,
        )


def group_rows(
    groups: Groups,
    features: Mapping[Modality, FrozenVectors],
    anchors: frozenset[Modality],
    settings: FitSettings,
) -> GroupRows:
    """Find the vectors of groups; what cannot be compared is left out and counted.

    Args:
        groups: The groups.
        features: What is known of the items.
        anchors: Modalities without a head; two of them teach nothing about each other.
        settings: How to train.
    """
    left_out: dict[str, int] = {}
    table = _ranked(groups.frame(), settings.max_rank, left_out)
    columns = {
        m: _positions(m, table[m.id_column], found, left_out)
        for m, found in features.items()
        if m.id_column in table.columns
    }
    wanted = [
        pair
        for pair in itertools.combinations(columns, 2)
        if not anchors.issuperset(pair) and (settings.pairs == "all" or Modality.TEXT in pair)
    ]
    both = {(a, b): (columns[a] >= 0) & (columns[b] >= 0) for a, b in wanted}
    used = np.zeros(table.height, dtype=np.bool_)
    for rows in both.values():
        used |= rows
    left_out["groups with nothing to compare"] = int((~used).sum())
    return GroupRows(
        {m: positions[used] for m, positions in columns.items()},
        table["text_id"].to_numpy()[used],
        {pair: int(rows.sum()) for pair, rows in both.items() if rows.sum() >= 2},
        {reason: count for reason, count in left_out.items() if count},
        settings,
    )


def _ranked(table: pl.DataFrame, max_rank: int | None, left_out: dict[str, int]) -> pl.DataFrame:
    if max_rank is None:
        return table
    kept = table.filter(table["rank"] <= max_rank)
    left_out["groups beyond max_rank"] = table.height - kept.height
    return kept


def _positions(
    modality: Modality, ids: pl.Series, found: FrozenVectors, left_out: dict[str, int]
) -> Positions:
    present = ids.is_not_null().to_numpy()
    known = found.positions(ids.drop_nulls().to_numpy())
    left_out[f"{modality.value} absent from its group"] = int((~present).sum())
    left_out[f"{modality.value} without a vector"] = int((known == MISSING).sum())
    if present.all():
        return known
    positions = np.full(len(present), MISSING, dtype=known.dtype)
    positions[present] = known
    return positions
