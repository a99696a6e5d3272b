"""`LeakageReport`: every pair that was found, by what, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.curation.leakage.kinds import WEAK
from pentad.curation.leakage.threshold import Threshold

if TYPE_CHECKING:
    import polars as pl
    from polars.datatypes import DataTypeClass

SIDES = ("train", "eval")


def match_schema() -> dict[str, DataTypeClass]:
    """Return the columns of a report's table of pairs, and their types."""
    import polars as pl

    sides = {
        f"{side}_{name}": kind
        for side in ("eval", "train")
        for name, kind in (
            ("modality", pl.String),
            ("source", pl.String),
            ("id", pl.UInt32),
            ("key", pl.String),
        )
    }
    return {
        "kind": pl.String,
        "what": pl.String,
        **sides,
        "strength": pl.Float64,
        "distance": pl.Float64,
        "detail": pl.String,
    }


@dataclass(frozen=True)
class Unchecked:
    """What was not compared, and why.

    Attributes:
        kind: By what it was not compared.
        modality: Of which items; empty for all.
        side: ``train``, ``eval``, or empty for both.
        count: Items concerned; 0 where that is all of them.
        reason: Why.
        names: The files, each with its own reason, where there are such.
    """

    kind: str
    modality: str
    side: str
    count: int
    reason: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as one line."""
        number = f"{self.count} " if self.count else ""
        what = " ".join(word for word in (self.side, self.modality) if word) or "everything"
        return f"{self.kind}: {number}{what}: {self.reason}"


@dataclass(frozen=True, eq=False)
class LeakageReport:
    """What an evaluation set shares with a training set.

    Attributes:
        train: Name of the training side.
        evaluation: Name of the evaluation side.
        kinds: By what was compared.
        items: Side -> modality -> how many items there are.
        matches: One row for each pair and kind, columns as `match_schema` says: by kind, then
            modality and id of the evaluation item, the strongest first.
        thresholds: Kind -> modality -> what a pair had to reach.
        calibrations: Modality -> the threshold of embeddings and how it was found.
        unchecked: What was not compared.
        space: The space whose vectors were compared; empty for none.
    """

    train: str
    evaluation: str
    kinds: tuple[str, ...]
    items: Mapping[str, Mapping[str, int]]
    matches: pl.DataFrame
    thresholds: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    calibrations: Mapping[str, Threshold] = field(default_factory=dict)
    unchecked: Sequence[Unchecked] = ()
    space: str = ""

    def counts(self) -> list[dict[str, Any]]:
        """Return pairs and items of each kind, what it was, and pair of modalities, as rows."""
        import polars as pl

        group = ["kind", "what", "eval_modality", "train_modality"]
        table = self.matches.group_by(group, maintain_order=True).agg(
            pl.len().alias("pairs"),
            pl.col("eval_id").n_unique().alias("eval_items"),
            pl.col("train_id").n_unique().alias("train_items"),
        )
        return table.to_dicts()

    def exclude(self, side: str = "eval", *, weak: bool = False) -> pl.DataFrame:
        """Return the items of one side that are to be left out so that nothing is shared.

        Args:
            side: ``eval`` or ``train``.
            weak: Also those of which only the name of the file is the same.

        Returns:
            ``modality, source, id, key, kinds``, one row an item, by modality and id.

        Raises:
            InputError: There is no such side.
        """
        import polars as pl

        if side not in SIDES:
            raise InputError("no such side", expected=" or ".join(SIDES), seen=repr(side))
        rows = self.matches if weak else self._strong()
        names = {f"{side}_{name}": name for name in ("modality", "source", "id", "key")}
        found = rows.select(*names, "kind").rename(names)
        order = {m.value: place for place, m in enumerate(Modality)}
        return (
            found.group_by(list(names.values()))
            .agg(pl.col("kind").unique().sort().str.join(" ").alias("kinds"))
            .sort(pl.col("modality").replace_strict(order, return_dtype=pl.UInt8), "id")
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything but the pairs as plain values."""
        shares = {
            side: {
                modality: {"items": count, "leaked": self._leaked(side, modality)}
                for modality, count in self.items[side].items()
            }
            for side in SIDES
        }
        return {
            "train": self.train,
            "eval": self.evaluation,
            "kinds": list(self.kinds),
            "space": self.space,
            "items": shares,
            "counts": self.counts(),
            "thresholds": {kind: dict(of) for kind, of in self.thresholds.items()},
            "calibrations": {m: each.to_json() for m, each in self.calibrations.items()},
            "unchecked": [asdict(each) for each in self.unchecked],
        }

    def markdown(self) -> str:
        """Return the report as a page in Markdown."""
        from pentad.curation.leakage.page import page

        return page(self)

    def _leaked(self, side: str, modality: str) -> int:
        """Return how many items of a modality have a pair that is more than a hint."""
        import polars as pl

        rows = self._strong().filter(pl.col(f"{side}_modality") == modality)
        return rows[f"{side}_id"].n_unique()

    def _strong(self) -> pl.DataFrame:
        import polars as pl

        return self.matches.filter(~pl.col("what").is_in([what.value for what in WEAK]))
