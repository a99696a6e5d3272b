"""How a converter makes a `Task`: gather both sides, say which pairs are relevant, build.

    items = Gathered(Modality.AUDIO)
    items.add("a.wav", path, unit="a.wav")
    items.leave_out("b.wav", "'b.wav' is not there")
    build_task(Description(name="clotho", ...), queries, items, [("a.wav#1", "a.wav")], root=root)

Entries keep the order in which they were added. What is relevant to an entry that was left out goes
with it; a query without anything relevant stays, and so does an item that nothing asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.evaluation.tasks.task import Absent, Direction, Entries, Kind, Qrels, Span, Task

Pair = tuple[str, str] | tuple[str, str, int]
"""Id of a query, id of an item, and the grade, which is 1 where none is given."""

REVISION_DIGITS = 16

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a task says of itself; see `Task`."""

    name: str
    kind: Kind
    split: str
    directions: tuple[Direction, ...]
    metrics: tuple[tuple[str, ...], ...]
    templates: tuple[str, ...] = ()
    source: str = ""
    license: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that there are metrics for each direction, and each direction once."""
        if not self.directions or len(set(self.directions)) != len(self.directions):
            raise InputError(f"task {self.name!r} needs at least one direction, each once")
        if len(self.metrics) != len(self.directions) or not all(self.metrics):
            raise InputError(f"task {self.name!r} needs metrics for each of its directions")


class Gathered:
    """The entries of one side, in the order in which they are added.

    Args:
        modality: What they are.
        table: The file that lists them, for errors.
        column: Its column of ids, for errors.
    """

    def __init__(
        self, modality: Modality, *, table: Path | None = None, column: str | None = None
    ) -> None:
        self.modality = modality
        self.absent: list[Absent] = []
        self._table = table
        self._column = column
        self._contents: dict[str, str | Path] = {}
        self._spans: list[Span | None] = []
        self._units: list[str | None] = []
        self._folds: list[int | None] = []

    def __len__(self) -> int:
        """Return how many entries there are, without those left out."""
        return len(self._contents)

    def __contains__(self, id_: str) -> bool:
        """Return whether an entry of this id was added."""
        return id_ in self._contents

    def add(
        self,
        id_: str,
        content: str | Path,
        *,
        span: Span | None = None,
        unit: str | None = None,
        fold: int | None = None,
        row: int | None = None,
    ) -> None:
        """Add an entry.

        Args:
            id_: Its id.
            content: Of modality text the text, else the file.
            span: Which part of the file is meant; None for the whole.
            unit: What it is resampled with; either every entry has one or none.
            fold: Its fold; either every entry has one or none.
            row: Where the table has it, for errors.

        Raises:
            InputError: The id is empty, is there already, or the content is not of this modality.
        """
        if not id_.strip():
            raise self._wrong("the id is empty", row)
        if id_ in self._contents:
            raise self._wrong("this id is there already", row, seen=repr(id_))
        if isinstance(content, str) is not (self.modality is Modality.TEXT):
            raise self._wrong(f"a {type(content).__name__} where {self.modality} is wanted", row)
        if isinstance(content, str) and not content.strip():
            raise self._wrong("the text is empty", row)
        self._contents[id_] = content
        self._spans.append(span)
        self._units.append(unit)
        self._folds.append(fold)

    def leave_out(self, id_: str, reason: str) -> None:
        """Note that the entry of this id cannot be used, and why."""
        self.absent.append(Absent(id_, " ".join(reason.split())))

    def entries(self) -> Entries:
        """Return what was added.

        Raises:
            InputError: Only some of the entries have a unit, or a fold.
        """
        texts = tuple(c for c in self._contents.values() if isinstance(c, str))
        files = tuple(c for c in self._contents.values() if isinstance(c, Path))
        is_text = self.modality is Modality.TEXT
        return Entries(
            self.modality,
            tuple(self._contents),
            texts=texts if is_text else None,
            files=None if is_text else files,
            spans=tuple(self._spans) if any(self._spans) else None,
            units=self._complete(self._units, "unit"),
            folds=self._complete(self._folds, "fold"),
        )

    def _complete(self, values: Sequence[_T | None], name: str) -> tuple[_T, ...] | None:
        known = tuple(value for value in values if value is not None)
        if known and len(known) != len(values):
            raise InputError(f"either every entry has a {name} or none", file=self._table,
                             column=name, seen=f"{len(known)} of {len(values)}")  # fmt: skip
        return known or None

    def _wrong(self, message: str, row: int | None, seen: str | None = None) -> InputError:
        return InputError(message, file=self._table, row=row, column=self._column, seen=seen)


def build_task(
    description: Description,
    queries: Gathered,
    items: Gathered,
    relevant: Iterable[Pair],
    *,
    root: Path,
) -> Task:
    """Return the task that the two sides and the relevant pairs make.

    Args:
        description: What it says of itself.
        queries: What asks.
        items: What is searched.
        relevant: Pairs of a query and an item; those with a grade below 1 say that the item is
            not relevant, which holds for every pair that is not given.
        root: Folder that the names of files are relative to in the revision.

    Raises:
        InputError: A pair names an entry that neither side has or left out, or is given twice
            with two grades; or a side has no entry at all.
    """
    sides = (queries.entries(), items.entries())
    for side, name in zip(sides, ("query", "item"), strict=True):
        if not len(side):
            raise InputError(f"task {description.name!r} has no {name} whose file is there",
                             file=root)  # fmt: skip
    qrels = _qrels(description.name, queries, items, sides, relevant)
    return Task(
        name=description.name,
        kind=description.kind,
        split=description.split,
        revision=revision_of(*sides, qrels, root=root),
        queries=sides[0],
        items=sides[1],
        qrels=qrels,
        directions=description.directions,
        metrics=description.metrics,
        templates=description.templates,
        source=description.source,
        license=description.license,
        absent=(*queries.absent, *items.absent),
        notes=description.notes,
    )


def revision_of(queries: Entries, items: Entries, qrels: Qrels, *, root: Path) -> str:
    """Return 16 hex digits over ids, texts, names of files below ``root``, spans and qrels.

    The place of the root, the order of the qrels, units and folds do not count.
    """
    pairs = np.stack([qrels.queries, qrels.items, qrels.grades], axis=1)
    ordered = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist()
    content = [_told(queries, root), _told(items, root), ordered]
    return fingerprint_value(content)[:REVISION_DIGITS]


def _told(entries: Entries, root: Path) -> list[object]:
    names = [file_name(file, root) for file in entries.files or ()]
    spans = [
        span and [float(span.start), span.end and float(span.end)] for span in entries.spans or ()
    ]
    return [str(entries.modality), entries.ids, entries.texts, names, spans]


def file_name(file: Path, root: Path) -> str:
    """Return the name of a file below ``root``, with slashes.

    Raises:
        InputError: It does not lie below it.
    """
    try:
        return file.relative_to(root).as_posix()
    except ValueError:
        raise InputError(f"not below {root}", file=file) from None


def _qrels(
    name: str,
    queries: Gathered,
    items: Gathered,
    sides: tuple[Entries, Entries],
    relevant: Iterable[Pair],
) -> Qrels:
    rows = [{id_: row for row, id_ in enumerate(side.ids)} for side in sides]
    gone = [{absent.id for absent in side.absent} for side in (queries, items)]
    grades: dict[tuple[int, int], int] = {}
    for query, item, *rest in relevant:
        places = [row.get(id_) for row, id_ in zip(rows, (query, item), strict=True)]
        for place, id_, absent, what in zip(places, (query, item), gone, ("query", "item"),
                                            strict=True):  # fmt: skip
            if place is None and id_ not in absent:
                raise InputError(f"task {name!r}: a qrel names a {what} that is not there",
                                 seen=repr(id_))  # fmt: skip
        if places[0] is None or places[1] is None:
            continue
        grade = int(rest[0]) if rest else 1
        if grades.setdefault((places[0], places[1]), grade) != grade:
            raise InputError(f"task {name!r}: two grades for query {query!r} and item {item!r}")
    kept = [(*pair, grade) for pair, grade in grades.items() if grade >= 1]
    columns = np.array(kept, dtype=np.int64).reshape(-1, 3).T
    return Qrels(*(np.ascontiguousarray(column) for column in columns))
