"""The items of one modality that were published, in id order, with where they are from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.licenses import parse_license
from pentad.publish.bundle import BLOCK_ROWS, InfoRows
from pentad.publish.info_table import FILE, LICENSE, ORIGIN, SOURCE, InfoTable

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Published:
    """Items that are marked as used.

    Attributes:
        table: All items of the modality.
        details: Their `ORIGIN`, as far as the table has it, in the same order.
        rows: (items,), the rows of those that are used, in id order.
    """

    table: InfoTable
    details: pa.Table
    rows: Rows

    @classmethod
    def of(cls, table: InfoTable, infos: InfoRows) -> Published:
        """Return the items of a table that are used, and read where they are from."""
        there = infos.columns()
        details = infos.read([table.id_name, *(name for name in ORIGIN if name in there)])
        rows = np.flatnonzero(table.used)
        ids = table.ids[rows]
        if (ids[1:] < ids[:-1]).any():
            rows = rows[np.argsort(ids, kind="stable")]
        return cls(table, details, rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def links(self) -> dict[str, str | None]:
        """License text -> the address of the license, if it is known."""
        return {text: parse_license(text).url for _, text in self.table.origins.names}

    def by_origin(self) -> Iterator[tuple[tuple[str, str], Rows]]:
        """Yield source and license in order, and which of the items have them."""
        codes = self.table.origins.codes[self.rows]
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes, minlength=len(self.table.origins.names))
        ends = np.cumsum(counts)
        for name, count, end in zip(
            self.table.origins.names, counts.tolist(), ends.tolist(), strict=True
        ):
            if count:
                yield name, order[end - count : end]

    def frames(self, places: Rows) -> Iterator[pl.DataFrame]:
        """Yield some of the items in blocks: id, source, license, origin and file name."""
        for start in range(0, len(places), BLOCK_ROWS):
            yield self._frame(self.rows[places[start : start + BLOCK_ROWS]])

    def _frame(self, rows: Rows) -> pl.DataFrame:
        import polars as pl
        import pyarrow as pa

        details = pl.DataFrame(self.details.take(pa.array(rows)))
        items = rows.astype(np.int32)
        cells: dict[str, Any] = {
            name: pl.Series(name, self.table.take(name, items).cast(pa.large_string()))
            for name in (SOURCE, LICENSE, FILE)
        }
        for name in ORIGIN:
            if name not in details.columns:
                cells[name] = pl.Series(name, [None] * len(rows), dtype=pl.String)
        return details.with_columns(**cells)
