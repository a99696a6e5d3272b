"""`describe_emm1`: what a copy of the data set has, table by table, and what is missing.

A table that is only a Git LFS pointer is listed with its size and the command that fetches it; a
table that cannot be read is listed with what is wrong. Neither stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.emm1 import table_facts as measure
from pentad.sources.emm1.eshot_categories import CATEGORY_FILES
from pentad.sources.emm1.eshot_tables import INFO_FILES
from pentad.sources.emm1.facts_eshot import category_facts, eshot_facts
from pentad.sources.emm1.hub import infos_beside
from pentad.sources.emm1.layout import SPLITS, layout_of
from pentad.sources.emm1.lfs import fetch_command, read_pointer
from pentad.sources.emm1.rated import RatedTables
from pentad.sources.emm1.triplets import MAPPING, TRIPLETS

if TYPE_CHECKING:
    from pentad.sources.emm1.dataset import Emm1

PUBLISHED_RANKS = range(1, 17)
TABLE, POINTER, DAMAGED = "table", "pointer", "damaged"
Facts = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One table that may be here.

    Attributes:
        part: ``100m``, ``1m``, ``eshot`` or ``hub``.
        name: As it is called in its part.
        paths: Its files; none of them need be there.
        read: Reads what it has.
    """

    part: str
    name: str
    paths: list[Path]
    read: Callable[[], Facts]


def describe_emm1(ds: Emm1, *, progress: Progress = SILENT) -> Facts:
    """Return what is here as plain values that fit into JSON.

    Args:
        ds: The data set.
        progress: Told about every table.

    Returns:
        ``root, media_root, layout, splits, missing, notices``; ``splits`` has for each part that is
        here ``folder``, ``tables`` (name -> state, rows, ids ...) and ``missing``.
    """
    tables = list(_tables(ds))
    there = [table for table in tables if table.paths and table.paths[0].exists()]
    splits: dict[str, Facts] = {part: _part(ds, part) for part in _parts(ds)}
    with progress.task("read tables", len(there)) as task:
        for table in there:
            splits[table.part]["tables"][table.name] = _facts(ds.root, table)
            task.advance()
    for table in tables:
        if table not in there:
            splits[table.part]["missing"].append(table.name)
    return {
        "root": str(ds.root),
        "media_root": str(ds.media_root),
        "layout": layout_of(ds.places),
        "splits": splits,
        "missing": [part for part in SPLITS if part not in splits and not ds.places.hub],
        "notices": list(_notices(ds, splits)),
    }


def _parts(ds: Emm1) -> list[str]:
    return [*ds.splits, *(["hub"] if ds.places.hub else [])]


def _part(ds: Emm1, part: str) -> Facts:
    folder = ds.places.hub if part == "hub" else ds.places.parts[part]
    return {"folder": _inside(ds.root, folder or ds.root), "tables": {}, "missing": []}


