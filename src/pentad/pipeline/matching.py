"""Which item a name from elsewhere means: a caption, or a path of another machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.store.captions import clean_caption
from pentad.store.items import Items
from pentad.store.remote.addresses import is_address

NONE = -1
_SEVERAL = -2


@dataclass(frozen=True, eq=False)
class Matches:
    """What names mean.

    Attributes:
        rows: int64 (items,) the first name that means an item, or -1.
        repeated: Names of items that an earlier name means already.
        unknown: Names, by their place, that no item has.
        ambiguous: Names, by their place, that could mean several items, or several of which could
            mean one item.
    """

    rows: NDArray[np.int64]
    repeated: int
    unknown: tuple[int, ...]
    ambiguous: tuple[int, ...]


def match_names(items: Items, names: Sequence[str]) -> Matches:
    """Return which name means which item.

    A caption is compared as captions are stored. A path means the item whose file, relative to its
    source, it ends with; else the one item whose file has the same last part; a name without an
    extension also the one item whose file is called so but for the extension.
    """
    if items.modality is Modality.TEXT:
        known = {caption: row for row, caption in enumerate(items.captions)}
        return _collected(len(items), [(known.get(clean_caption(n), NONE), True) for n in names])
    files = _Files(items, absolute=any(n.startswith("/") or is_address(n) for n in names))
    return _collected(len(items), [files.find(name) for name in names])


Found = tuple[int, bool]
"""A row of the items, -1 or -2, and whether the whole name was found, not only its last part."""


class _Files:
    """Files of items by their whole path, by its last part, and by that without the extension."""

    def __init__(self, items: Items, *, absolute: bool) -> None:
        files = [str(file) for file in items.frame["file"]]
        paths = [PurePosixPath(file) for file in files]
        self._whole = _index(files)
        self._last = _index(path.name for path in paths)
        self._stem = _index(path.stem for path in paths)
        places = items.paths() if absolute else []
        here = [str(p.absolute() if isinstance(p, Path) else p) for p in places]
        self._absolute = _index(here)

    def find(self, name: str) -> Found:
        """Return the row that a name means."""
        if name in self._absolute:
            return self._absolute[name], True
        path = PurePosixPath(name)
        parts = path.parts
        for start in range(len(parts)):
            row = self._whole.get("/".join(parts[start:]))
            if row is not None:
                return row, True
        row = self._last.get(path.name, NONE)
        if row == NONE and not path.suffix:
            row = self._stem.get(path.name, NONE)
        return row, False


def _index(names: Iterable[str]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for row, name in enumerate(names):
        rows[name] = _SEVERAL if name in rows else row
    return rows


def _collected(count: int, found: Sequence[Found]) -> Matches:
    rows = np.full(count, NONE, dtype=np.int64)
    repeated = 0
    loose: dict[int, list[int]] = {}
    unknown: list[int] = []
    ambiguous: list[int] = []
    for place, (row, whole) in enumerate(found):
        if row == _SEVERAL:
            ambiguous.append(place)
        elif row == NONE:
            unknown.append(place)
        elif not whole:
            loose.setdefault(row, []).append(place)
        elif rows[row] == NONE:
            rows[row] = place
        else:
            repeated += 1
    for row, places in loose.items():
        if rows[row] != NONE:
            unknown += places
        elif len(places) > 1:
            ambiguous += places
        else:
            rows[row] = places[0]
    return Matches(rows, repeated, tuple(sorted(unknown)), tuple(sorted(ambiguous)))
