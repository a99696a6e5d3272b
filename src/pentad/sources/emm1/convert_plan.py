"""What a conversion is made of, and what it may be written to."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, StoreError
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import MODALITIES, Modality
from pentad.sources.emm1.csv_table import header_of
from pentad.sources.emm1.layout import CONVERTED, CONVERTED_FORMAT, Places
from pentad.sources.emm1.lfs import fetching, read_pointer, refuse_pointer
from pentad.store.atomic import write_json
from pentad.store.records import Commit, read_record

TEXT = "100m/nn/text.json"
_SHOWN = 3
_log = logging.getLogger("pentad.sources.emm1")


@dataclass(frozen=True)
class Unit:
    """One record of a conversion.

    Attributes:
        name: The record, relative to the conversion.
        tables: What it is made from.
        write: Writes its files and returns what the record says besides.
        beside: Files of the conversion that it relies on.
    """

    name: str
    tables: Sequence[Path]
    write: Callable[[Commit], dict[str, Any]]
    beside: Sequence[Path] = ()


class Marker:
    """The file that makes a folder a conversion and says whether it is whole."""

    def __init__(self, target: Path) -> None:
        self._path = target / CONVERTED
        self._complete = _says_complete(self._path)
        if not self._complete:
            self._write()

    def incomplete(self) -> None:
        """Say that parts are about to change."""
        if self._complete:
            self._complete = False
            self._write()

    def complete(self) -> None:
        """Say that all parts are there."""
        if not self._complete:
            self._complete = True
            self._write()

    def _write(self) -> None:
        value = {"format": CONVERTED_FORMAT, "kind": "converted E-MM1", "complete": self._complete}
        write_json(self._path, value)


def require_tables(places: Places) -> None:
    """Raise where there are no CSV tables.

    Raises:
        InputError: There are none.
    """
    if places.converted:
        raise InputError(
            "only CSV tables can be converted, and this is converted", file=places.root
        )
    if not places.parts:
        raise InputError(
            "only CSV tables can be converted; the hub's Parquet files are used as they are",
            file=places.root,
        )


def check_target(target: Path) -> None:
    """Raise where nothing should be written.

    Raises:
        InputError: It is a file.
        StoreError: It is a folder that holds something else.
    """
    if target.exists() and not target.is_dir():
        raise InputError("this is a file; name a folder", file=target)
    if not target.is_dir() or (target / CONVERTED).exists():
        return
    # A run killed at its very start leaves the lock and no marker.
    if any(not entry.name.startswith(".") for entry in target.iterdir()):
        raise StoreError(f"{target}: not empty, and not a conversion; name a new folder")


def here(units: Sequence[Unit], *, named: bool) -> list[Unit]:
    """Return the units whose tables are here, and tell which are still Git LFS pointers.

    Args:
        units: All of them.
        named: Whether ranks were asked for by name; then a pointer in their place is an error.

    Raises:
        InputError: Nothing is left, or a rank that was asked for is a pointer.
    """
    pointers = [path for unit in units for path in unit.tables if read_pointer(path) is not None]
    for path in pointers:
        if named and path.name == "data_groups.csv":
            refuse_pointer(path)
    found = [unit for unit in units if not set(unit.tables) & set(pointers)]
    if pointers and not found:
        refuse_pointer(pointers[0])
    if pointers:
        names = [f"{path.parent.name}/{path.name}" for path in dict.fromkeys(pointers)]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        shown = ", ".join(names[:_SHOWN]) + more
        _log.warning(
            "not converted: Git LFS pointers are in the place of %s; %s, then convert again",
            shown,
            fetching(pointers[0]),
        )
    return found


def tell_missing(places: Places, ranks: Sequence[int]) -> None:
    """Tell which tables of items are missing though the groups name such items."""
    tables = [places.ranks()[rank] for rank in ranks if read_pointer(places.ranks()[rank]) is None]
    named = {name for path in tables for name in header_of(path)}
    for modality in MODALITIES:
        path = places.parts.get("100m", places.root) / "infos" / f"{modality}.csv"
        if f"encord_{modality}_id" in named and not path.exists():
            what = "captions" if modality is Modality.TEXT else "paths"
            _log.warning("%s: there is no such table; groups will have no %s", path, what)


def has_text(target: Path) -> bool:
    """Return whether captions that ranks share are there."""
    record = read_record(target / TEXT)
    return record is not None and record.intact()


def shared_rank(target: Path) -> int | None:
    """Return the rank that the shared captions were taken from."""
    record = read_record(target / TEXT)
    return None if record is None else record.fields.get("rank")


def refuse_mixture(target: Path, units: Sequence[Unit]) -> None:
    """Raise where parts would stay that other tables than these were made into.

    Parts whose tables are gone may stay, so that each rank's table can be removed when it is
    converted, but only beside parts of the same tables as before.

    Raises:
        StoreError: They would.
    """
    names = {unit.name for unit in units}
    stay = [name for name in _parts(target) if name not in names]
    if stay and any(_has_changed(target, unit) for unit in units):
        more = ", ..." if len(stay) > _SHOWN else ""
        shown = ", ".join(name.removesuffix("/record.json") for name in stay[:_SHOWN])
        raise StoreError(
            f"{target}: {shown.replace('.json', '')}{more} there come from another copy of the "
            "tables; name a new folder"
        )


def _parts(target: Path) -> Iterator[str]:
    for path in sorted(target.rglob("*.json")):
        record = read_record(path)
        if record is not None and "inputs" in record.fields:
            yield path.relative_to(target).as_posix()


def _has_changed(target: Path, unit: Unit) -> bool:
    record = read_record(target / unit.name)
    if record is None:
        return False
    before = record.fields.get("inputs", {})
    return any(before.get(path.name) != fingerprint_file(path) for path in unit.tables)


def _says_complete(path: Path) -> bool:
    try:
        return json.loads(path.read_bytes()).get("complete") is True
    except (OSError, ValueError, AttributeError):
        return False
