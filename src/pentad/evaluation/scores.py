"""The values that evaluation hands around: per query, per direction, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pentad.core.modality import Modality
    from pentad.evaluation.intervals import Interval
    from pentad.evaluation.metrics.grammar import Metric

Relation = Literal["caption", "concept", "judgment", "class"]


@dataclass(frozen=True, eq=False)
class QueryScores:
    """Every metric of every query of one direction.

    Attributes:
        query: Modality of the queries.
        corpus: Modality of what is searched.
        metrics: What the rows of ``values`` are.
        values: float64 (metrics, queries).
        chance: float64 (metrics, queries), what a random order of the corpus would score.
        queries: (queries,) item ids or caption keys; they say which query a column is.
        units: int64 (queries,), queries of one unit are resampled together.
        relevant: int64 (queries,), how many corpus items are relevant.
        pool: How many items the corpus has.
        relevant_by: What makes an item relevant: a caption or concept, a judgment, a class.
        excluded: How many queries had no relevant item, or no vector, and are not in here.
        classes: (queries,) names, where each query is of exactly one class; else None.
    """

    query: Modality
    corpus: Modality
    metrics: tuple[Metric, ...]
    values: NDArray[np.float64]
    chance: NDArray[np.float64]
    queries: NDArray[Any]
    units: NDArray[np.int64]
    relevant: NDArray[np.int64]
    pool: int
    relevant_by: Relation = "caption"
    excluded: int = 0
    classes: NDArray[Any] | None = None

    @property
    def direction(self) -> str:
        """The direction for people, such as ``text -> image``."""
        return f"{self.query} -> {self.corpus}"


@dataclass(frozen=True)
class Score:
    """One metric of one direction, averaged over queries.

    Attributes:
        query: Modality of the queries.
        corpus: Modality of what is searched.
        metric: Name in the metric grammar.
        value: Mean over queries.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        chance: Mean over queries of what a random order would score.
        n: How many queries there are.
        pool: How many items the corpus has.
        relevant: What makes an item relevant: a shared caption or concept, a judgment, its class.
        units: How many independent units the queries fall into.
        excluded: How many queries had no relevant item, or no vector, and are not counted in ``n``.
        macro: Mean over classes with its interval, where each query is of one class; else None.
    """

    query: Modality
    corpus: Modality
    metric: str
    value: float
    low: float
    high: float
    chance: float
    n: int
    pool: int
    relevant: Relation = "caption"
    units: int = 0
    excluded: int = 0
    macro: Interval | None = None


@dataclass(frozen=True)
class Difference:
    """How much more the first of two systems scores over the same queries.

    Attributes:
        query: Modality of the queries.
        corpus: Modality of what is searched.
        metric: Name in the metric grammar.
        value: Mean of first minus second.
        low: Lower end of the 95 % interval of the paired difference.
        high: Upper end of the interval.
        n: How many queries there are.
    """

    query: Modality
    corpus: Modality
    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Skipped:
    """Something that could not be evaluated.

    Attributes:
        what: A modality such as ``audio``, or a direction such as ``image -> audio``.
        reason: One line for people.
    """

    what: str
    reason: str
