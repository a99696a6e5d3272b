"""The header of a PLY file: which elements follow, and how each row of them is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pentad.core.errors import DecodeError, Reason

MAX_HEADER_BYTES = 1 << 16
_MAX_PROPERTIES = 256
_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1",
    "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
_ORDERS: dict[str, Literal["", "<", ">"]] = {
    "ascii": "",
    "binary_little_endian": "<",
    "binary_big_endian": ">",
}


@dataclass(frozen=True)
class Property:
    """One column. ``count`` is the type of the length before a list, None for a plain number."""

    name: str
    type: str
    count: str | None = None


@dataclass(frozen=True)
class Element:
    """One table: ``rows`` rows of the same properties."""

    name: str
    rows: int
    properties: tuple[Property, ...]

    def least_bytes(self) -> int:
        """Return the bytes of a row whose lists are empty."""
        return sum(np.dtype(p.count or p.type).itemsize for p in self.properties)


@dataclass(frozen=True)
class Header:
    """A whole header; ``order`` is the byte order, empty for ASCII, ``size`` its own bytes."""

    order: Literal["", "<", ">"]
    elements: tuple[Element, ...]
    size: int


def parse_header(head: bytes) -> Header:
    """Parse the header at the start of ``head``.

    Raises:
        DecodeError: It is not a PLY header, is incomplete, or says something impossible.
    """
    lines, size = _header_lines(head[:MAX_HEADER_BYTES])
    order: Literal["", "<", ">"] | None = None
    elements: list[tuple[str, int, list[Property]]] = []
    for line in lines[1:]:
        match line.split():
            case [] | ["comment" | "obj_info", *_]:
                continue
            case ["format", kind, "1.0"] if kind in _ORDERS:
                order = _ORDERS[kind]
            case ["element", name, rows] if rows.isdecimal() and len(rows) < 19:
                elements.append((name, int(rows), []))
            case ["property", *words] if elements:
                elements[-1][2].append(_property(words, line))
            case _:
                raise DecodeError(Reason.CORRUPT, f"PLY header: {line[:60]!r}")
    if order is None:
        raise DecodeError(Reason.CORRUPT, "PLY header: no known format line")
    _check(elements)
    return Header(order, tuple(Element(n, r, tuple(p)) for n, r, p in elements), size)


def _header_lines(head: bytes) -> tuple[list[str], int]:
    if not head.startswith((b"ply\n", b"ply\r")):
        raise DecodeError(Reason.CORRUPT, "not a PLY file")
    at = head.find(b"\nend_header")
    at = head.find(b"\rend_header") if at < 0 else at
    end = at + len(b"\nend_header")
    if at < 0 or end >= len(head):
        raise DecodeError(Reason.TRUNCATED, "PLY: the header has no end")
    if head[end : end + 2] == b"\r\n":
        end += 1
    elif head[end : end + 1] not in (b"\n", b"\r"):
        raise DecodeError(Reason.CORRUPT, "PLY header: its last line has something behind it")
    return head[:at].decode("utf-8", "replace").splitlines(), end + 1


def _property(words: list[str], line: str) -> Property:
    match words:
        case ["list", count, kind, name] if count in _TYPES and kind in _TYPES:
            return Property(name, _TYPES[kind], _TYPES[count])
        case [kind, name] if kind in _TYPES:
            return Property(name, _TYPES[kind])
    raise DecodeError(Reason.CORRUPT, f"PLY header: {line[:60]!r}")


def _check(elements: list[tuple[str, int, list[Property]]]) -> None:
    names = [name for name, _, _ in elements]
    if len(set(names)) != len(names) or "vertex" not in names:
        raise DecodeError(Reason.CORRUPT, f"PLY header: elements {', '.join(names)[:60] or 'none'}")
    for name, _, properties in elements:
        labels = [p.name for p in properties]
        if not labels or len(set(labels)) != len(labels) or len(labels) > _MAX_PROPERTIES:
            raise DecodeError(Reason.CORRUPT, f"PLY header: properties of {name[:40]!r}")
