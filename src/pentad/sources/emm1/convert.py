"""`convert_emm1`: the published tables once into the form that opens at once (see `converted`)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError, StoreError
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.emm1.convert_items import convert_captions, convert_infos, convert_items
from pentad.sources.emm1.converted import RECORD
from pentad.sources.emm1.csv_groups import CsvTables
from pentad.sources.emm1.csv_table import header_of
from pentad.sources.emm1.layout import CONVERTED, Places, find_emm1
from pentad.sources.emm1.triplets import MAPPING, read_labels, read_triplets
from pentad.store.atomic import write_json
from pentad.store.lock import writer_lock
from pentad.store.records import Commit, committing, read_record, recover

FORMAT = 1
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
    target = Path(out)
    if places.converted or not places.parts:
        raise InputError("only CSV tables can be converted", file=places.root)
    _check_target(target)
    target.mkdir(parents=True, exist_ok=True)
    with writer_lock(target / ".lock"):
        recover(target)
        _mark(target, complete=False)
        units = list(_units(places, target, nn))
        done = Conversion()
        with progress.task("convert", len(units)) as task:
            for name, inputs, write in units:
                _convert_unit(target, name, inputs, write, done)
                task.advance()
        _mark(target, complete=True)
    done.bytes = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    return done


Write = Callable[[Commit], dict[str, Any]]
Unit = tuple[str, list[Path], Write]


def _units(places: Places, target: Path, nn: Sequence[int] | None) -> Iterable[Unit]:
    for split in ("100m", "1m"):
        if split in places.parts:
            yield from _info_units(places.parts[split], split)
    if "100m" in places.parts:
        yield from _rank_units(places, target, nn)
    if "1m" in places.parts:
        folder = places.parts["1m"]
        tables = [p for p in (folder / "triplets.csv", folder / MAPPING) if p.exists()]
        yield "1m/triplets.json", tables, partial(_write_triplets, folder)
    if "eshot" in places.parts:
        eshot = places.parts["eshot"]
        files = sorted(p for p in eshot.iterdir() if p.suffix in (".csv", ".json"))
        yield f"eshot/{RECORD}", files, partial(_copy, files)


def _info_units(folder: Path, split: str) -> Iterable[Unit]:
    for modality in MEDIA_MODALITIES:
        path = folder / "infos" / f"{modality}.csv"
        if path.exists():
            yield (
                f"{split}/infos/{modality}/{RECORD}",
                [path],
                partial(convert_items, path, modality),
            )
            yield (
                f"{split}/infos/{modality}.json",
                [path],
                partial(convert_infos, path, modality),
            )
    text = folder / "infos" / "text.csv"
    if text.exists():
        name = f"{split}/infos/{Modality.TEXT}/{RECORD}"
        yield name, [text], partial(convert_captions, text)


def _rank_units(places: Places, target: Path, nn: Sequence[int] | None) -> Iterable[Unit]:
    ranks = places.ranks()
    tables = CsvTables(places.parts["100m"], ranks)
    wanted = list(ranks if nn is None else nn)
    for rank in wanted:
        if rank not in ranks:
            raise InputError(f"there is no nn_{rank} here", file=places.root)
    if wanted:
        # Ranks name the same captions in the same order, so these are stored once.
        yield "100m/nn/text.json", [ranks[wanted[0]]], partial(_write_text, tables, wanted[0])
    for rank in wanted:
        yield (
            f"100m/nn/nn_{rank}.json",
            [ranks[rank]],
            partial(_write_rank, tables, rank, target),
        )


def _convert_unit(
    target: Path, name: str, inputs: list[Path], write: Write, done: Conversion
) -> None:
    prints = {path.name: fingerprint_file(path) for path in inputs}
    record = read_record(target / name)
    if record is not None and record.intact() and record.fields.get("inputs") == prints:
        done.kept.append(name)
        return
    with committing(target / name) as commit:
        fields = write(commit)
        commit.finish({**fields, "inputs": prints, "format": FORMAT})
    done.written.append(name)


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
    return {"rows": len(text)}


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


def _mark(target: Path, *, complete: bool) -> None:
    marker = target / CONVERTED
    write_json(marker, {"format": FORMAT, "kind": "converted E-MM1", "complete": complete})


def _check_target(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise InputError("this is a file; name a folder", file=target)
    if target.is_dir() and any(target.iterdir()) and not (target / CONVERTED).exists():
        raise StoreError(f"{target}: not empty, and not a conversion; name a new folder")
