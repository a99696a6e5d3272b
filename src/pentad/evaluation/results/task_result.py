"""`TaskResult`: what a model scores on one task, every query of every direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pentad.core.errors import InputError
from pentad.evaluation.results.names import check_task_name, subset_of
from pentad.evaluation.scores import QueryScores, Score
from pentad.evaluation.summary import summarize


@dataclass(frozen=True, eq=False)
class TaskResult:
    """One task of a run.

    Attributes:
        task: Its name.
        revision: Fingerprint of its data.
        split: Which part of the data set.
        directions: One a direction, none twice; the first metric of each is its main one.
        kind: ``retrieval`` or ``classification``.
        scores: One a direction and metric, with intervals; `with_scores` makes them.
        absent: Reason -> how many entries of the data set were left out for it.
        leaked: Direction such as ``text_to_audio`` -> how many of its queries are flagged as seen
            in training; no entry where nobody looked.
        templates: Fingerprint of the prompts; None where there are none.
        languages: Of the texts, as mteb writes them.
        seconds: How long it took; None where nobody measured.
        date: When it was scored, in ISO 8601.
        notes: Deviations from the usual protocol, one line each.
    """

    task: str
    revision: str
    split: str
    directions: tuple[QueryScores, ...]
    kind: str = "retrieval"
    scores: tuple[Score, ...] = ()
    absent: Mapping[str, int] = field(default_factory=dict)
    leaked: Mapping[str, int] = field(default_factory=dict)
    templates: str | None = None
    languages: tuple[str, ...] = ("eng-Latn",)
    seconds: float | None = None
    date: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        check_task_name(self.task)
        if not self.directions:
            raise InputError(f"{self.task}: a result needs a direction")
        keys = [subset_of(scores) for scores in self.directions]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise InputError(f"{self.task}: a direction occurs twice", seen=twice)
        for key, scores in zip(keys, self.directions, strict=True):
            _check(f"{self.task}, {key}", scores)
            if not 0 <= self.leaked.get(key, 0) <= len(scores.queries):
                raise InputError(
                    f"{self.task}, {key}: leaked queries are some of the queries",
                    expected=f"0 to {len(scores.queries)}",
                    seen=self.leaked[key],
                )

    @property
    def subsets(self) -> dict[str, QueryScores]:
        """The directions by key, such as ``text_to_audio``."""
        return {subset_of(scores): scores for scores in self.directions}

    def score(self, subset: str, metric: str) -> Score | None:
        """Return one score with its interval; None where there is none."""
        for row in self.scores:
            if subset_of(row) == subset and row.metric == metric:
                return row
        return None

    def with_scores(self, seed: int) -> TaskResult:
        """Return the result with the average and interval of every metric.

        Args:
            seed: The run's seed; the resamples of a task depend on it and on the task's name.
        """
        rows = [
            row for each in self.directions for row in summarize(each, seed=seed, task=self.task)
        ]
        return replace(self, scores=tuple(rows))


def _check(where: str, scores: QueryScores) -> None:
    shape = (len(scores.metrics), len(scores.queries))
    if 0 in shape:
        raise InputError(f"{where}: there are no queries or no metrics")
    seen = (scores.values.shape, scores.chance.shape)
    rows = {len(scores.units), len(scores.relevant)}
    if seen != (shape, shape) or rows != {shape[1]}:
        raise InputError(f"{where}: one value a metric and query", expected=shape, seen=seen)
    if scores.classes is not None and len(scores.classes) != shape[1]:
        raise InputError(f"{where}: one class a query", expected=shape[1], seen=len(scores.classes))
    if len(set(scores.metrics)) != len(scores.metrics):
        raise InputError(f"{where}: a metric occurs twice")
    # Queries of one name cannot be told apart when two runs are compared.
    if len({str(query) for query in scores.queries.tolist()}) != shape[1]:
        raise InputError(f"{where}: a query occurs twice")
