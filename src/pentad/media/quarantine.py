"""Files that are not tried again: each has ended two decoder processes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pentad.media.source import name_of
from pentad.store.places import Loaded, Member, Place

CRASHES = 2
"""Processes that a file may end before it is refused: the first may have been ill already."""


@dataclass(frozen=True)
class Quarantined:
    """One file that is not tried again.

    Attributes:
        place: Where it is.
        name: What it is called in messages.
        detail: How the last process ended.
    """

    place: str | Place
    name: str
    detail: str


class Quarantine:
    """The files that are not tried again until they change; for any number of pools and threads.

    A file counts as changed when its size, its time of change or its number on the disk differ,
    bytes in memory when they differ.

    Examples:
        >>> bad = Quarantine()
        >>> bad.add(Loaded(b"boom", "a.png"), "SIGSEGV")
        >>> bad.find(Loaded(b"boom", "again.png")).detail
        'SIGSEGV'
        >>> [each.name for each in bad]
        ['a.png']
    """

    def __init__(self) -> None:
        self._found: dict[object, Quarantined] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Quarantined]:
        with self._lock:
            return iter(list(self._found.values()))

    def add(self, place: str | Place, detail: str) -> None:
        """Put a file on the list."""
        key = _key(place)
        if key is not None:
            with self._lock:
                self._found[key] = Quarantined(place, name_of(place), detail)

    def find(self, place: str | Place) -> Quarantined | None:
        """Return the entry of a file, or None if it may be tried."""
        if not self._found:
            return None
        return self._found.get(_key(place))

    def release(self, place: str | Place) -> bool:
        """Take a file off the list, so that it is tried again; say whether it was on it."""
        with self._lock:
            return self._found.pop(_key(place), None) is not None


def _key(place: str | Place) -> object:
    if isinstance(place, Loaded):
        return hashlib.sha256(place.data).digest()
    path = place.file if isinstance(place, Member) else Path(place)
    try:
        info = path.stat()
    except (OSError, ValueError):
        return None
    part = (place.offset, place.size) if isinstance(place, Member) else None
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, part
