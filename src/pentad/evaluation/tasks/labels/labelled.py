"""Items with labels, as a table lists them, and the classification task that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Description, Gathered, build_task
from pentad.evaluation.tasks.task import Direction, Kind, Task
from pentad.sources.refusal import Refused

SINGLE = ((Direction.reverse, Direction.forward), (("accuracy@1", "accuracy@5"), ("map",)))
"""One class an item: its class is asked for, and the items of each class."""
SEVERAL = ((Direction.forward, Direction.reverse), (("map", "auc"), ("hit@1", "hit@5")))
"""Several classes an item: items of each class first, and any class of an item will do."""

Find = Callable[["Listed"], Path]
"""Gives the file of an item, or raises `Refused`."""


@dataclass(frozen=True)
class Listed:
    """One item as a data set lists it.

    Attributes:
        id: Its id.
        labels: Ids of its classes.
        names: What its file may be called, the most likely first.
        unit: What it is resampled with; None: itself alone.
        fold: Its fold, or None where there are none.
    """

    id: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    unit: str | None = None
    fold: int | None = None


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """What a classification task says of itself.

    Attributes:
        name: Of the task.
        split: Which part of the data set.
        modality: Of the items.
        classes: Id of each class, and its name as it may stand in a prompt.
        templates: Prompts with ``{}``.
        several: Whether an item may have several classes.
        source: Where it comes from.
        license: Of the data set.
        noun: What an item is called in notes.
        notes: Deviations that are known beforehand.
    """

    name: str
    split: str
    modality: Modality
    classes: Mapping[str, str]
    templates: tuple[str, ...]
    several: bool = False
    source: str = ""
    license: str = ""
    noun: str = "clips"
    notes: tuple[str, ...] = ()


def joined(rows: Iterable[tuple[int, Listed]], table: Path) -> tuple[list[Listed], tuple[str, ...]]:
    """Return each item once, with the labels of all its rows, and notes on what was joined.

    Raises:
        InputError: Two rows of an item give it two folds or two units, or there is no row.
    """
    items: dict[str, Listed] = {}
    repeated, relabelled = 0, set()
    for row, item in rows:
        earlier = items.setdefault(item.id, item)
        if earlier is item:
            continue
        repeated += 1
        if (earlier.unit, earlier.fold) != (item.unit, item.fold):
            raise InputError(f"{item.id!r} is listed before, with another fold or recording",
                             file=table, row=row)  # fmt: skip
        labels = tuple(dict.fromkeys(earlier.labels + item.labels))
        if labels != earlier.labels:
            relabelled.add(item.id)
            items[item.id] = replace(earlier, labels=labels)
    if not items:
        raise InputError("it lists nothing for this benchmark", file=table)
    notes = [f"rows of {table.name} that list an item again: {repeated:,}; it counts once"] * bool(
        repeated
    )
    if relabelled:
        notes.append(
            f"items with several labels in several rows: {len(relabelled):,}; all of them count"
        )
    return list(items.values()), tuple(notes)


def gathered(listed: Sequence[Listed], modality: Modality, find: Find, *, root: Path) -> Gathered:
    """Return the items whose file is there; the others are left out, each with the reason.

    Raises:
        InputError: None is there.
    """
    found = collected(listed, modality, find)
    if not len(found):
        first = found.absent[0]
        raise InputError(f"none of the {len(listed):,} files of {modality} can be used; "
                         f"the first, {first.id!r}: {first.reason}", file=root)  # fmt: skip
    return found


def collected(listed: Sequence[Listed], modality: Modality, find: Find) -> Gathered:
    """Return the items whose file is there, which may be none; the others are left out."""
    found = Gathered(modality)
    for item in listed:
        try:
            found.add(item.id, find(item), unit=item.unit or item.id, fold=item.fold)
        except Refused as refused:
            found.leave_out(item.id, refused.detail)
    return found


def label_task(
    benchmark: Benchmark, listed: Sequence[Listed], items: Gathered, *, root: Path
) -> Task:
    """Return the task to tell the classes of items, and to find the items of classes.

    Args:
        benchmark: What the task says of itself.
        listed: Every item that the data set lists.
        items: Those of them that are there.
        root: Folder of the data set.

    Raises:
        InputError: An item has a class that is none of the benchmark's.
    """
    classes = Gathered(Modality.TEXT)
    for id_, text in benchmark.classes.items():
        classes.add(id_, text, unit=id_)
    directions, metrics = SEVERAL if benchmark.several else SINGLE
    description = Description(
        name=benchmark.name,
        kind=Kind.classification,
        split=benchmark.split,
        directions=directions,
        metrics=metrics,
        templates=benchmark.templates,
        source=benchmark.source,
        license=benchmark.license,
        notes=(*benchmark.notes, *count_notes(benchmark, listed, items)),
    )
    pairs = [(label, item.id) for item in listed for label in item.labels]
    return build_task(description, classes, items, pairs, root=root)


def count_notes(benchmark: Benchmark, listed: Sequence[Listed], items: Gathered) -> tuple[str, ...]:
    """Return notes on items that are not there, and on classes that have none."""
    notes = []
    if len(items) < len(listed):
        notes.append(f"{len(items):,} of {len(listed):,} {benchmark.noun} are on disk")
    used = {label for item in listed if item.id in items for label in item.labels}
    empty = len(benchmark.classes) - len(used & benchmark.classes.keys())
    if empty:
        notes.append(f"{empty:,} of {len(benchmark.classes):,} classes have none of them")
    return tuple(notes)
