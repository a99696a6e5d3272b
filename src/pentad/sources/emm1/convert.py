"""`convert_emm1`: the published tables once into the form that opens at once (see `converted`)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.emm1.convert_items import convert_captions, convert_infos, convert_items
from pentad.sources.emm1.convert_plan import (
    TEXT,
    Marker,
    Unit,
    check_target,
    has_text,
    here,
    refuse_mixture,
    require_tables,
    shared_rank,
    tell_missing,
)
from pentad.sources.emm1.converted import RECORD
from pentad.sources.emm1.csv_groups import CsvTables
from pentad.sources.emm1.csv_table import header_of
from pentad.sources.emm1.layout import CONVERTED_FORMAT, Places, find_emm1
from pentad.sources.emm1.lfs import read_pointer
from pentad.sources.emm1.triplets import MAPPING, TRIPLETS, read_labels, read_triplets
from pentad.store.lock import writer_lock
from pentad.store.records import Commit, committing, read_record, recover

_ROWS = 1 << 20


@dataclass
class Conversion:
    """What a conversion did.

    Attributes:
        written: Parts that were written now.
        kept: Parts that were there already, from the same inputs.
        bytes: Of everything that is there now.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    bytes: int = 0


def convert_emm1(
    root: str | Path,
    out: str | Path,
    *,
    nn: Sequence[int] | None = None,
    progress: Progress = SILENT,
) -> Conversion:
    """Write ids, file names and captions so that they open by mapping files.

    What is there already and was made from the same bytes is kept, so that a conversion that was
    interrupted goes on, and more ranks can be added later. Takes less than 2 GiB of memory.

    Args:
        root: The data set in one of its CSV layouts.
        out: Where to; a folder of its own.
        nn: Ranks to convert; default all.
        progress: Where progress is shown.

    Raises:
        InputError: A table cannot be read, or ``out`` holds something else.
        StoreError: The disk is full, or somebody else is converting to ``out``.
    """
    places = find_emm1(root)
    require_tables(places)
    target = Path(out)
    check_target(target)
    ranks = _known(places, nn)
    found = here(list(_units(places, target, ranks)), named=nn is not None)
    tell_missing(places, ranks)
    target.mkdir(parents=True, exist_ok=True)
    with writer_lock(target / ".lock"):
        recover(target)
        refuse_mixture(target, found)
        done = Conversion()
        state = Marker(target)
        with progress.task("convert", len(found)) as task:
            for unit in found:
                _convert_unit(target, unit, state, done)
                task.advance()
        state.complete()
    done.bytes = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    return done


def _known(places: Places, nn: Sequence[int] | None) -> list[int]:
    ranks = places.ranks()
    for rank in nn or ():
        if rank not in ranks:
            names = ", ".join(f"nn_{k}" for k in ranks) or "none"
            raise InputError(f"there is no nn_{rank} here; there is: {names}", file=places.root)
    return list(ranks if nn is None else dict.fromkeys(nn))


def _units(places: Places, target: Path, ranks: Sequence[int]) -> Iterator[Unit]:
    for split in ("100m", "1m"):
        if split in places.parts:
            yield from _info_units(places.parts[split], split)
    if "100m" in places.parts:
        yield from _rank_units(places, target, ranks)
    if "1m" in places.parts:
        folder = places.parts["1m"]
        tables = [p for p in (folder / TRIPLETS, folder / MAPPING) if p.exists()]
        if (folder / TRIPLETS).exists():
            yield Unit("1m/triplets.json", tables, partial(_write_triplets, folder))
    if "eshot" in places.parts:
        eshot = places.parts["eshot"]
        files = sorted(p for p in eshot.iterdir() if p.suffix in (".csv", ".json"))
        yield Unit(f"eshot/{RECORD}", files, partial(_copy, files))