def _inside(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _facts(root: Path, table: Table) -> Facts:
    size = sum(_size(path) for path in table.paths)
    facts: Facts = {"file": _inside(root, table.paths[0]), "state": TABLE, "bytes": size}
    pointer = read_pointer(table.paths[0])
    if pointer is not None:
        sizes = {"state": POINTER, "bytes": pointer.size, "rows": None, "ids": None}
        return facts | sizes | {"oid": pointer.oid, "command": fetch_command(table.paths[0])}
    try:
        return facts | table.read()
    except InputError as error:
        return facts | {"state": DAMAGED, "rows": None, "ids": None, "problem": str(error)}


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    return path.stat().st_size


# ----------------------------------------------------------------------------------------- tables


def _tables(ds: Emm1) -> Iterator[Table]:
    for part in ds.splits:
        if part == "eshot":
            yield from _eshot_tables(ds.places.parts[part])
        else:
            yield from _infos(ds, part)
            yield from _groups(ds) if part == "100m" else _rated(ds)
    if ds.places.hub:
        yield from _hub(ds)


def _infos(ds: Emm1, part: str) -> Iterator[Table]:
    folder = ds.places.parts[part] / "infos"
    for modality in MODALITIES:
        name = f"infos/{modality}.csv"
        if ds.places.converted:
            read = partial(_converted_items, folder / modality, modality)
            yield Table(part, name, [folder / modality], read)
        else:
            path = folder / f"{modality}.csv"
            yield Table(part, name, [path], partial(measure.infos_facts, path, modality))


def _converted_items(folder: Path, modality: Modality) -> Facts:
    from pentad.sources.emm1.converted import read_item_folder

    return measure.items_facts(read_item_folder(folder, modality))


def _groups(ds: Emm1) -> Iterator[Table]:
    ranks = ds.tables.ranks
    for rank in sorted({*ranks, *PUBLISHED_RANKS}):
        paths = [ranks[rank]] if rank in ranks else []
        read = partial(_group_facts, ds, rank)
        yield Table("100m", f"nn_{rank}/data_groups.csv", paths, read)


def _group_facts(ds: Emm1, rank: int) -> Facts:
    if ds.places.converted:
        return measure.groups_facts(ds.tables, rank, ds.tables.modalities)
    modalities = measure.group_modalities(ds.tables.ranks[rank])
    return measure.groups_facts(ds.tables, rank, modalities)


def _rated(ds: Emm1) -> Iterator[Table]:
    folder = ds.places.parts["1m"]
    tables = RatedTables(folder, converted=ds.places.converted)
    file = folder / ("triplets.parquet" if ds.places.converted else TRIPLETS)
    yield Table("1m", TRIPLETS, [file], partial(measure.triplets_facts, tables))
    mapping = folder / MAPPING
    yield Table("1m", MAPPING, [mapping], partial(measure.labels_facts, mapping))


def _eshot_tables(folder: Path) -> Iterator[Table]:
    for modality in (Modality.AUDIO, Modality.POINTS):
        path = folder / INFO_FILES[modality]
        yield Table("eshot", path.name, [path], partial(eshot_facts, path, modality))
    for modality in (Modality.AUDIO, Modality.POINTS):
        path = folder / CATEGORY_FILES[modality]
        yield Table("eshot", path.name, [path], partial(category_facts, path))


def _hub(ds: Emm1) -> Iterator[Table]:
    files = {f"nn_{rank:02d}.parquet": paths for rank, paths in ds.places.hub_ranks().items()}
    pairs = ds.places.hub_pairs()
    files |= {f"{a}_to_{b}.parquet": paths for (a, b), paths in sorted(pairs.items())}
    for name, paths in files.items():
        yield Table("hub", name, paths, partial(measure.parquet_facts, paths))
    beside = infos_beside(ds.places)
    if beside is None:
        return
    for modality in MODALITIES:
        path = beside / f"{modality}.csv"
        yield Table(
            "hub", f"infos/{modality}.csv", [path], partial(measure.infos_facts, path, modality)
        )


# ---------------------------------------------------------------------------------------- notices


def _notices(ds: Emm1, splits: dict[str, Facts]) -> Iterator[str]:
    every = [(part, name, f) for part, s in splits.items() for name, f in s["tables"].items()]
    pointers = [f for _, _, f in every if f["state"] == POINTER]
    if pointers:
        size = sum(f["bytes"] for f in pointers)
        commands = dict.fromkeys(f["command"] for f in pointers)
        yield (
            f"{len(pointers)} tables are only Git LFS pointers ({size:,} bytes); fetch them: "
            + " ; ".join(commands)
        )
    for part, name, facts in every:
        if facts.get("roles") == "exchanged":
            yield (
                f"{part} {name}: paired and annotated stand under each other's names; "
                "--fix-roles (fix_roles=True) puts them right"
            )
    if any(f.get("save_folder_names") in ("old", "mixed") for _, _, f in every):
        yield "save_folder has the older names phase_1_only, phase_2_only; media lie under these"
    if "hub" in splits:
        yield _about_hub_ids(ds)


def _about_hub_ids(ds: Emm1) -> str:
    if infos_beside(ds.places) is not None:
        return (
            "the hub's Parquet files have no ids; those of groups come from the infos beside them"
        )
    return "the hub's Parquet files have no ids; they are null (infos/*.csv beside them would tell)"
