"""What a writer is given: info tables by modality, and groups or rated triplets in batches.

Nothing here knows where the rows come from. Rows are streamed, there may be 6.7 million of them a
rank; of the items only what joins them is held.

    infos      <id>, source_dataset, dataset_license, ..., file_name, save_folder; text: caption
    groups     <text id>, one id column a modality, nn_index
    triplets   <text id>, two modalities, <paired id>, <annotated id>, annotation
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

RANK = "nn_index"
PAIRED, ANNOTATED = "paired", "annotated"
TRIPLETS = "triplets"
BLOCK_ROWS = 1 << 17
MAPPING = ((1, "Good Match"), (2, "Partial Match"), (3, "Bad Match"))


class MediaFiles(Protocol):
    """Finds the files of items."""

    def path(self, save_folder: str, modality: str, file_name: str) -> Path:
        """Return where a file is, or would be."""

    def present(
        self, save_folder: str, modality: str, file_names: Sequence[str]
    ) -> NDArray[np.bool_]:
        """Return for each file whether it is there."""


class InfoRows(Protocol):
    """The items of one modality in the order of their table."""

    def columns(self) -> list[str]:
        """Return the names of all columns, in order."""

    def read(self, names: Sequence[str]) -> pa.Table:
        """Return some columns, captions excepted; labels may be dictionaries."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all columns in blocks, the same rows as `read`."""


class Captions(Protocol):
    """Captions by id, best asked for in ascending order."""

    def take(self, ids: NDArray[np.uint32]) -> pa.Array:
        """Return a string for each id, null where the id is unknown."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """One data set, or one split of it, ready to be written.

    Attributes:
        name: A name that may be a folder's, such as ``e-mm1_100m``.
        title: What people call it.
        modalities: Media modalities in the order of the columns.
        infos: Returns the items of a modality, text included.
        captions: Starts to read captions.
        ranks: The ranks of groups; empty if there are none.
        groups: Returns the groups of a rank in batches, in order.
        triplets: Returns rated triplets in batches, in order; None if there are none.
        mapping: Annotation code and its name.
        mapping_header: The columns of that table.
        media: Finds files; None where only tables are there.
        inputs: File name -> SHA-256 of what the tables were read from.
        prefix: What id columns begin with; ``encord_`` gives ``encord_image_id``.
    """

    name: str
    title: str
    modalities: tuple[Modality, ...]
    infos: Callable[[Modality], InfoRows]
    captions: Callable[[], Captions]
    ranks: tuple[int, ...] = ()
    groups: Callable[[int], Iterator[pl.DataFrame]] | None = None
    triplets: Callable[[], Iterator[pl.DataFrame]] | None = None
    mapping: Sequence[tuple[int, str]] = MAPPING
    mapping_header: tuple[str, str] = ("annotation", "annotation_string")
    media: MediaFiles | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "encord_"

    def id_name(self, role: str) -> str:
        """Return the id column of a modality, or of ``paired`` or ``annotated``."""
        return f"{self.prefix}{role}_id"

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of what is streamed: ``nn_1`` and so on, or ``triplets``."""
        ranks = tuple(f"nn_{rank}" for rank in self.ranks)
        return ranks if self.triplets is None else (*ranks, TRIPLETS)

    def group_columns(self) -> list[str]:
        """Return the columns of a table of groups, in E-MM1's order."""
        return [self.id_name("text"), *(self.id_name(m) for m in self.modalities), RANK]

    def triplet_columns(self) -> list[str]:
        """Return the columns of the table of triplets, in E-MM1's order."""
        return [
            self.id_name("text"),
            f"{PAIRED}_modality",
            f"{ANNOTATED}_modality",
            self.id_name(PAIRED),
            self.id_name(ANNOTATED),
            "annotation",
        ]
