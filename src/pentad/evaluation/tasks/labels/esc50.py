"""ESC-50, and ESC-10, which is a part of it: environmental sounds in fifty categories.

    DIR/meta/esc50.csv       filename, fold, target, category, esc10, src_file, take
    DIR/audio/1-100032-A-0.wav

Described in the README of https://github.com/karolpiczak/ESC-50 and in Piczak, "ESC: Dataset for
Environmental Sound Classification" (ACM MM 2015). The five folds are the data set's own and keep
the fragments of one recording together. They are kept, for models that are fitted on four of them;
a model that is not fitted is scored on all clips at once. ``src_file`` is the recording, and what
the bootstrap draws.

Licences, from its README and LICENSE: CC BY-NC 3.0; the clips of ESC-10 CC BY 3.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.labels.labelled import (
    Benchmark,
    Listed,
    gathered,
    joined,
    label_task,
)
from pentad.evaluation.tasks.labels.prompts import SOUND, readable
from pentad.evaluation.tasks.labels.tables import has_file, whole_number
from pentad.evaluation.tasks.table import TableRow, csv_rows
from pentad.evaluation.tasks.task import Task
from pentad.sources.esc50 import ESC10_LICENSE, LICENSE, TABLE

_COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_SOURCE = "https://github.com/karolpiczak/ESC-50"


def is_esc50(folder: Path) -> bool:
    """Return whether a folder is laid out as ESC-50 is."""
    return has_file(folder, TABLE)


def read_esc50(root: Path) -> tuple[Task, ...]:
    """Return the task of all categories, and that of the ten of ESC-10 if they are there.

    Raises:
        InputError: The table is missing or broken, or no clip is there.
    """
    table = root / TABLE
    rows = list(csv_rows(table, _COLUMNS))
    listed, notes = joined([(row.number, _listed(row)) for row in rows], table)
    small = {row.text("filename") for row in rows if _is_small(row)}
    tasks = [_task("esc50", LICENSE, _classes(rows), listed, notes, root)]
    ten = [item for item in listed if item.id in small]
    if 0 < len(ten) < len(listed) and small & set(tasks[0].items.ids):
        classes = _classes([row for row in rows if row.text("filename") in small])
        tasks.append(_task("esc10", ESC10_LICENSE, classes, ten, (), root))
    return tuple(tasks)


def _listed(row: TableRow) -> Listed:
    name = row.text("filename")
    fold = whole_number(row.text("fold"), file=row.file, row=row.number, column="fold")
    return Listed(name, (row.text("category"),), (name,), row.text("src_file"), fold)


def _is_small(row: TableRow) -> bool:
    found = _TRUTH.get(row.text("esc10").lower())
    if found is None:
        raise row.wrong("neither True nor False", "esc10", repr(row.text("esc10")))
    return found


def _classes(rows: Sequence[TableRow]) -> dict[str, str]:
    """Return the categories in the order of their targets."""
    numbers: dict[str, int] = {}
    names: dict[int, str] = {}
    for row in rows:
        category = row.text("category")
        target = whole_number(row.text("target"), file=row.file, row=row.number, column="target")
        if numbers.setdefault(category, target) != target:
            raise row.wrong(f"{category!r} has another target before", "target", str(target))
        if names.setdefault(target, category) != category:
            raise row.wrong(f"target {target} is {names[target]!r} before", "category", category)
    return {names[target]: readable(names[target]) for target in sorted(names)}


def _task(
    name: str,
    license_: str,
    classes: dict[str, str],
    listed: Sequence[Listed],
    notes: tuple[str, ...],
    root: Path,
) -> Task:
    files = MediaFiles(root, ("audio",))
    benchmark = Benchmark(
        name=name,
        split="all",
        modality=Modality.AUDIO,
        classes=classes,
        templates=SOUND,
        source=_SOURCE,
        license=license_,
        notes=notes,
    )
    items = gathered(listed, Modality.AUDIO, lambda item: files.find(*item.names), root=root)
    return label_task(benchmark, listed, items, root=root)


CONVERTER = Converter(
    name="esc50",
    title="ESC-50",
    modalities=(Modality.TEXT, Modality.AUDIO),
    detect=is_esc50,
    read=read_esc50,
    needs="meta/esc50.csv and audio/*.wav",
    license=f"{LICENSE}; the clips of ESC-10 {ESC10_LICENSE}",
)
