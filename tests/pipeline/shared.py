"""A small generated world and a workspace built from it, made once for all test processes."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from pentad.pipeline.build import build
from pentad.pipeline.world.generate import generate_world
from pentad.training.settings import TrainSettings

K = 3
ITEMS = 16
PAIR = ("image", "audio")
MEDIA = ("image", "audio", "video", "points")
Content = dict[str, bytes]
SMALL_TRAINING = partial(TrainSettings, hidden=4, epochs=1, threads=1)


def train_little(patch: pytest.MonkeyPatch) -> None:
    """Make training as short as it can be; everything else of the chain stays as it is."""
    patch.setattr("pentad.training.train.TrainSettings", SMALL_TRAINING)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first test process to ask for it has made."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder


def make_world(folder: Path) -> None:
    """Write the world of seed 0 into ``folder/world``."""
    generate_world(folder / "world", seed=0, items_per_modality=ITEMS)


def make_other_world(folder: Path) -> None:
    """Write another world, with concepts common to every two modalities, into ``folder/other``."""
    generate_world(folder / "other", seed=21, items_per_modality=8)


def make_built(world: Path, modalities: Iterable[str], folder: Path) -> None:
    """Build ``folder/ws`` from ``folder/world``, a copy of some modalities of a world."""
    part_of_world(world, folder / "world", modalities)
    with pytest.MonkeyPatch.context() as patch:
        train_little(patch)
        build(folder / "world", folder / "ws", k=K)


def content(folder: Path, *parts: str) -> Content:
    """Return every file of some parts of a workspace (default all but the lock) with its bytes."""
    roots = [folder / part for part in parts] or [folder]
    files = (path for root in roots for path in sorted(root.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if path.name != ".lock"
    }


RESULTS = ("items", "embeddings", "neighbors", "groups", "models")


def results(folder: Path) -> Content:
    """Return what must be the same wherever it was made."""
    return content(folder, *RESULTS)


def differing(left: Content, right: Content) -> list[str]:
    """Return the names of files that are in one alone or have other bytes."""
    return sorted(name for name in {*left, *right} if left.get(name) != right.get(name))


def rows_of(world: Path, modality: str) -> list[dict[str, str]]:
    """Return the rows of one captions.csv."""
    with (world / modality / "captions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(folder: Path, modality: str, rows: Iterable[dict[str, str]]) -> None:
    """Write a captions.csv; columns are those of the first row."""
    table = list(rows)
    (folder / modality).mkdir(parents=True, exist_ok=True)
    with (folder / modality / "captions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def part_of_world(
    world: Path,
    folder: Path,
    modalities: Iterable[str],
    *,
    items: int = ITEMS,
    change: Callable[[dict[str, str]], dict[str, str]] = dict,
    keep: Callable[[dict[str, str]], bool] = lambda row: True,
) -> Path:
    """Copy the first ``items`` files of some modalities, with rows changed or left out."""
    for modality in modalities:
        rows = [row for row in rows_of(world, modality) if keep(row)]
        names = list(dict.fromkeys(row["file_name"] for row in rows))[:items]
        write_rows(folder, modality, (change(row) for row in rows if row["file_name"] in names))
        (folder / modality / "files").mkdir()
        for name in names:
            shutil.copy(world / modality / "files" / name, folder / modality / "files" / name)
    return folder


def without_concept(row: dict[str, str]) -> dict[str, str]:
    """Return a row without its concept column."""
    return {name: value for name, value in row.items() if name != "concept"}


@contextmanager
def counting_encodes(patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count the inputs that any encoding run is given, one entry a call."""
    from pentad.embeddings.stream import EncodingRun

    seen: list[int] = []
    encode = EncodingRun._results

    def counted(self, call):  # type: ignore[no-untyped-def]
        seen.append(len(call.errors))
        return encode(self, call)

    patch.setattr(EncodingRun, "_results", counted)
    yield seen
