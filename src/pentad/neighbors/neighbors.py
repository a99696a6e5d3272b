"""`Neighbors`: for each query the nearest items of one modality, best first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError, SchemaMismatch, StoreError
from pentad.core.modality import Modality, as_modality
from pentad.store.records import Record, committing, read_record

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("query_id", "rank", "item_id", "score")
_KIND = "neighbors"

Ids = NDArray[np.uint32] | NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest items of each query. There are ``min(k, corpus size)`` columns.

    Attributes:
        query_ids: u32 or u64 (queries,), ascending, no two equal.
        ids: u32 or u64 (queries, columns); column j holds the neighbors of rank j + 1.
        scores: float32 (queries, columns), greater = closer, never ascending within a row.
        query_modality: What the queries are.
        modality: What the neighbors are.
        space: The space both were compared in.
        k: How many neighbors were asked for.
        metric: ``cosine``, ``dot`` or ``euclidean`` (negative distance).
        corpus_size: How many items were searched; 0 where that is not known.
        query_location: Folder of the queries' vectors, relative to the workspace; may be empty.
        location: Folder of the items' vectors, likewise.
        how: How they were found: ``backend``, and what that one says of itself.
    """

    query_ids: Ids
    ids: Ids
    scores: NDArray[np.float32]
    query_modality: Modality
    modality: Modality
    space: str
    k: int
    metric: str = "cosine"
    corpus_size: int = 0
    query_location: str = ""
    location: str = ""
    how: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and order."""
        if self.ids.ndim != 2 or self.ids.shape[1] == 0:
            raise InputError("ids must be (queries, k), k at least 1", seen=self.ids.shape)
        shape = (len(self.query_ids), self.ids.shape[1])
        for name, array in (("ids", self.ids), ("scores", self.scores)):
            if array.shape != shape:
                raise InputError(f"{name} must be (queries, k)", expected=shape, seen=array.shape)
        if not (self.query_ids[1:] > self.query_ids[:-1]).all():
            raise InputError("query ids must ascend without repeats")
        if not (self.scores[:, 1:] <= self.scores[:, :-1]).all():
            raise InputError("scores must not ascend from one rank to the next")

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.query_ids)

    @property
    def columns(self) -> int:
        """How many neighbors each query has."""
        return int(self.ids.shape[1])

    def take(self, chosen: ArrayLike) -> Neighbors:
        """Return the neighbors of some queries, in query order.

        Args:
            chosen: Flags, one a query, or query ids; ids that are not there are left out.
        """
        keep = np.asarray(chosen)
        if keep.dtype != np.bool_:
            keep = np.isin(self.query_ids, keep)
        return replace(
            self, query_ids=self.query_ids[keep], ids=self.ids[keep], scores=self.scores[keep]
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a neighbor: ``query_id, rank, item_id, score``, by query, then rank."""
        import polars as pl

        ranks = np.arange(1, self.columns + 1, dtype=np.uint16)
        return pl.DataFrame(
            {
                "query_id": np.repeat(self.query_ids, self.columns),
                "rank": np.tile(ranks, len(self)),
                "item_id": self.ids.ravel(),
                "score": self.scores.ravel(),
            }
        )

    def save(self, folder: str | Path) -> None:
        """Write ``<modality>.parquet`` and its record ``<modality>.json`` into ``folder``."""
        with committing(Path(folder) / f"{self.modality}.json") as commit:
            self.frame().write_parquet(commit.path(f"{self.modality}.parquet"))
            commit.finish(
                {
                    "kind": _KIND,
                    "query_modality": self.query_modality.value,
                    "modality": self.modality.value,
                    "space": self.space,
                    "k": self.k,
                    "metric": self.metric,
                    "corpus_size": self.corpus_size,
                    "query_location": self.query_location,
                    "location": self.location,
                    "how": dict(self.how),
                    "shape": list(self.ids.shape),
                }
            )

    @classmethod
    def load(cls, folder: str | Path, modality: str | None = None) -> Neighbors:
        """Read what `save` wrote.

        Args:
            folder: Where it lies.
            modality: Which neighbors to read; may be left out where there are those of only one.

        Raises:
            InputError: ``modality`` was left out and there are several.
            StoreError: There are none, or a file has another size than recorded.
        """
        import polars as pl

        record = _record(Path(folder), modality)
        path = record.path.with_suffix(".parquet")
        table = pl.read_parquet(path)
        if tuple(table.columns) != COLUMNS:
            raise SchemaMismatch(path, ", ".join(COLUMNS), ", ".join(table.columns))
        return _from_table(table, dict(record.fields))


def _from_table(table: pl.DataFrame, fields: dict[str, Any]) -> Neighbors:
    rows, columns = fields.pop("shape")
    del fields["kind"]
    for name in ("query_modality", "modality"):
        fields[name] = as_modality(fields[name])
    query_ids = table["query_id"].to_numpy().reshape(rows, columns)[:, 0].copy()
    ids = table["item_id"].to_numpy().reshape(rows, columns)
    scores = table["score"].to_numpy().reshape(rows, columns)
    return Neighbors(query_ids, ids, scores, **fields)


def _record(folder: Path, modality: str | None) -> Record:
    wanted = list(Modality) if modality is None else [as_modality(modality)]
    found = [record for m in wanted if (record := read_record(folder / f"{m}.json")) is not None]
    if len(found) > 1:
        names = ", ".join(record.path.stem for record in found)
        raise InputError(f"there are neighbors of {names} here; say modality=", file=folder)
    if not found or not found[0].intact():
        raise StoreError(f"{folder}: no complete neighbors here; find them again")
    return found[0]
