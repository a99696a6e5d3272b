"""Where the bytes of an item lie: a file, a part of a larger file, or memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Member:
    """Bytes within a larger file of this machine, such as a member of a tar.

    Attributes:
        file: The larger file.
        offset: Where the bytes begin in it.
        size: How many there are.
        name: What they are called, for messages and for formats told by an extension.
    """

    file: Path
    offset: int
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bytes that are in memory already: a cell of a table, an object from elsewhere.

    Attributes:
        data: The bytes.
        name: What they are called, for messages and for formats told by an extension.
    """

    data: bytes
    name: str


Place = Path | Member | Loaded


@dataclass(frozen=True, slots=True)
class Located:
    """Bytes, and the part of their playing time that is wanted.

    Attributes:
        place: Where the bytes are.
        start: Seconds at which the wanted part begins; None for the beginning.
        end: Seconds at which it ends; None for the end.
    """

    place: Place
    start: float | None = None
    end: float | None = None
