"""Scores of runs that somebody else ranked, against judgments: what trec_eval does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.intervals import Interval, bootstrap_means
from pentad.evaluation.metrics.grammar import Metric, parse_metrics
from pentad.evaluation.metrics.list_block import ListBlock
from pentad.evaluation.metrics.registry import Average
from pentad.evaluation.metrics.values import values_of
from pentad.evaluation.tasks.trec import Judgments, Run

_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class ListedScores:
    """Every metric of every query that has something relevant.

    Attributes:
        metrics: What the rows of ``values`` are.
        values: float64 (metrics, queries); NaN where nothing has the grade that a metric asks for.
        queries: Names of the queries.
        unranked: How many of them the run does not have; they score as empty lists.
        unjudged: How many queries of the run have nothing relevant and are left out.
        units: int64 (queries,); those to which the very same items are relevant are one unit.
    """

    metrics: tuple[Metric, ...]
    values: NDArray[np.float64]
    queries: tuple[str, ...]
    unranked: int
    unjudged: int
    units: NDArray[np.int64]

    def means(self, *, seed: int = 0) -> dict[str, Interval]:
        """Return the mean of each metric with its 95 % interval, for which units are drawn."""
        rng = generator(seed, "bootstrap", "run")
        found = bootstrap_means(self.values, self.units, rng)
        return {str(m): each for m, each in zip(self.metrics, found, strict=True)}


def score_run(judgments: Judgments, run: Run, metrics: Iterable[str]) -> ListedScores:
    """Score a run.

    A judged query that the run does not have counts as an empty list, so that leaving out hard
    queries gains nothing. Items that nobody judged are not relevant. Results are in the order of
    score, then id.

    Args:
        judgments: Grades of pairs; below 1 is not relevant.
        run: What a system returned.
        metrics: Names in the metric grammar, of those that look at the first places.

    Raises:
        InputError: No query has anything relevant, none of those that have is in the run, or a
            metric needs whole rankings.
        UnknownName: A metric is not known.
    """
    wanted = parse_metrics(metrics)
    _require_lists(wanted)
    graded = _graded(judgments)
    if not graded:
        raise InputError("nothing is judged relevant to any query")
    place = {name: row for row, name in enumerate(run.query_ids.tolist())}
    queries = tuple(graded)
    known = sum(name in place for name in queries)
    if not known:
        raise InputError(
            f"none of the {len(queries)} judged queries is in the run",
            expected=f"such as {queries[0]}",
            seen=f"such as {run.query_ids[0]}" if place else "none",
        )
    blocks = [
        _values(run, place, graded, queries[start : start + _BLOCK], wanted)
        for start in range(0, len(queries), _BLOCK)
    ]
    return ListedScores(
        wanted,
        np.concatenate(blocks, axis=1),
        queries,
        len(queries) - known,
        len(place) - known,
        _units(graded),
    )


def _units(graded: dict[str, dict[str, int]]) -> NDArray[np.int64]:
    code: dict[frozenset[str], int] = {}
    return np.array([code.setdefault(frozenset(own), len(code)) for own in graded.values()])


def _values(
    run: Run,
    place: dict[str, int],
    graded: dict[str, dict[str, int]],
    queries: Sequence[str],
    metrics: tuple[Metric, ...],
) -> NDArray[np.float64]:
    lists = [
        [graded[name].get(item, 0) for item in run.of(place[name])[0].tolist()]
        if name in place
        else []
        for name in queries
    ]
    judged = [np.array(list(graded[name].values()), np.int64) for name in queries]
    # Lists that are shorter than others, or than the best list there could be, have empty places.
    depth = max(1, *map(len, lists), *map(len, judged))
    found = np.full((len(lists), depth), -1, np.int64)
    for row, own in enumerate(lists):
        found[row, : len(own)] = own
    values = values_of(ListBlock(found, judged), metrics)
    best = np.array([own.max() for own in judged])
    levels = np.array([metric.level for metric in metrics])
    return np.where(best >= levels[:, None], values, np.nan)


def _graded(judgments: Judgments) -> dict[str, dict[str, int]]:
    """Return query -> item -> grade of what is relevant."""
    graded: dict[str, dict[str, int]] = {}
    pairs = zip(
        judgments.query_ids.tolist(),
        judgments.item_ids.tolist(),
        judgments.grades.tolist(),
        strict=True,
    )
    for query, item, grade in pairs:
        if grade > 0:
            graded.setdefault(query, {})[item] = grade
    return graded


def _require_lists(metrics: Sequence[Metric]) -> None:
    for metric in metrics:
        ranks = metric.name in {"mr1", "mean-rank", "auc"} or metric.spec.average is Average.median
        if ranks:
            raise InputError(
                f"{metric} needs the rank of every relevant item, which lists do not tell",
                expected="a metric that looks at the first places, such as map@10 or mrr",
            )
