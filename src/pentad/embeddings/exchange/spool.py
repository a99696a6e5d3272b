"""`Spool`: rows that come one block after the other, kept in a file without a name, then mapped."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pentad.core.errors import StoreError


class Spool:
    """Takes blocks of rows; only one of them is in memory.

    The file lies in the folder for temporary files (``TMPDIR``) and is gone when nothing maps it.
    """

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self.dtype = np.dtype(dtype)
        self.values = 0
        self._file: IO[bytes] = self._begin()

    def _begin(self) -> IO[bytes]:
        try:
            return tempfile.TemporaryFile(prefix="pentad-")
        except OSError as error:
            raise _full(error) from error

    def __enter__(self) -> Spool:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the file go; what was mapped stays."""
        self._file.close()

    def fileno(self) -> int:
        """Return the descriptor, for a process that writes in this one's place."""
        return self._file.fileno()

    def add(self, rows: NDArray[Any]) -> None:
        """Append values, brought to the type of the spool.

        Raises:
            StoreError: There is no room for them.
        """
        with np.errstate(over="ignore"):  # readers look for what is not finite
            block = np.ascontiguousarray(rows, dtype=self.dtype)
        try:
            self._file.write(block.reshape(-1).view(np.uint8).data)
        except OSError as error:
            raise _full(error) from error
        self.values += block.size

    def matrix(self, dim: int) -> NDArray[Any]:
        """Return everything as (rows, dim), mapped for reading."""
        try:
            self._file.flush()
            if not self.values:
                return np.empty((0, dim), self.dtype)
            shape = (self.values // dim, dim)
            return np.memmap(self._file, self.dtype, "r", shape=shape)
        except OSError as error:
            raise _full(error) from error


def _full(error: OSError) -> StoreError:
    return StoreError(
        f"{tempfile.gettempdir()}: cannot hold the vectors for the time of reading "
        f"({error.strerror or error}); free space, or name another folder in TMPDIR"
    )
