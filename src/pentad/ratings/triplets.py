"""`Triplets`: a caption, the item it belongs to, and an item that somebody has rated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import StoreError
from pentad.core.modality import Modality
from pentad.core.rating import Rating
from pentad.ratings.from_frame import triplets_table
from pentad.store.records import committing, read_record

if TYPE_CHECKING:
    import polars as pl

_MANIFEST, _TABLE = "manifest.json", "triplets.parquet"
_PAIR = ("paired_modality", "rated_modality")
_SAME = ("text_id", "paired_modality", "paired_id", "rated_modality", "rated_id")


@dataclass(frozen=True, eq=False)
class Triplets:
    """One row a rating.

    Attributes:
        table: ``text_id``, ``paired_modality`` and ``paired_id`` (the item that the caption was
            written for), ``rated_modality`` and ``rated_id`` (the item that was rated), ``rating``
            (u8, the grade of a `Rating`). Rows may be repeated, with equal or other ratings.
        manifest: Where they come from, as plain values.
    """

    table: pl.DataFrame
    manifest: Mapping[str, Any]

    def __len__(self) -> int:
        """Return how many ratings there are."""
        return self.table.height

    def frame(self) -> pl.DataFrame:
        """Return the table, one row a rating."""
        return self.table

    @classmethod
    def from_frame(
        cls, frame: pl.DataFrame | pl.LazyFrame, *, manifest: Mapping[str, Any] | None = None
    ) -> Triplets:
        """Take triplets from a table; ids and order stay as they are.

        Args:
            frame: Either our own columns, ``rating`` a grade or its name, or the published
                ``encord_text_id, paired_modality, encord_paired_id, annotated_modality,
                encord_annotated_id, annotation``, a code: 1 good, 2 partial, 3 bad. Other columns
                are passed over.
            manifest: What to remember about them, best ``{"namespace": ...}``: which ids these are,
                such as ``emm1-1m``.

        Raises:
            InputError: A column is missing or of another kind, or a value is null.
            UnknownName: A modality is none.
        """
        return cls(triplets_table(frame), {**(manifest or {}), "kind": "triplets"})

    def counts(self) -> pl.DataFrame:
        """Return how many ratings there are of each grade, a row for each pair of modalities."""
        import polars as pl

        grades = [
            (pl.col("rating") == grade.value).sum().cast(pl.Int64).alias(grade.name.lower())
            for grade in reversed(Rating)
        ]
        total = pl.len().cast(pl.Int64).alias("total")
        return self.table.group_by(_PAIR).agg(*grades, total).sort(_PAIR)

    def by_pair(self) -> dict[tuple[Modality, Modality], Triplets]:
        """Return the triplets of each pair of modalities: (paired, rated) -> its rows, in order."""
        parts = self.table.partition_by(_PAIR, as_dict=True, maintain_order=True)
        return {
            (Modality(paired), Modality(rated)): replace(self, table=part)
            for (paired, rated), part in sorted(parts.items())
        }

    def merged(self) -> Triplets:
        """Return one row for each triplet: the grade most of its rows have, the lower on a tie.

        The manifest says under ``merged`` how many ``rows`` there were and how many triplets had
        ratings that differ (``disagreements``).
        """
        table, disagreements = merge_ratings(self.table, _SAME)
        note = {"rows": len(self), "disagreements": disagreements}
        return Triplets(table, {**self.manifest, "merged": note})

    def save(self, folder: str | Path) -> None:
        """Write ``triplets.parquet`` and its record ``manifest.json``."""
        with committing(Path(folder) / _MANIFEST) as commit:
            self.table.write_parquet(commit.path(_TABLE))
            commit.finish(self.manifest)

    @classmethod
    def load(cls, folder: str | Path) -> Triplets:
        """Read what `save` wrote.

        Raises:
            StoreError: There are no complete triplets, or the file has another size than recorded.
        """
        import polars as pl

        root = Path(folder)
        record = read_record(root / _MANIFEST)
        if record is None or not record.intact() or record.fields.get("kind") != "triplets":
            raise StoreError(f"{root}: no complete triplets here; save them again")
        return cls(pl.read_parquet(root / _TABLE), record.fields)


def merge_ratings(table: pl.DataFrame, same: tuple[str, ...]) -> tuple[pl.DataFrame, int]:
    """Settle rows that agree in the columns ``same`` by majority, a tie in favor of the lower.

    Returns:
        ``same`` and ``rating``, in the order of first rows; and how many had ratings that differ.
    """
    import polars as pl

    votes = {g: (pl.col("rating") == g.value).sum().alias(g.name) for g in Rating}
    counted = table.group_by(same, maintain_order=True).agg(*votes.values())
    bad, partial, good = (pl.col(g.name) for g in (Rating.BAD, Rating.PARTIAL, Rating.GOOD))
    winner = (
        pl.when((bad >= partial) & (bad >= good))
        .then(Rating.BAD.value)
        .when(partial >= good)
        .then(Rating.PARTIAL.value)
        .otherwise(Rating.GOOD.value)
    )
    kinds = (bad > 0).cast(pl.Int8) + (partial > 0).cast(pl.Int8) + (good > 0).cast(pl.Int8)
    disagreements = counted.select((kinds > 1).sum()).item()
    return counted.select(*same, winner.cast(pl.UInt8).alias("rating")), int(disagreements)
