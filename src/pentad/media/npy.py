"""Clouds stored as NumPy arrays: (n, 3) coordinates, or (n, 6) with colours."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.files import read_head
from pentad.media.geometry import Part, check_counts, guess_bytes

_ZIP = b"PK\x03\x04"
HEADER_ERRORS = (
    ValueError,
    TypeError,
    SyntaxError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    TokenError,
)
"""What NumPy raises for a damaged header, which is Python's source code to it."""


def read_npy(path: Path) -> Part:
    """Read a ``.npy`` cloud. Colours are 0..1 or 0..255; pickled objects are refused.

    Raises:
        DecodeError: The array has another shape or type, or is damaged.
    """
    array = open_rows(path)
    rgb = guess_bytes(array[:, 3:]) if array.shape[1] == 6 else None
    return Part(np.array(array[:, :3]), rgb)


def open_rows(path: Path) -> NDArray[Any]:
    """Return the mapped rows of a ``.npy`` cloud: floats (n, 3) or (n, 6).

    Raises:
        DecodeError: The array has another shape or type, or is damaged.
    """
    if read_head(path, len(_ZIP)) == _ZIP:  # NumPy would open it, whatever it is called
        raise DecodeError(Reason.UNSUPPORTED, "npy: a zip archive (.npz); store one array as .npy")
    try:
        with np.errstate(over="raise"):  # of the number of bytes
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except HEADER_ERRORS as error:
        reason = Reason.CORRUPT
        if "Python objects" in str(error) or "allow_pickle" in str(error):
            reason = Reason.UNSUPPORTED
        elif "mmap length" in str(error):
            reason = Reason.TRUNCATED
        text = " ".join(str(error).split())[:200]
        raise DecodeError(reason, f"npy: {text}") from error
    if array.ndim != 2 or array.shape[1] not in (3, 6) or array.dtype.kind != "f":
        raise DecodeError(
            Reason.UNSUPPORTED,
            f"npy: expected floats of shape (n, 3) or (n, 6), found {array.dtype} {array.shape}",
        )
    check_counts(len(array))
    return array
