"""`NamedVectors`: one float64 vector for each named item, and the folder they are kept in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, StoreError
from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.embeddings.arrays import IDS, map_array, read_array
from pentad.embeddings.embeddings import write_array
from pentad.store.records import committing, read_record

RECORD = "embeddings.json"
FILES = frozenset({RECORD, "vectors.npy", "ids.npy", "names.parquet"})
_FLOATS = ("<f8", "<f4", "<f2")


@dataclass(frozen=True, eq=False)
class NamedVectors:
    """Vectors ready to be searched.

    Attributes:
        names: (items,), no two equal.
        vectors: float64 (items, dim), finite.
        modality: What the items are.
        space: Where the vectors come from.
        recipe: How they were prepared, as plain values.
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float64]
    modality: str = "audio"
    space: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check names and values."""
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.names):
            raise InputError(
                "one vector a name", expected=(len(self.names), "dim"), seen=self.vectors.shape
            )
        if len(set(self.names)) != len(self.names):
            raise InputError("two items have the same name")
        finite = np.isfinite(self.vectors).all(axis=1)
        if not finite.all():
            name = self.names[int(np.argmin(finite))]
            raise InputError(f"the vector of {name!r} is not finite")

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.names)

    @property
    def fingerprint(self) -> str:
        """64 hex digits over names and vectors."""
        return fingerprint_value([list(self.names), fingerprint_array(self.vectors)])

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> NamedVectors:
        """Return some of the rows, in the order given."""
        index = np.asarray(rows, np.int64)
        names = tuple(self.names[row] for row in index.tolist())
        return replace(self, names=names, vectors=self.vectors[index])

    def save(self, folder: str | Path) -> None:
        """Write an embeddings folder: vectors, ids, names and a record, which comes last."""
        import polars as pl

        root = Path(folder)
        with committing(root / RECORD) as commit:
            write_array(commit.path("vectors.npy"), self.vectors)
            write_array(commit.path("ids.npy"), np.arange(len(self), dtype=np.uint32))
            pl.DataFrame({"name": self.names}, schema={"name": pl.String}).write_parquet(
                commit.path("names.parquet")
            )
            commit.finish(
                {
                    "modality": self.modality,
                    "space": self.space,
                    "rows": len(self),
                    "dim": int(self.vectors.shape[1]),
                    "dtype": "float64",
                    "recipe": dict(self.recipe),
                }
            )

    @classmethod
    def load(cls, folder: str | Path) -> NamedVectors:
        """Read what `save` wrote, or embeddings without names, which are called by their ids.

        Raises:
            StoreError: There is no finished folder, or it is damaged.
        """
        import polars as pl

        root = Path(folder)
        record = read_record(root / RECORD)
        if record is None or not record.intact():
            raise StoreError(
                f"{root}: no prepared vectors; make them with 'pentad similarity prepare'"
            )
        try:
            rows, fields = record.fields["rows"], record.fields
            vectors = map_array(root / "vectors.npy", _FLOATS, (rows, None))
            ids = read_array(root / "ids.npy", IDS, (rows,))
            names = tuple(map(str, ids.tolist()))
            if (root / "names.parquet").is_file():
                names = tuple(pl.read_parquet(root / "names.parquet")["name"].to_list())
            recipe = fields.get("recipe", {})
            whole = np.asarray(vectors, np.float64)
            return cls(names, whole, fields["modality"], fields["space"], recipe)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            InputError,
            pl.exceptions.PolarsError,
        ) as e:
            raise StoreError(f"{root}: damaged ({e}); prepare it again") from None
