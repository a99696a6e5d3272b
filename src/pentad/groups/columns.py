"""The table of groups from what was chosen: by rank, then caption, a column at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.neighbors.neighbors import Neighbors

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Picked:
    """The items of one modality in the groups of each caption.

    Attributes:
        neighbors: The candidates, (captions, columns).
        chosen: int16 (captions, k), which candidate stands in each group; -1 for none.
        shows_rank: Whether retrieval ranks are shown.
    """

    neighbors: Neighbors
    chosen: NDArray[np.int16]
    shows_rank: bool

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which groups have an item, bool (captions, k)."""
        present: NDArray[np.bool_] = self.chosen >= 0
        return present


def group_table(
    text_ids: NDArray[Any],
    picked: Mapping[Modality, Picked],
    agreement: NDArray[np.float32] | None = None,
) -> pl.DataFrame:
    """Return the table as `Groups` says. Beside it, no more than a column or two is held.

    Args:
        text_ids: (captions,), ascending.
        picked: What stands in the groups, by modality; at least one.
        agreement: float32 (captions, k), NaN where there is none; or None for no such column.
    """
    import polars as pl

    k = next(iter(picked.values())).chosen.shape[1]
    ranks = np.repeat(np.arange(1, k + 1, dtype=np.uint16), len(text_ids))
    columns = [pl.Series("text_id", np.tile(text_ids, k)), pl.Series("rank", ranks)]
    for modality, pick in picked.items():
        columns += _of_modality(modality, pick)
    if agreement is not None:
        columns.append(pl.Series("agreement", agreement.T.ravel()).fill_nan(None))
    return pl.DataFrame(columns)


def _of_modality(modality: Modality, picked: Picked) -> Iterator[pl.Series]:
    import polars as pl

    lists, chosen = picked.neighbors, picked.chosen
    absent = pl.Series(~picked.present.T.ravel())
    gathered = {modality.id_column: lists.ids, f"{modality}_score": lists.scores}
    if lists.adjusted_scores is not None:
        gathered[f"{modality}_adjusted_score"] = lists.adjusted_scores
    for name, values in gathered.items():
        yield _nulled(pl.Series(name, _by_rank(values, chosen)), absent)
    if picked.shows_rank:
        ranks = (chosen.T.ravel() + 1).astype(np.uint16)
        yield _nulled(pl.Series(f"neighbor_rank_{modality}", ranks), absent)


def _by_rank(values: NDArray[Any], chosen: NDArray[np.int16]) -> NDArray[Any]:
    """Return the chosen values, those of rank 1 first; anything where none is chosen."""
    rows = np.arange(len(chosen))
    found = np.empty(chosen.size, dtype=values.dtype)
    for rank in range(chosen.shape[1]):
        place = slice(rank * len(rows), (rank + 1) * len(rows))
        found[place] = values[rows, chosen[:, rank].clip(0)]
    return found


def _nulled(column: pl.Series, absent: pl.Series) -> pl.Series:
    return column.set(absent, None) if absent.any() else column
