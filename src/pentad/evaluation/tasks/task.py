"""`Task`: queries, items, and which item is relevant to which query, before anything is encoded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality

Rows = NDArray[np.int64]


class Kind(StrEnum):
    """What a task asks for."""

    retrieval = "retrieval"
    classification = "classification"


class Direction(StrEnum):
    """Which side asks and which is searched."""

    forward = "forward"
    reverse = "reverse"


class Span(NamedTuple):
    """A part of a file.

    Attributes:
        start: Seconds from the beginning of the file.
        end: Seconds from the beginning of the file, or None for its end.
    """

    start: float
    end: float | None = None


@dataclass(frozen=True, eq=False)
class Entries:
    """The items or the queries of a task: texts, or files.

    Attributes:
        modality: What they are.
        ids: Names, no two equal; they are those of qrels and runs.
        texts: Of modality text one string each; else None.
        files: Of media one path each; else None.
        spans: Which part of each file is meant, or None where it is the whole; None for all whole.
        units: What is resampled together, such as the source video; None: what qrels connect.
        folds: Number of the fold of each, or None where the data set has none.
    """

    modality: Modality
    ids: tuple[str, ...]
    texts: tuple[str, ...] | None = None
    files: tuple[Path, ...] | None = None
    spans: tuple[Span | None, ...] | None = None
    units: tuple[str, ...] | None = None
    folds: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Check that every entry has its content and an id of its own."""
        content, absent = (
            ("texts", "files") if self.modality is Modality.TEXT else ("files", "texts")
        )
        if getattr(self, content) is None or getattr(self, absent) is not None:
            raise InputError(f"{self.modality} entries have {content}, not {absent}")
        for name in ("texts", "files", "spans", "units", "folds"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.ids):
                raise InputError(f"one of {name} an id", expected=len(self.ids), seen=len(values))
        if len(set(self.ids)) != len(self.ids):
            seen: set[str] = set()
            twice = next(i for i in self.ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
            raise InputError(f"{self.modality}: an id occurs twice", seen=repr(twice))

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Qrels:
    """Which items are relevant to which queries, and how much.

    Attributes:
        queries: int64 (pairs,), rows of the queries.
        items: int64 (pairs,), rows of the items.
        grades: int64 (pairs,), from 1; what is not listed is not relevant.
    """

    queries: Rows
    items: Rows
    grades: Rows


class Absent(NamedTuple):
    """Something that the data set lists and that is not on disk, or cannot be used.

    Attributes:
        id: Its id.
        reason: One line for people.
    """

    id: str
    reason: str


@dataclass(frozen=True, eq=False)
class Task:
    """One benchmark on this disk. Converters and `read_task` make it.

    A classification task is retrieval too: its queries are the classes, as text; ``reverse`` asks
    for the class of each item, ``forward`` for the items of each class.

    Attributes:
        name: Such as ``clotho``.
        kind: Retrieval, or classification.
        split: Which part of the data set, such as ``test``.
        revision: Fingerprint of ids, texts, file names, spans and qrels.
        queries: In a caption task the captions; in a classification task the classes.
        items: What they are relevant to.
        qrels: Pairs of both.
        directions: Which directions are evaluated.
        metrics: Names in the metric grammar, the main one first, for each of ``directions``.
        templates: Prompts of classes with ``{}`` for the name; empty where queries are sentences.
        source: Where the data set comes from, for the reader of a report.
        license: Of the data set, as far as it is known.
        absent: Entries left out since their file is not there.
        notes: Deviations from the usual protocol, one line each.
    """

    name: str
    kind: Kind
    split: str
    revision: str
    queries: Entries
    items: Entries
    qrels: Qrels
    directions: tuple[Direction, ...]
    metrics: tuple[tuple[str, ...], ...]
    templates: tuple[str, ...] = ()
    source: str = ""
    license: str = ""
    absent: tuple[Absent, ...] = ()
    notes: tuple[str, ...] = ()
