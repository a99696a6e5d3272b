"""`Items` and `Pairs`: what there is, by integer id, and which caption is native to which item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_array, fingerprint_bytes, fingerprint_value
from pentad.core.modality import Modality
from pentad.store.rejections import Rejection
from pentad.store.remote.files import FilePath, Root

if TYPE_CHECKING:
    import polars as pl
    from polars.datatypes import DataTypeClass

    Schema = dict[str, DataTypeClass]


def item_schema(modality: Modality) -> Schema:
    """Return the columns of ``items/<modality>.parquet`` and their types."""
    import polars as pl

    shared: Schema = {
        "source": pl.String,
        "source_dataset": pl.String,
        "dataset_license": pl.String,
        "removed": pl.Boolean,
    }
    if modality is Modality.TEXT:
        own: Schema = {"caption": pl.String, "native_modality": pl.String}
    else:
        own = {
            "file": pl.String,
            "concept": pl.String,
            "fingerprint": pl.String,
            "bytes": pl.UInt64,
        }
    return {modality.id_column: pl.UInt32, **own, **shared}


def pair_schema() -> Schema:
    """Return the columns of ``items/pairs.parquet`` and their types."""
    import polars as pl

    return {"text_id": pl.UInt32, "modality": pl.String, "item_id": pl.UInt32, "source": pl.String}


def generated_schema() -> Schema:
    """Return the columns of ``items/generated.parquet`` and their types.

    One row for each native pair that a model wrote: who wrote it, asked what, about which content.
    """
    import polars as pl

    words = (
        "model",  # as it was named
        "revision",
        "prompt",
        "prompt_fingerprint",
        "generator",  # fingerprint of all that decides what is written
        "item_fingerprint",  # of the content that was described
    )
    return {**pair_schema(), **dict.fromkeys(words, pl.String)}


def _none_generated() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema=generated_schema())


@dataclass(frozen=True, eq=False)
class Items:
    """The items of one modality, in id order, removed ones left out.

    Attributes:
        modality: What they are.
        frame: One row an item, columns as `item_schema` says.
        roots: Source name -> folder that its ``file`` values are relative to.
    """

    modality: Modality
    frame: pl.DataFrame
    roots: Mapping[str, Root] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many items there are."""
        return self.frame.height

    @cached_property
    def ids(self) -> NDArray[np.uint32]:
        """u32 (items,), ascending."""
        return self.frame[self.modality.id_column].to_numpy()

    @cached_property
    def fingerprints(self) -> list[str]:
        """SHA-256 of each item's content: the file's bytes, or the caption."""
        if self.modality is Modality.TEXT:
            return [fingerprint_bytes(c.encode()) for c in self.frame["caption"]]
        return self.frame["fingerprint"].to_list()

    @property
    def fingerprint(self) -> str:
        """64 hex digits over the ids and contents of all items."""
        contents = fingerprint_bytes("\n".join(self.fingerprints).encode())
        return fingerprint_value([self.modality.value, fingerprint_array(self.ids), contents])

    @property
    def captions(self) -> list[str]:
        """The captions, in id order.

        Raises:
            InputError: These items are files.
        """
        if self.modality is not Modality.TEXT:
            raise InputError("only text items are captions", seen=self.modality.value)
        return self.frame["caption"].to_list()

    def path(self, row: int) -> FilePath:
        """Return where the file of row ``row`` lies."""
        return self.roots[str(self.frame["source"][row])] / str(self.frame["file"][row])

    def paths(self) -> list[FilePath]:
        """Return where every item's file lies, in id order."""
        pairs = zip(self.frame["source"], self.frame["file"], strict=True)
        return [self.roots[source] / file for source, file in pairs]

    def take(self, ids: ArrayLike) -> Items:
        """Return the items with these ids, in id order."""
        return Items(
            self.modality, self.frame.filter(np.isin(self.ids, np.asarray(ids))), self.roots
        )


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which captions are native to which items: many to many.

    Attributes:
        frame: ``text_id, modality, item_id, source``, sorted by modality, item and text. A caption
            that a source lists without a file has a row with itself, of modality text, so that it
            is known who still lists it.
    """

    frame: pl.DataFrame

    @property
    def native(self) -> pl.DataFrame:
        """The rows that join a caption and a file."""
        import polars as pl

        return self.frame.filter(pl.col("modality") != Modality.TEXT.value)

    def of(self, modality: str) -> NDArray[np.uint32]:
        """Return (pairs, 2): text id and item id of every native pair of ``modality``."""
        import polars as pl

        rows = self.frame.filter(pl.col("modality") == str(modality)).select("text_id", "item_id")
        once = rows.unique(maintain_order=True)  # several sources may say the same
        return once.to_numpy().astype(np.uint32).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Catalog:
    """All items and native pairs together.

    Attributes:
        frames: Modality -> table as stored, removed items included.
        pairs: Native pairs of what is not removed.
        roots: Source name -> its folder.
        rejections: What was refused while the sources were read.
        generated: Which of the pairs a model wrote, columns as `generated_schema` says.
    """

    frames: Mapping[Modality, pl.DataFrame]
    pairs: Pairs
    roots: Mapping[str, Root] = field(default_factory=dict)
    rejections: Sequence[Rejection] = field(default_factory=tuple)
    generated: pl.DataFrame = field(default_factory=_none_generated)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities that have at least one item, in the usual order."""
        return tuple(m for m in Modality if m in self.frames and len(self.items(m)))

    def items(self, modality: str) -> Items:
        """Return the items of one modality that are not removed; none is an empty table."""
        import polars as pl

        kind = Modality(modality)
        frame = self.frames.get(kind)
        if frame is None:
            frame = pl.DataFrame(schema=item_schema(kind))
        return Items(kind, frame.filter(~pl.col("removed")), self.roots)

    @property
    def fingerprint(self) -> str:
        """64 hex digits over all items, their concepts and their pairs."""
        parts = [self.items(m).fingerprint for m in self.modalities]
        concepts = [
            self.items(m).frame["concept"].to_list()
            for m in self.modalities
            if m is not Modality.TEXT
        ]
        pairs = self.pairs.native.drop("source").unique(maintain_order=True)
        return fingerprint_value([parts, concepts, pairs.to_dict(as_series=False)])


def empty_catalog() -> Catalog:
    """Return a catalog without items."""
    import polars as pl

    return Catalog({}, Pairs(pl.DataFrame(schema=pair_schema())))
