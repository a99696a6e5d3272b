"""What a page of a run shows, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pentad.core.modality import Modality
from pentad.evaluation.page.bars import Bar
from pentad.evaluation.page.confusion import Confusion
from pentad.evaluation.page.per_class import ClassScores
from pentad.evaluation.results.info import RunInfo
from pentad.evaluation.scores import Score

if TYPE_CHECKING:
    from pentad.evaluation.results.task_result import TaskResult


@dataclass(frozen=True)
class Entry:
    """A query or an item, as a reader meets it.

    Attributes:
        id: Its name within the task.
        modality: What it is.
        text: What it says; of media None.
        media: Key of its preview in `Page.media`; of texts None.
    """

    id: str
    modality: Modality | None
    text: str | None = None
    media: str | None = None


@dataclass(frozen=True)
class Preview:
    """A media file made small enough for a page.

    Attributes:
        name: Of the file, without its folder.
        picture: A JPEG; empty where there is none.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        clip: A sound that browsers play; empty where there is none.
        clip_type: Its media type.
        reason: Why there is no picture; else empty.
    """

    name: str
    picture: bytes = b""
    width: int = 0
    height: int = 0
    clip: bytes = b""
    clip_type: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Hit:
    """One of the best results of a query.

    Attributes:
        rank: From 1.
        entry: What was found.
        score: Its similarity.
        relevant: Whether it counts.
    """

    rank: int
    entry: Entry
    score: float
    relevant: bool


@dataclass(frozen=True)
class Shown:
    """One query with its results.

    Attributes:
        query: The query.
        value: Its main metric.
        relevant: How many items are relevant to it.
        margin: Score of the best relevant result less that of the best other one; NaN if unknown.
        margin_at_most: Whether no relevant one was among those kept, so that ``margin`` is only an
            upper bound.
        hits: Its first results.
        expected: Relevant items that are not among ``hits``, a few.
    """

    query: Entry
    value: float
    relevant: int
    margin: float
    margin_at_most: bool
    hits: tuple[Hit, ...]
    expected: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class DirectionPart:
    """One direction of a task.

    Attributes:
        key: Such as ``text_to_audio``.
        scores: Every metric, the main one first.
        higher: Whether more is better in the main one.
        leaked: How many queries are flagged as seen in training; None where nobody looked.
        ranks: Share of queries by the rank of their first relevant item; empty if unknown.
        classes: Scores of every class, where this direction asks for the class of an item.
        confusion: What was taken for what, likewise.
        worst: The worst queries, worst first.
        best: The best queries, best first.
        gaps: What cannot be shown, and why.
    """

    key: str
    scores: tuple[Score, ...]
    higher: bool = True
    leaked: int | None = None
    ranks: tuple[Bar, ...] = ()
    classes: ClassScores | None = None
    confusion: Confusion | None = None
    worst: tuple[Shown, ...] = ()
    best: tuple[Shown, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def main(self) -> Score:
        """The score of the main metric."""
        return self.scores[0]


@dataclass(frozen=True)
class TaskPart:
    """One task of a run.

    Attributes:
        result: As the run keeps it.
        directions: One a direction.
        gaps: What cannot be shown of the whole task, and why.
    """

    result: TaskResult
    directions: tuple[DirectionPart, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """Everything a page shows.

    Attributes:
        info: Of the run.
        tasks: By name.
        media: Key -> preview.
        notices: What a reader has to know of the page itself.
    """

    info: RunInfo
    tasks: tuple[TaskPart, ...]
    media: Mapping[str, Preview] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
