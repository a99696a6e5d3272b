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
from pentad.embeddings.embeddings import find_rows
from pentad.neighbors.seen import Seen
from pentad.store.records import Record, committing, read_record

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("query_id", "rank", "item_id", "score")
FURTHER_COLUMNS = ("adjusted_score", "native")
_KIND = "neighbors"

Ids = NDArray[np.uint32] | NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest items of each query. There are ``min(k, corpus size)`` columns.

    Attributes:
        query_ids: u32 or u64 (queries,), ascending, no two equal.
        ids: u32 or u64 (queries, columns); column j holds the neighbors of rank j + 1.
        scores: float32 (queries, columns), greater = closer. Never ascending within a row, except
            where adjusted scores decide the order, or behind a native item that was put first.
        query_modality: What the queries are.
        modality: What the neighbors are.
        space: The space both were compared in.
        k: How many neighbors were asked for.
        metric: ``cosine``, ``dot`` or ``euclidean`` (negative distance).
        corpus_size: How many items were searched; 0 where that is not known.
        query_location: Folder of the queries' vectors, relative to the workspace; may be empty.
        location: Folder of the items' vectors, likewise.
        how: How they were found: ``backend``, and what that one says of itself.
        adjusted_scores: float32 (queries, columns), scores less the advantage of hubs, which decide
            the order; None where the scores themselves do.
        native: bool (queries, columns), which neighbors are the query's own items; None where that
            was not asked.
        seen: What was compared, so that `update_neighbors` finds what has changed since; or None.
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
    adjusted_scores: NDArray[np.float32] | None = None
    native: NDArray[np.bool_] | None = None
    seen: Seen | None = None

    def __post_init__(self) -> None:
        """Check shapes and order."""
        if self.ids.ndim != 2 or self.ids.shape[1] == 0:
            raise InputError("ids must be (queries, k), k at least 1", seen=self.ids.shape)
        shape = (len(self.query_ids), self.ids.shape[1])
        for name in ("ids", "scores", "adjusted_scores", "native"):
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise InputError(f"{name} must be (queries, k)", expected=shape, seen=array.shape)
        if not (self.query_ids[1:] > self.query_ids[:-1]).all():
            raise InputError("query ids must ascend without repeats")
        falls = self.order[:, 1:] <= self.order[:, :-1]
        if self.native is not None:
            falls |= self.native[:, :-1]
        if not falls.all():
            raise InputError("scores must not ascend from one rank to the next")

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.query_ids)

    @property
    def columns(self) -> int:
        """How many neighbors each query has."""
        return int(self.ids.shape[1])

    @property
    def order(self) -> NDArray[np.float32]:
        """float32 (queries, columns), the scores that decide the order."""
        return self.scores if self.adjusted_scores is None else self.adjusted_scores

    def take(self, chosen: ArrayLike) -> Neighbors:
        """Return the neighbors of some queries, in query order.

        Args:
            chosen: Flags, one a query, or query ids; ids that are not there are left out.
        """
        keep = np.asarray(chosen)
        if keep.dtype != np.bool_:
            rows, there = find_rows(self.query_ids, keep)
            keep = np.zeros(len(self), dtype=np.bool_)
            keep[rows[there]] = True
        arrays = ("query_ids", "ids", "scores", "adjusted_scores", "native")
        given = {name: getattr(self, name) for name in arrays}
        taken: dict[str, Any] = {n: None if a is None else a[keep] for n, a in given.items()}
        return replace(self, **taken, seen=None)

    def frame(self) -> pl.DataFrame:
        """Return one row a neighbor: ``query_id, rank, item_id, score``, by query, then rank.

        Where there are any, ``adjusted_score`` and ``native`` follow.
        """
        import polars as pl

        ranks = np.arange(1, self.columns + 1, dtype=np.uint16)
        columns = {
            "query_id": np.repeat(self.query_ids, self.columns),
            "rank": np.tile(ranks, len(self)),
            "item_id": self.ids.ravel(),
            "score": self.scores.ravel(),
        }
        further = zip(FURTHER_COLUMNS, (self.adjusted_scores, self.native), strict=True)
        columns |= {name: array.ravel() for name, array in further if array is not None}
        return pl.DataFrame(columns)

    def save(self, folder: str | Path) -> None:
        """Write ``<modality>.parquet`` and its record ``<modality>.json`` into ``folder``.

        What was seen goes to ``<modality>.seen.parquet``, the spare neighbors that are known to
        ``<modality>.spare.parquet``.
        """
        with committing(Path(folder) / f"{self.modality}.json") as commit:
            self.frame().write_parquet(commit.path(f"{self.modality}.parquet"))
            if self.seen is not None:
                self.seen.frame().write_parquet(commit.path(f"{self.modality}.seen.parquet"))
                spare = self.seen.spare_frame(self.columns)
                spare.write_parquet(commit.path(f"{self.modality}.spare.parquet"))
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
        expected = (*COLUMNS, *(c for c in FURTHER_COLUMNS if c in table.columns))
        if tuple(table.columns) != expected:
            raise SchemaMismatch(path, ", ".join(COLUMNS), ", ".join(table.columns))
        return _from_table(table, dict(record.fields), _seen(record))


def _seen(record: Record) -> Seen | None:
    """Return what was seen; spare neighbors were not always kept."""
    import polars as pl

    name, columns = record.path.stem, record.fields["shape"][1]
    seen, spare = (record.path.with_name(f"{name}.{part}.parquet") for part in ("seen", "spare"))
    if seen.name not in record.files:
        return None
    known = Seen.from_frame(pl.read_parquet(seen))
    if spare.name not in record.files:
        return known
    return known.with_spares(pl.read_parquet(spare), columns)


def _from_table(table: pl.DataFrame, fields: dict[str, Any], seen: Seen | None) -> Neighbors:
    shape = fields.pop("shape")
    del fields["kind"]
    for name in ("query_modality", "modality"):
        fields[name] = as_modality(fields[name])
    given = {name: table[name].to_numpy().reshape(shape) for name in table.columns}
    return Neighbors(
        given["query_id"][:, 0].copy(),
        given["item_id"],
        given["score"],
        **fields,
        adjusted_scores=given.get("adjusted_score"),
        native=given.get("native"),
        seen=seen,
    )


def _record(folder: Path, modality: str | None) -> Record:
    wanted = list(Modality) if modality is None else [as_modality(modality)]
    found = [record for m in wanted if (record := read_record(folder / f"{m}.json")) is not None]
    if len(found) > 1:
        names = ", ".join(record.path.stem for record in found)
        raise InputError(f"there are neighbors of {names} here; say modality=", file=folder)
    if not found or not found[0].intact():
        raise StoreError(f"{folder}: no complete neighbors here; find them again")
    return found[0]
