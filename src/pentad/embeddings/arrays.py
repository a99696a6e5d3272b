"""Arrays of stored embeddings, read without trusting what their headers claim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST_HEADER = 1 << 16

FLOATS = ("<f2", "<f4")
IDS = ("<u4", "<u8")
HALF, U32, I64, BYTES = ("<f2",), ("<u4",), ("<i8",), ("|u1",)


def read_array(path: Path, dtypes: Sequence[str], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Return an array from a ``.npy`` file, in memory. Nothing is unpickled.

    Args:
        path: The file.
        dtypes: What it may hold, such as ``<f2``.
        shape: What it must look like; None for any length of an axis.

    Raises:
        ValueError: It is another array, or not as long as its header says.
        OSError: It cannot be read.
    """
    return np.array(map_array(path, dtypes, shape))


def map_array(path: Path, dtypes: Sequence[str], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Return an array from a ``.npy`` file, mapped; arguments and errors as in `read_array`."""
    found, begin = _header(path)
    if found.dtype.str not in dtypes or not _fits(found.shape, shape):
        wanted = " or ".join(dtypes)
        raise ValueError(f"{path.name}: {found.dtype.str} {found.shape}, not {wanted} {shape}")
    if path.stat().st_size != begin + found.nbytes:
        raise ValueError(f"{path.name}: not as long as its header says")
    if not found.nbytes:  # nothing cannot be mapped
        return np.empty(found.shape, found.dtype)
    return np.memmap(path, found.dtype, "r", begin, found.shape)


class _Claim:
    """What a header says, without the array."""

    def __init__(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.dtype = dtype
        self.shape = shape
        self.nbytes = math.prod(shape) * dtype.itemsize


def _header(path: Path) -> tuple[_Claim, int]:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"{path.name}: a version of .npy that is not read")
        shape, fortran, dtype = read(file, max_header_size=_LONGEST_HEADER)
        if fortran and sum(length > 1 for length in shape) > 1:
            raise ValueError(f"{path.name}: its columns lie together, not its rows")
        return _Claim(dtype, shape), file.tell()


def _fits(found: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    pairs = zip(found, wanted, strict=False)
    return len(found) == len(wanted) and all(w in (None, f) and f >= 0 for f, w in pairs)
