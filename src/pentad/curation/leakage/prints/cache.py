"""Prints kept in a folder by the SHA-256 of their files; safe to delete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.curation.leakage.prints.printer import REVISION, Printer
from pentad.store.atomic import replacing


class PrintCache:
    """The prints of one modality in a folder.

    Args:
        folder: Where the table lies; it is made when there is something to keep.
        modality: Of the items.
    """

    def __init__(self, folder: Path, modality: Modality) -> None:
        self._path = folder / f"prints-{modality.value}-{REVISION}.parquet"
        self._width = Printer(modality).dim

    def read(self) -> dict[str, NDArray[np.uint8]]:
        """Return what is kept: SHA-256 -> uint8 (rows, width). A damaged table counts as empty."""
        import polars as pl

        try:
            frame = pl.read_parquet(self._path, columns=["fingerprint", "rows"])
            pairs = list(frame.iter_rows())
            return {
                name: np.frombuffer(data, np.uint8).reshape(-1, self._width)
                for name, data in pairs
                if data
            }
        except (OSError, pl.exceptions.PolarsError, TypeError, ValueError):
            return {}

    def write(self, prints: Mapping[str, NDArray[np.uint8]]) -> None:
        """Keep prints in place of what was kept before.

        Raises:
            StoreError: The folder cannot be written.
        """
        import polars as pl

        names = sorted(prints)
        data = [np.ascontiguousarray(prints[name]).tobytes() for name in names]
        schema = {"fingerprint": pl.String, "rows": pl.Binary}
        with replacing(self._path) as coming:
            pl.DataFrame({"fingerprint": names, "rows": data}, schema=schema).write_parquet(coming)
