"""Which items the groups or triplets that somebody wants are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.sources.emm1.download_items import COSTS, HOPELESS, Files

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1

ABSENT = -1


@dataclass(frozen=True, eq=False)
class Uses:
    """Groups or triplets, in the order in which they are best made complete.

    Attributes:
        rows: Modality -> i32 (groups,), the row of the item that a group uses; -1 for none.
        costs: i32 (groups,), ascending: 0 is complete, from `HOPELESS` on it cannot be.
    """

    rows: Mapping[Modality, NDArray[np.int32]]
    costs: NDArray[np.int32]

    @property
    def complete(self) -> int:
        """How many are complete already."""
        return int((self.costs == 0).sum())

    @property
    def possible(self) -> int:
        """How many are, or can become, complete."""
        return int((self.costs < HOPELESS).sum())

    def first(self, count: int) -> Uses:
        """Return the first ``count`` of those that can be complete."""
        count = min(count, self.possible)
        return Uses({m: rows[:count] for m, rows in self.rows.items()}, self.costs[:count])

    def ranked(self, files: Files) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """Return the items to fetch, those of the first group first, each once.

        Returns:
            Their modalities, as positions in ``files``, and their rows.
        """
        groups: list[NDArray[np.int64]] = []
        kinds: list[NDArray[np.int8]] = []
        rows: list[NDArray[np.int64]] = []
        for place, (modality, items) in enumerate(files.items()):
            used = np.flatnonzero(self.rows[modality] != ABSENT)
            found, first = np.unique(self.rows[modality][used], return_index=True)
            wanted = items.todo[found]
            groups.append(used[first[wanted]])
            kinds.append(np.full(int(wanted.sum()), place, np.int8))
            rows.append(found[wanted].astype(np.int64))
        order = np.lexsort((np.concatenate(kinds), np.concatenate(groups)))
        return np.concatenate(kinds)[order], np.concatenate(rows)[order]


def used_ids(
    ds: Emm1,
    split: str,
    modalities: Sequence[Modality],
    *,
    nn: Sequence[int] = (),
    pair: Sequence[Modality] | None = None,
) -> dict[Modality, pl.Series]:
    """Return modality -> the id that each group of neighbors or rated triplet uses, null for none.

    Args:
        ds: The data set.
        split: ``100m`` for groups, ``1m`` for triplets.
        modalities: Whose ids are wanted.
        nn: Ranks of groups.
        pair: The modalities of triplets; None for all.

    Raises:
        InputError: A table is missing or cannot be read.
    """
    if split == "1m":
        return _rated_ids(ds, modalities, pair)
    frame = ds.groups(tuple(nn), modalities, captions=False).collect()
    return {m: frame[f"encord_{m}_id"] for m in modalities}


def rank_uses(ids: Mapping[Modality, pl.Series], files: Files) -> Uses:
    """Return groups or triplets, those that need least first, else in their own order."""
    rows, costs = {}, np.zeros(len(next(iter(ids.values()))), np.int32)
    for modality, column in ids.items():
        rows[modality], cost = _rows(files, modality, column)
        costs += cost
    order = np.argsort(costs, kind="stable")
    return Uses({m: each[order] for m, each in rows.items()}, costs[order])


def _rated_ids(
    ds: Emm1, modalities: Sequence[Modality], pair: Sequence[Modality] | None
) -> dict[Modality, pl.Series]:
    import polars as pl

    frame = ds.triplets(pair).collect()
    columns = [
        pl.when(pl.col("paired_modality") == m.value)
        .then(pl.col("encord_paired_id"))
        .when(pl.col("annotated_modality") == m.value)
        .then(pl.col("encord_annotated_id"))
        .alias(m.value)
        for m in modalities
    ]
    names = [m.value for m in modalities]
    ids = frame.select("encord_text_id", *columns).unique(maintain_order=True)
    ids = ids.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names))
    return {m: ids[m.value] for m in modalities}


def _rows(
    files: Files, modality: Modality, ids: pl.Series
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the row of each id and what is missing for it; nothing is where there is no id."""
    empty = ids.is_null().to_numpy()
    rows = files[modality].lookup.rows(ids.fill_null(0).to_numpy())
    rows = np.where(empty, ABSENT, rows).astype(np.int32)
    costs = np.where(rows == ABSENT, HOPELESS, COSTS[files[modality].standing[rows]])
    return rows, np.where(empty, 0, costs).astype(np.int32)