def _info_units(folder: Path, split: str) -> Iterator[Unit]:
    for modality in MEDIA_MODALITIES:
        path = folder / "infos" / f"{modality}.csv"
        if path.exists():
            name = f"{split}/infos/{modality}"
            yield Unit(f"{name}/{RECORD}", [path], partial(convert_items, path, modality))
            yield Unit(f"{name}.json", [path], partial(convert_infos, path, modality))
    text = folder / "infos" / "text.csv"
    if text.exists():
        name = f"{split}/infos/{Modality.TEXT}/{RECORD}"
        yield Unit(name, [text], partial(convert_captions, text))


def _rank_units(places: Places, target: Path, ranks: Sequence[int]) -> Iterator[Unit]:
    there = {k: path for k, path in places.ranks().items() if read_pointer(path) is None}
    tables = CsvTables(places.parts["100m"], places.ranks())
    # Ranks name the same captions in the same order, so these are stored once: those of the rank
    # that was converted first. Ranks that are there already were compared with them and come along.
    base = shared_rank(target) if has_text(target) else next((k for k in ranks if k in there), None)
    if base in there:
        yield Unit(TEXT, [there[base]], partial(_write_text, tables, base))
    added = [k for k in there if k not in ranks and (target / "100m/nn" / f"nn_{k}.json").exists()]
    for rank in sorted({*ranks, *added}):
        yield Unit(
            f"100m/nn/nn_{rank}.json",
            [tables.ranks[rank]],
            partial(_write_rank, tables, rank, target),
            [target / "100m/nn/text.npy"],
        )


def _convert_unit(target: Path, unit: Unit, state: Marker, done: Conversion) -> None:
    prints = {path.name: _fingerprint(path) for path in [*unit.tables, *unit.beside]}
    record = read_record(target / unit.name)
    if record is not None and record.fields.get("inputs") == prints and not record.damaged():
        done.kept.append(unit.name)
        return
    with committing(target / unit.name) as commit:
        fields = unit.write(commit)
        state.incomplete()
        commit.finish({**fields, "inputs": prints, "format": CONVERTED_FORMAT})
    done.written.append(unit.name)


def _fingerprint(path: Path) -> str:
    try:
        return fingerprint_file(path)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path) from None


def _write_rank(tables: CsvTables, rank: int, target: Path, commit: Commit) -> dict[str, Any]:
    header = header_of(tables.ranks[rank])
    modalities = [m for m in MEDIA_MODALITIES if f"encord_{m}_id" in header]
    blocks = list(tables.blocks(rank, modalities, _ROWS))
    empty = np.empty(0, np.uint32)
    text = np.concatenate([empty, *(b.text for b in blocks)])
    items = np.empty((len(modalities), len(text)), np.uint32)
    for row, modality in enumerate(modalities):
        np.concatenate([empty, *(b.items.pop(modality) for b in blocks)], out=items[row])
    _save(commit.path(f"nn_{rank}.npy"), items)
    shared = np.load(target / "100m" / "nn" / "text.npy", mmap_mode="r", allow_pickle=False)
    if not np.array_equal(shared, text):
        _save(commit.path(f"nn_{rank}.text.npy"), text)
    return {"rank": rank, "modalities": [m.value for m in modalities], "rows": len(text)}


def _write_text(tables: CsvTables, rank: int, commit: Commit) -> dict[str, Any]:
    blocks = [b.text for b in tables.blocks(rank, [], _ROWS)]
    text = np.concatenate([np.empty(0, np.uint32), *blocks])
    _save(commit.path("text.npy"), text)
    return {"rank": rank, "rows": len(text)}


def _write_triplets(folder: Path, commit: Commit) -> dict[str, Any]:
    frame = read_triplets(folder)
    frame.write_parquet(commit.path("triplets.parquet"))
    if (folder / MAPPING).exists():
        shutil.copyfile(folder / MAPPING, commit.path(MAPPING))
    return {"rows": frame.height, "labels": {str(k): v for k, v in read_labels(folder).items()}}


def _copy(files: list[Path], commit: Commit) -> dict[str, Any]:
    for path in files:
        shutil.copyfile(path, commit.path(path.name))
    return {}


def _save(path: Path, array: np.ndarray[Any, Any]) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, allow_pickle=False)
