"""What NumPy writes into a pickle around an array, put together from values already read.

See `pentad.media.tame_pickle` for why nothing here looks up or calls what a file names.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason

_MAX_DIMENSIONS = 16
_MAX_LENGTH = 1 << 40
_KINDS = re.compile(r"O[48]?|b1|[iu][1248]|f(2|4|8|16)|[SU][0-9]{1,6}")
_KNOWN: tuple[tuple[str, str], ...] = (
    (r"numpy\._?core\.multiarray _reconstruct", "reconstruct"),
    (r"numpy\._?core\.multiarray scalar", "scalar"),
    (r"numpy\._?core\.numeric _frombuffer", "frombuffer"),
    (r"numpy ndarray", "ndarray"),
    (r"numpy dtype", "dtype"),
    (r"_codecs encode", "encode"),
    (r"(__builtin__|builtins) bytes", "bytes"),
)


@dataclass(frozen=True)
class Known:
    """One of the names that NumPy writes; there is nothing behind it that could be called.

    Attributes:
        meaning: What it stands for.
    """

    meaning: str


@dataclass(frozen=True, eq=False)
class RawArray:
    """An array as its bytes.

    Attributes:
        dtype: Numbers, booleans or text.
        shape: Its shape, which takes just these bytes.
        order: ``C`` or ``F``.
        data: The bytes.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: str
    data: bytes | bytearray

    def numpy(self) -> NDArray[Any]:
        """Return the array, on the same bytes."""
        flat: NDArray[Any] = np.frombuffer(self.data, dtype=self.dtype)
        return flat.reshape(self.shape, order="F" if self.order == "F" else "C")


class ArrayType:
    """The type of an array while it is put together."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.order = "="

    @property
    def is_object(self) -> bool:
        """Whether it stands for Python objects."""
        return self.kind.startswith("O")

    def numpy(self) -> np.dtype[Any]:
        """Return the type of numbers or text that is meant."""
        if self.is_object:
            refuse("it has an array of objects inside")
        return np.dtype(self.order + self.kind)

    def set_state(self, state: object) -> None:
        """Take the byte order; fields, sub-arrays and metadata are refused."""
        match state:
            case (int(), ("<" | ">" | "|" | "=") as order, None, None, None, int(), int(), int()):
                self.order = order
            case _:
                refuse("it has an array of an unusual type")


class PendingArray:
    """An array that awaits its content: numbers, or for the outermost a list of values."""

    def __init__(self) -> None:
        self.raw: RawArray | None = None
        self.values: list[object] | None = None

    def set_state(self, state: object) -> None:
        """Take shape, type and content, once."""
        if self.raw is not None or self.values is not None:
            refuse("it fills an array twice")
        match state:
            case (1, tuple() as shape, ArrayType() as kind, bool(), list() as values) if (
                kind.is_object
            ):
                _check_size(shape, len(values), 1)
                self.values = values
            case (1, tuple() as shape, ArrayType() as kind, bool() as columns, content):
                self.raw = _raw(shape, kind, "F" if columns else "C", content)
            case _:
                refuse("it has an array in an unusual form")


def known(name: str) -> Known:
    """Return what ``module name`` stands for.

    Raises:
        DecodeError: It is none of the few that NumPy writes around arrays of numbers.
    """
    for pattern, meaning in _KNOWN:
        if re.fullmatch(pattern, name):
            return Known(meaning)
    return refuse(f"it asks for {name[:80]!r}")


def made(function: object, arguments: object) -> object:
    """Return what a known name with these arguments stands for.

    Raises:
        DecodeError: NumPy would not have written that.
    """
    meaning = function.meaning if isinstance(function, Known) else None
    found: object
    match (meaning, arguments):
        case ("reconstruct", (Known("ndarray"), tuple(), bytes() | str())):
            found = PendingArray()
        case ("dtype", (str() as kind, bool() | 0 | 1, bool() | 0 | 1)) if _KINDS.fullmatch(kind):
            found = ArrayType(kind)
        case ("scalar", (ArrayType() as kind, content)):
            found = _raw((), kind, "C", content)
        case ("frombuffer", (content, ArrayType() as kind, tuple() as shape, ("C" | "F") as order)):
            found = _raw(shape, kind, order, content)
        case ("encode", (str() as text, "latin1")):
            found = text.encode("latin1")
        case ("bytes", ()):
            found = b""
        case _:
            refuse("it calls something that is no part of an array")
    return found


def refuse(what: str) -> NoReturn:
    """Raise for what a cloud does not need."""
    raise DecodeError(Reason.UNSUPPORTED, f"pickle: {what}; only plain clouds are read")


def damaged(what: str) -> NoReturn:
    """Raise for what no pickle can be."""
    raise DecodeError(Reason.CORRUPT, f"pickle: {what}")


def _raw(shape: tuple[Any, ...], kind: ArrayType, order: str, content: object) -> RawArray:
    if isinstance(content, str):  # what Python 2 wrote
        content = content.encode("latin1")
    if not isinstance(content, bytes | bytearray):
        refuse("it has an array without bytes")
    dtype = kind.numpy()
    _check_size(shape, len(content), dtype.itemsize)
    return RawArray(dtype, shape, order, content)


def _check_size(shape: tuple[Any, ...], length: int, itemsize: int) -> None:
    lengths = [n for n in shape if type(n) is int and 0 <= n < _MAX_LENGTH]
    if len(lengths) < len(shape) or len(shape) > _MAX_DIMENSIONS:
        damaged("an array has an absurd shape")
    if math.prod(lengths) * itemsize != length:
        damaged(f"an array of shape {shape} has {length:,} bytes")
