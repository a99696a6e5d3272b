"""Path columns of many rows: each different path is made once a block and named by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.sources.emm1.csv_table import ID_LIMIT
from pentad.sources.emm1.items import ItemTable, Labels
from pentad.sources.emm1.lookup import ABSENT
from pentad.sources.emm1.media_paths import MediaFolders

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class PathColumn:
    """Makes the paths of items.

    Attributes:
        items: The items.
        prefixes: What stands before each file name.
    """

    items: ItemTable
    prefixes: Labels

    @classmethod
    def of(cls, items: ItemTable, media: MediaFolders) -> PathColumn:
        """Return the paths of items below a root."""
        return cls(items, items.prefixes(media))

    def of_ids(self, ids: NDArray[np.uint32]) -> tuple[pa.DictionaryArray, int]:
        """Return paths as a dictionary array, null where an id is unknown, and how many are.

        Ids that are missing in the group itself are null and not counted.
        """
        import pyarrow as pa

        rows = self.items.lookup.rows(ids)
        absent = rows == ABSENT
        known = rows[~absent] if absent.any() else rows
        used = np.zeros(len(self.items), dtype=np.bool_)
        used[known] = True
        different = np.flatnonzero(used)
        number = np.empty(len(used), dtype=np.int32)
        number[different] = np.arange(len(different), dtype=np.int32)
        codes = number[np.maximum(rows, 0)] if len(number) else np.zeros(len(rows), np.int32)
        indices = pa.array(codes, mask=absent if absent.any() else None)
        missing = int((absent & (ids != ID_LIMIT)).sum())
        return pa.DictionaryArray.from_arrays(indices, self.of_rows(different)), missing

    def of_rows(self, rows: NDArray[np.int64]) -> pa.Array:
        """Return the paths of rows of the items, as strings."""
        import pyarrow as pa
        import pyarrow.compute as pc

        prefixes = pa.array(self.prefixes.names, pa.string())
        codes = pa.array(self.prefixes.codes[rows])
        names = self.items.file_names.take(pa.array(rows)).cast(pa.string())
        return pc.binary_join_element_wise(prefixes.take(codes), names, "")
