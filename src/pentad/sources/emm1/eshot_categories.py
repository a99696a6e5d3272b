"""The category files of EShot: category -> ids of its items, turned into row numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.eshot_tables import ID_COLUMNS
from pentad.sources.emm1.lfs import refuse_pointer

if TYPE_CHECKING:
    import polars as pl

CATEGORY_FILES = {
    Modality.AUDIO: "category_to_audio_ids.json",
    Modality.POINTS: "category_to_point_ids.json",
}
Rows = NDArray[np.int64]


class ItemKeys:
    """Finds the row of an item by its id, or by its ``file_id`` where the table has one.

    The files are documented to list integer ids; the published one of the clouds lists ``file_id``
    strings. Both are taken, entry by entry: a number is an id first, a string a ``file_id`` first.
    """

    def __init__(self, frame: pl.DataFrame, modality: Modality) -> None:
        ids = frame[ID_COLUMNS[modality]].to_list()
        self._by_id = {int(number): row for row, number in enumerate(ids)}
        self._by_name: dict[str, int] = {}
        self._repeated: set[str] = set()
        names = frame["file_id"].to_list() if "file_id" in frame.columns else []
        for row, name in enumerate(names):
            if self._by_name.setdefault(name, row) != row:
                self._repeated.add(name)

    def row(self, key: int | str) -> int | None:
        """Return the row of an item, None where there is no such item.

        Raises:
            InputError: The key is the ``file_id`` of several rows.
        """
        by_id = self._by_id.get(int(key)) if _is_number(key) else None
        if isinstance(key, int) and by_id is not None:
            return by_id
        name = str(key)
        if name in self._repeated:
            raise InputError(f"several rows of the info table have the file_id {name!r}")
        return self._by_name.get(name, by_id)


def read_categories(folder: Path, modality: Modality, keys: ItemKeys) -> dict[str, Rows]:
    """Return category -> row numbers of its items, in the order of the file.

    Raises:
        InputError: The file is missing, a Git LFS pointer or no JSON of the right form, or a
            category is empty, names an unknown item, or names an item twice.
    """
    path = folder / CATEGORY_FILES[modality]
    return {name: _rows(path, name, ids, keys) for name, ids in load_categories(path).items()}


def load_categories(path: Path) -> Mapping[str, Any]:
    """Return category -> what the file lists for it.

    Raises:
        InputError: The file is missing, a Git LFS pointer or no JSON object.
    """
    refuse_pointer(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_object)
    except FileNotFoundError:
        raise InputError("there is no such file", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path) from None
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg})", file=path, row=error.lineno) from None
    except _Twice as twice:
        raise InputError(f"category {str(twice)!r} is there twice", file=path) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise InputError("not JSON", file=path) from None
    if not isinstance(found, dict) or not found:
        kind = "an empty object" if found == {} else type(found).__name__
        raise InputError("wrong form", file=path, expected="{category: [ids]}", seen=kind)
    return found


class _Twice(Exception):
    """A name that one JSON object has twice; the last would silently win."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _rows(path: Path, category: str, ids: object, keys: ItemKeys) -> Rows:
    where = f"category {category!r}"
    if not isinstance(ids, Sequence) or isinstance(ids, str):
        raise InputError(where, file=path, expected="a list of ids", seen=type(ids).__name__)
    if not ids:
        raise InputError(f"{where} is empty; remove it, or list its items", file=path)
    rows: dict[int, None] = {}
    for key in ids:
        row = _row(path, where, key, keys)
        if row in rows:
            raise InputError(f"{where} names an item twice", file=path, seen=repr(key))
        rows[row] = None
    return np.array(list(rows), dtype=np.int64)


def _row(path: Path, where: str, key: object, keys: ItemKeys) -> int:
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise InputError(
            where, file=path, expected="ids (whole numbers) or file_ids (strings)", seen=repr(key)
        )
    try:
        row = keys.row(key)
    except InputError as error:
        raise InputError(f"{where}: {error}", file=path) from None
    if row is None:
        raise InputError(f"{where}: no row of the info table has the id {key!r}", file=path)
    return row


def _is_number(key: int | str) -> bool:
    return isinstance(key, int) or (key.isascii() and key.isdigit() and len(key) <= 10)
