"""Writing the whole world as a folder in the neutral layout, all of it or nothing."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pentad.core.engine import Engine, LocalEngine
from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES
from pentad.core.progress import SILENT, Progress
from pentad.pipeline.world.content import item_bytes
from pentad.pipeline.world.plan import Item, plan_world
from pentad.pipeline.world.target import Made, claim, is_intact, publishing

COLUMNS = ("file_name", "caption", "concept", "source_dataset", "dataset_license")
SOURCE = "pentad-world"
LICENSE = "CC0-1.0"
_CHUNK = 16


@dataclass(frozen=True)
class WorldSummary:
    """What a generated world holds.

    Attributes:
        root: Its folder.
        seed: The seed it was generated from.
        items: Files of each modality.
        captions: Rows of each ``captions.csv``.
        concepts: Concepts that all modalities can show.
        lone_concepts: Concepts that occur in one modality only.
    """

    root: Path
    seed: int
    items: dict[str, int]
    captions: dict[str, int]
    concepts: int
    lone_concepts: int


def generate_world(
    root: str | Path,
    *,
    seed: int = 0,
    items_per_modality: int = 240,
    engine: Engine | None = None,
    progress: Progress = SILENT,
) -> WorldSummary:
    """Write a world of captioned PNG, WAV, MP4 and PLY files and say what is in it.

    The same seed and number of items give the same bytes, wherever and however they are generated.
    A world that is already there and whole is left alone; a damaged or different one is replaced.

    Args:
        root: The folder to write: ``<modality>/captions.csv`` and ``<modality>/files/``.
        seed: Draws everything.
        items_per_modality: Files of each of the four modalities.
        engine: Where the files are made; in this process by default.
        progress: Told about every file.

    Raises:
        InputError: ``root`` holds something that is no generated world, or the number is below 1.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     generate_world(Path(folder) / "world", items_per_modality=2).items["audio"]
        2
    """
    if items_per_modality < 1:
        raise InputError("a world needs at least one item a modality", seen=items_per_modality)
    target, made = Path(root).absolute(), Made(seed, items_per_modality)
    plan = plan_world(seed, items_per_modality)
    claim(target)
    if not is_intact(target, made):
        with publishing(target, made) as folder:
            _write_captions(folder, plan)
            _write_files(folder, plan, engine or LocalEngine(), progress)
    return _summary(target, seed, plan)


def _write_files(folder: Path, plan: Sequence[Item], engine: Engine, progress: Progress) -> None:
    for modality in MEDIA_MODALITIES:
        (folder / modality / "files").mkdir(parents=True)
    tasks = [(folder, plan[start : start + _CHUNK]) for start in range(0, len(plan), _CHUNK)]
    with progress.task("generating files", len(plan)) as task:
        for written in engine.run(_write_chunk, tasks):
            task.advance(written)


def _write_chunk(task: tuple[Path, Sequence[Item]]) -> int:
    folder, items = task
    for item in items:
        (folder / item.shown.modality / "files" / item.file_name).write_bytes(item_bytes(item))
    return len(items)


def _write_captions(folder: Path, plan: Sequence[Item]) -> None:
    for modality in MEDIA_MODALITIES:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(COLUMNS)
        for item in plan:
            if item.shown.modality == modality:
                tail = (item.shown.subject.concept, SOURCE, LICENSE)
                writer.writerows((item.file_name, caption, *tail) for caption in item.captions)
        (folder / modality).mkdir(parents=True)
        (folder / modality / "captions.csv").write_bytes(table.getvalue().encode())


def _summary(root: Path, seed: int, plan: Sequence[Item]) -> WorldSummary:
    items = Counter(item.shown.modality for item in plan)
    captions = Counter(item.shown.modality for item in plan for _ in item.captions)
    subjects = {item.shown.subject for item in plan}
    shared = {subject.concept for subject in subjects if subject.shared}
    lone = {subject.concept for subject in subjects if not subject.shared}
    return WorldSummary(root, seed, dict(items), dict(captions), len(shared), len(lone))
