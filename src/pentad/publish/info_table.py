"""The items of one modality while rows are streamed past them: found by id, kept or refused, used.

Only what every row needs is held: ids, file names as one run of bytes, and texts with few values
as numbers. Where an item is from is read again when it is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.curation.license_policy import LicensePolicy, allowed_texts
from pentad.publish.bundle import BLOCK_ROWS, MediaFiles
from pentad.publish.labels import Origins, label_column, text_column
from pentad.sources.emm1.lookup import IdLookup

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

SOURCE, LICENSE = "source_dataset", "dataset_license"
FILE, FOLDER = "file_name", "save_folder"
CAPTION = "caption"
ORIGIN = ("youtube_id", "file_id", "start_time", "end_time")
KEPT, REFUSED, NO_FILE = 0, 1, 2
UNKNOWN_ID, NO_ID = -1, -2
LABELS = (SOURCE, LICENSE, FOLDER)
_MISSING = 0xFFFF_FFFF

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class InfoTable:
    """Items of one modality.

    Attributes:
        modality: Whose.
        id_name: The column of ids.
        ids: u32 (rows,).
        cells: The columns that are needed: labels as dictionaries, file names as large strings.
        state: int8 (rows,): `KEPT`, `REFUSED` for the license, or `NO_FILE`.
        used: bool (rows,): what was published; writers mark it.
        lookup: From ids to rows.
    """

    modality: Modality
    id_name: str
    ids: NDArray[np.uint32]
    cells: Mapping[str, pa.Array]
    state: NDArray[np.int8]
    used: Bools
    lookup: IdLookup

    @classmethod
    def of(
        cls, modality: Modality, table: pa.Table, id_name: str, columns: Sequence[str]
    ) -> InfoTable:
        """Return the items of a table; columns that are not there are empty."""
        ids = table.column(id_name).to_numpy()
        cells = {
            name: (label_column if name in LABELS else text_column)(table, name)
            for name in dict.fromkeys(columns)
        }
        n = len(ids)
        lookup = IdLookup.of(ids)
        return cls(modality, id_name, ids, cells, np.zeros(n, np.int8), np.zeros(n, bool), lookup)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def origins(self) -> Origins:
        """Source and license of each item, as one number."""
        return Origins.of(self.cells[SOURCE], self.cells[LICENSE])

    def apply(self, policy: LicensePolicy, media: MediaFiles | None) -> None:
        """Mark what a policy refuses, and what has no file if media are asked for."""
        if policy is not LicensePolicy.ANY:
            self.state[~self._allowed(policy)] = REFUSED
        if media is not None and self.modality is not Modality.TEXT:
            self.state[(self.state == KEPT) & ~self._present(media)] = NO_FILE

    def rows(self, ids: pl.Series) -> NDArray[np.int32]:
        """Return the row of each id; `UNKNOWN_ID` and `NO_ID` where there is none."""
        import polars as pl

        found = self.lookup.rows(ids.cast(pl.UInt32).fill_null(_MISSING).to_numpy())
        found = np.where(found < 0, np.int32(UNKNOWN_ID), found)
        if ids.null_count():
            found[ids.is_null().to_numpy()] = NO_ID
        return found

    def states(self, rows: NDArray[np.int32]) -> NDArray[np.int8]:
        """Return the state of rows; `UNKNOWN_ID` stays, what has no id is kept."""
        found = np.full(len(rows), KEPT, np.int8)
        known = rows >= 0
        found[known] = self.state[rows[known]]
        found[rows == UNKNOWN_ID] = UNKNOWN_ID
        return found

    def take(self, name: str, rows: NDArray[np.int32]) -> pa.Array:
        """Return a column at some rows; null where there is no item or no such text."""
        import pyarrow as pa

        absent = rows < 0
        return self.cells[name].take(pa.array(rows, mask=absent if absent.any() else None))

    def mark(self, rows: NDArray[np.int32]) -> None:
        """Remember that these rows were published."""
        self.used[rows[rows >= 0]] = True

    def published(self) -> list[dict[str, Any]]:
        """Return how many items were published, by source and license."""
        return self._count(self.used)

    def refused(self) -> list[dict[str, Any]]:
        """Return how many items the policy refused, by source and license."""
        return self._count(self.state == REFUSED)

    def _count(self, which: Bools) -> list[dict[str, Any]]:
        return [
            {SOURCE: source, LICENSE: text, "items": count}
            for (source, text), count in self.origins.count(which)
        ]

    def _allowed(self, policy: LicensePolicy) -> Bools:
        licenses = self.cells[LICENSE]
        texts = [text or "" for text in (*licenses.dictionary.to_pylist(), None)]
        allowed = allowed_texts(policy, texts)
        kept = np.array([text in allowed for text in texts], dtype=np.bool_)
        allowed_rows: Bools = kept[licenses.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
        return allowed_rows

    def _present(self, media: MediaFiles) -> Bools:
        found = np.zeros(len(self), dtype=bool)
        for start in range(0, len(self), BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            names = [n or "" for n in self.cells[FILE].slice(start, BLOCK_ROWS).to_pylist()]
            folders = self.cells[FOLDER].slice(start, BLOCK_ROWS)
            found[part] = self._present_part(media, folders.to_pylist(), names)
        return found

    def _present_part(
        self, media: MediaFiles, folders: list[str | None], names: list[str]
    ) -> Bools:
        found = np.zeros(len(names), dtype=bool)
        there = np.array([folder or "" for folder in folders], dtype=object)
        for folder in sorted(set(there.tolist())):
            rows = np.flatnonzero(there == folder)
            asked = [names[row] for row in rows]
            safe = np.fromiter((is_safe(folder, name) for name in asked), bool, len(asked))
            if safe.any():
                found[rows] = safe & media.present(folder, self.modality, asked)
        return found


def is_safe(save_folder: str, file_name: str) -> bool:
    """Return whether names of a table cannot lead out of the folder of media."""
    if not file_name or file_name in (".", "..") or any(c in file_name for c in "/\\\0"):
        return False
    parts = save_folder.split("/")
    return "\0" not in save_folder and all(part not in ("", ".", "..") for part in parts)
