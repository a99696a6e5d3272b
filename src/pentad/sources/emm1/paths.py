"""Path columns of many rows.

Where there are few items, a block of rows names each of them several times: the path is then made
once a block and named by number, which a Parquet file keeps as a dictionary. Where there are many,
hardly any path comes twice in a block, and finding those that do costs more than it saves.
"""

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

BLOCK_ROWS = 1 << 17
FEW_ITEMS = 4 * BLOCK_ROWS


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

    @property
    def repeats(self) -> bool:
        """Whether paths are made as a dictionary."""
        return len(self.items) < FEW_ITEMS

    def of_ids(self, ids: NDArray[np.uint32]) -> tuple[pa.Array, int]:
        """Return paths, null where an id is unknown, and how many are.

        Ids that are missing in the group itself are null and not counted.
        """
        rows = self.items.lookup.rows(ids)
        missing = int(((rows == ABSENT) & (ids != ID_LIMIT)).sum())
        return (self._dictionary(rows) if self.repeats else self.of_rows(rows)), missing

    def _dictionary(self, rows: NDArray[np.int32]) -> pa.DictionaryArray:
        import pyarrow as pa

        absent = rows == ABSENT
        used = np.zeros(len(self.items), dtype=np.bool_)
        used[rows[~absent]] = True
        different = np.flatnonzero(used).astype(np.int32)
        number = np.zeros(len(used) + 1, dtype=np.int32)
        number[different] = np.arange(len(different), dtype=np.int32)
        indices = pa.array(number[rows], mask=absent if absent.any() else None)
        return pa.DictionaryArray.from_arrays(indices, self.of_rows(different))

    def of_rows(self, rows: NDArray[np.int32]) -> pa.Array:
        """Return the paths of rows of the items as strings, null where a row is -1."""
        import pyarrow as pa
        import pyarrow.compute as pc

        absent = rows == ABSENT
        places = pa.array(rows, mask=absent if absent.any() else None)
        names = self.items.file_names.take(places).cast(pa.string())
        codes = self.prefixes.codes[rows] if len(self.items) else np.zeros(len(rows), np.uint16)
        prefixes = pa.array(self.prefixes.names or ("",), pa.string()).take(pa.array(codes))
        return pc.binary_join_element_wise(prefixes, names, "")
