"""The items of one modality while rows are streamed past them: found by id, kept or refused, used.

Only the columns that a writer needs are held; texts with few values are held once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.curation.license_policy import LicensePolicy, allowed_texts
from pentad.publish.bundle import MediaFiles
from pentad.sources.emm1.lookup import IdLookup

if TYPE_CHECKING:
    import polars as pl

SOURCE, LICENSE = "source_dataset", "dataset_license"
FILE, FOLDER = "file_name", "save_folder"
CAPTION = "caption"
ORIGIN = ("youtube_id", "file_id", "start_time", "end_time")
KEPT, REFUSED, NO_FILE = 0, 1, 2
UNKNOWN_ID, NO_ID = -1, -2
_LABELS = (SOURCE, LICENSE, FOLDER)
_MISSING = 0xFFFF_FFFF


@dataclass(frozen=True, eq=False)
class InfoTable:
    """Items of one modality.

    Attributes:
        modality: Whose.
        id_name: The column of ids.
        frame: One row an item, with the columns that are needed.
        state: int8 (rows,): `KEPT`, `REFUSED` for the license, or `NO_FILE`.
        used: bool (rows,): what was published; writers mark it.
        lookup: From ids to rows.
    """

    modality: Modality
    id_name: str
    frame: pl.DataFrame
    state: NDArray[np.int8]
    used: NDArray[np.bool_]
    lookup: IdLookup

    @classmethod
    def of(
        cls, modality: Modality, frame: pl.DataFrame, id_name: str, columns: Sequence[str]
    ) -> InfoTable:
        """Return the table of some columns; those that are not there are empty texts."""
        import polars as pl

        held = [pl.col(id_name)]
        for name in dict.fromkeys(columns):
            cell = pl.col(name) if name in frame.columns else pl.lit(None, pl.String)
            held.append((cell.cast(pl.Categorical) if name in _LABELS else cell).alias(name))
        small = frame.select(held)
        ids = small[id_name].to_numpy()
        n = len(ids)
        return cls(
            modality, id_name, small, np.zeros(n, np.int8), np.zeros(n, bool), IdLookup.of(ids)
        )

    def __len__(self) -> int:
        return len(self.frame)

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
        found = np.where(found < 0, UNKNOWN_ID, found).astype(np.int32)
        found[ids.is_null().to_numpy()] = NO_ID
        return found

    def states(self, rows: NDArray[np.int32]) -> NDArray[np.int8]:
        """Return the state of rows; `UNKNOWN_ID` stays, what has no id is kept."""
        if not len(self):
            return np.where(rows == UNKNOWN_ID, UNKNOWN_ID, KEPT).astype(np.int8)
        state = self.state[np.maximum(rows, 0)]
        return np.where(rows == UNKNOWN_ID, UNKNOWN_ID, np.where(rows < 0, KEPT, state))

    def take(self, name: str, rows: NDArray[np.int32]) -> pl.Series:
        """Return a column at some rows; null where there is no item or no such text."""
        import polars as pl

        index = pl.Series(rows, dtype=pl.Int64)
        taken = self.frame[name].gather(index.set(index < 0, None))
        return taken.cast(pl.String) if name in _LABELS else taken

    def mark(self, rows: NDArray[np.int32]) -> None:
        """Remember that these rows were published."""
        self.used[rows[rows >= 0]] = True

    def refused(self) -> list[dict[str, Any]]:
        """Return how many items the policy refused, by source and license."""
        import polars as pl

        rows = self.frame.filter(pl.Series(self.state == REFUSED))
        return count_origins(rows)

    def _allowed(self, policy: LicensePolicy) -> NDArray[np.bool_]:
        import polars as pl

        texts = self.frame[LICENSE].cast(pl.String).fill_null("")
        allowed = sorted(text or "" for text in allowed_texts(policy, texts.unique().to_list()))
        return texts.is_in(pl.Series(allowed, dtype=pl.String).implode()).to_numpy()

    def _present(self, media: MediaFiles) -> NDArray[np.bool_]:
        import polars as pl

        found = np.zeros(len(self), dtype=bool)
        folders = self.frame[FOLDER].cast(pl.String).fill_null("")
        for folder in folders.unique().sort().to_list():
            rows = (folders == folder).arg_true()
            names = self.frame[FILE].gather(rows).fill_null("").to_list()
            safe = np.fromiter((is_safe(folder, name) for name in names), bool, len(names))
            found[rows.to_numpy()] = safe & media.present(folder, self.modality, names)
        return found


def is_safe(save_folder: str, file_name: str) -> bool:
    """Return whether names of a table cannot lead out of the folder of media."""
    if not file_name or file_name in (".", "..") or any(c in file_name for c in "/\\\0"):
        return False
    parts = save_folder.split("/")
    return "\0" not in save_folder and all(part not in ("", ".", "..") for part in parts)


def count_origins(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return ``source_dataset``, ``dataset_license`` and ``items``, ordered by name."""
    import polars as pl

    names = (pl.col(SOURCE, LICENSE).cast(pl.String).fill_null(""),)
    counted = rows.select(names).group_by(SOURCE, LICENSE).agg(pl.len().alias("items"))
    return counted.sort(SOURCE, LICENSE).to_dicts()
