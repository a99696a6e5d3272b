"""Columns of text as two flat files, offsets and bytes, that are mapped into memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

_BULK = 1 << 12
_POPULATE_READ = 22


@dataclass(frozen=True, eq=False)
class MappedStrings:
    """A column of text on disk.

    Attributes:
        array: Arrow large strings that point into the mapped files.
        bytes_map: The mapped bytes, or None where there are none.
        offsets: int64 (rows + 1,), mapped.
    """

    array: pa.Array
    bytes_map: mmap.mmap | None
    offsets: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> pa.Array:
        """Return the texts of rows, null where a row is -1.

        After a large take the pages it went through are handed back, so that a pass over the whole
        column does not fill the memory of the process.
        """
        import pyarrow as pa

        absent = rows < 0
        taken = self.array.take(pa.array(rows, mask=absent if absent.any() else None))
        if len(rows) >= _BULK:
            self._release(rows)
        return taken

    def _release(self, rows: NDArray[Any]) -> None:
        known = rows[rows >= 0]
        if self.bytes_map is None or not len(known):
            return
        page = mmap.PAGESIZE
        start = int(self.offsets[known.min()]) // page * page
        end = int(self.offsets[known.max() + 1])
        if end > start:
            self.bytes_map.madvise(mmap.MADV_DONTNEED, start, end - start)


def open_strings(offsets_path: Path, bytes_path: Path, *, whole: bool = False) -> MappedStrings:
    """Map a column of text.

    Args:
        offsets_path: Where each text starts.
        bytes_path: The texts, one after another.
        whole: Map every page at once: for a small column that is used all over, a page fault for
            each text would cost more than the text.

    Raises:
        StoreError: A file is missing or shorter than the offsets say.
    """
    import pyarrow as pa

    try:
        offsets: NDArray[np.int64] = np.load(offsets_path, mmap_mode="r", allow_pickle=False)
        with bytes_path.open("rb") as file:
            size = bytes_path.stat().st_size
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
        if whole and mapped is not None:
            with suppress(OSError, ValueError):  # older kernels do not know the advice
                mapped.madvise(_POPULATE_READ)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{bytes_path}: cannot be read ({error}); run the conversion again"
        ) from None
    if offsets.ndim != 1 or offsets.dtype != np.int64 or not len(offsets) or offsets[-1] > size:
        raise StoreError(
            f"{bytes_path}: does not fit {offsets_path.name}; run the conversion again"
        )
    data = pa.py_buffer(mapped if mapped is not None else b"")
    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), data)
    return MappedStrings(array, mapped, offsets)


def write_strings(parts: Iterable[pa.Array], offsets_path: Path, bytes_path: Path) -> int:
    """Write texts one after another and return how many there were; nulls become empty."""
    import pyarrow as pa

    lengths = [np.zeros(1, np.int64)]
    with bytes_path.open("wb") as file:
        for part in parts:
            whole = part.cast(pa.large_string())
            _, offsets_buffer, data = whole.buffers()
            offsets = np.frombuffer(offsets_buffer, np.int64)
            offsets = offsets[whole.offset : whole.offset + len(whole) + 1]
            if len(whole) and data is not None:
                file.write(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
            lengths.append(np.diff(offsets) if len(whole) else np.zeros(0, np.int64))
    total = np.cumsum(np.concatenate(lengths))
    with offsets_path.open("wb") as file:
        np.lib.format.write_array(file, total, allow_pickle=False)
    return len(total) - 1
