"""The neutral layout: a folder per modality, each with its table of captions."""

from __future__ import annotations

from pathlib import Path

from pentad.core.errors import InputError, Reason, UnknownName
from pentad.core.modality import MODALITIES, Modality
from pentad.sources.collect import Collector
from pentad.sources.refusal import Refused
from pentad.sources.table import collect_table
from pentad.store.listing import Listing

TABLE_NAMES = ("captions.csv", "captions.jsonl", "captions.parquet")


def neutral_tables(root: Path) -> dict[str, list[Path]]:
    """Return folder name -> its tables of captions, for every folder of ``root`` that has one."""
    found = {}
    for folder in sorted(root.iterdir()):
        tables = [folder / name for name in TABLE_NAMES if (folder / name).is_file()]
        if tables and not folder.name.startswith("."):
            found[folder.name] = tables
    return found


def is_neutral(root: Path) -> bool:
    """Return whether a folder has a table of captions for at least one modality."""
    return any(name in MODALITIES for name in neutral_tables(root))


def list_neutral(root: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the rows of a folder in the neutral layout, of one modality or of all.

    Raises:
        InputError: There is no table for the modality asked for.
    """
    tables = neutral_tables(root)
    collector = Collector(name, root)
    if modality is not None and modality not in tables:
        raise InputError(
            f"no {modality}/{TABLE_NAMES[0]} in it", file=root, seen=", ".join(tables) or None
        )
    for kind in MODALITIES if modality is None else (modality,):
        if kind in tables:
            used, *others = tables[kind]
            collect_table(collector, used, kind, fixed=True)
            for other in others:
                detail = f"{used.name} is read in its place; keep one of them"
                _refuse(collector, root, other, Refused(Reason.DUPLICATE, detail))
    for folder in sorted(set(tables) - set(MODALITIES)) if modality is None else ():
        detail = str(UnknownName("modality", folder, MODALITIES))
        _refuse(collector, root, tables[folder][0], Refused(Reason.UNSUPPORTED, detail))
    return collector.listing()


def _refuse(collector: Collector, root: Path, table: Path, refused: Refused) -> None:
    collector.refuse(table.relative_to(root).as_posix(), refused)
