"""``.npy`` files of vectors: opened without trust, mapped, and written a block at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pentad.core.errors import InputError
from pentad.embeddings.exchange.rows import MAX_DIM, blocks, converted
from pentad.media.npy import HEADER_ERRORS

_ERRORS = (*HEADER_ERRORS, OSError, EOFError)
_MAGIC = b"\x93NUMPY"


def open_array(path: Path) -> NDArray[Any]:
    """Return a mapped array of plain values; nothing in the file is ever run.

    Raises:
        InputError: It is no such file, is damaged, or holds Python objects.
    """
    try:
        _require_magic(path)
        with np.errstate(over="raise"):  # of the number of bytes
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except _ERRORS as error:
        raise InputError(f"no usable .npy file ({_reason(error)})", file=path) from None
    return array


def open_matrix(path: Path) -> NDArray[Any]:
    """Return the mapped vectors of a file: float16 or float32 (rows, dim).

    Other floats, and orders of bytes and axes, become float32 in a file of their own.

    Raises:
        InputError: It is no such file, is damaged, or holds something else.
    """
    array = open_array(path)
    if array.ndim != 2 or array.dtype.kind != "f" or not 0 < array.shape[1] <= MAX_DIM:
        seen = f"{array.dtype} {array.shape}"
        raise InputError("no vectors", file=path, expected="floats of shape (rows, dim)", seen=seen)
    if array.dtype.isnative and array.dtype.itemsize <= 4 and array.flags.c_contiguous:
        return array
    half = array.dtype.itemsize == 2
    return converted(array, np.float16 if half else np.float32)


def write_matrix(
    path: Path, vectors: NDArray[Any], start: int, stop: int, dtype: DTypeLike | None = None
) -> None:
    """Write rows as ``.npy``, a block at a time."""
    kind = np.dtype(vectors.dtype if dtype is None else dtype)
    header = {
        "descr": np.lib.format.dtype_to_descr(kind),
        "fortran_order": False,
        "shape": (stop - start, int(vectors.shape[1])),
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _, block in blocks(vectors, start, stop):
            file.write(np.ascontiguousarray(block, dtype=kind).reshape(-1).view(np.uint8).data)


def _require_magic(path: Path) -> None:
    """Refuse archives and pickles before anything is made of them."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError("it does not begin as one")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:160] or type(error).__name__
