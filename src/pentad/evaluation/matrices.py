"""Embedding matrices that somebody else computed, as ``.npy`` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

_MAGIC = b"\x93NUMPY"
_EXPECTED = "what numpy.save writes for a matrix of floats"


def read_matrix(path: str | Path, *, rows: int, table: str) -> NDArray[Any]:
    """Return a float matrix with one row for each row of a table.

    Nothing in the file is run: pickled objects are refused.

    Args:
        path: A ``.npy`` file, 2-D floats.
        rows: How many rows it must have.
        table: Name of the table whose rows they are, for the message.

    Raises:
        InputError: The file is missing or no such matrix, or a value is NaN or infinite.
    """
    file = Path(path)
    matrix = _load(file)
    if matrix.ndim != 2 or matrix.dtype.kind != "f":
        raise InputError(
            "not a matrix of floats",
            file=file,
            expected=f"floats ({rows}, dim)",
            seen=f"{matrix.dtype} {matrix.shape}",
        )
    if len(matrix) != rows or not matrix.shape[1]:
        raise InputError(
            f"one row is needed for each row of {table}, in its order",
            file=file,
            expected=f"{rows} rows",
            seen=f"shape {matrix.shape}",
        )
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise InputError(
            f"row {int(np.argmin(finite))} (counted from 0) has NaN or infinite values", file=file
        )
    return matrix


def _load(file: Path) -> NDArray[Any]:
    try:
        with file.open("rb") as opened:
            head = opened.read(len(_MAGIC))
        if head != _MAGIC:
            raise InputError("not a .npy file", file=file, expected=_EXPECTED)
        found: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=file) from None
    except (ValueError, EOFError, OverflowError) as error:
        pickled = "Python objects" in str(error) or "allow_pickle" in str(error)
        wrong = "holds pickled objects, not numbers" if pickled else "damaged or cut short"
        raise InputError(wrong, file=file, expected=_EXPECTED) from None
    return found
