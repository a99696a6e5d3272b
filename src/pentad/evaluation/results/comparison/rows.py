"""From runs to rows: the same task, direction and metric of every run, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.metrics.grammar import Metric, parse_metric
from pentad.evaluation.metrics.registry import Average
from pentad.evaluation.results.comparison.comparison import Row
from pentad.evaluation.results.store import Run
from pentad.evaluation.significance.aligned import aligned

if TYPE_CHECKING:
    from pentad.evaluation.results.task_result import TaskResult
    from pentad.evaluation.scores import QueryScores


@dataclass(frozen=True, eq=False)
class RowValues:
    """A row, and the values behind it of those runs that have it.

    Attributes:
        row: For people.
        runs: Numbers of the runs that have it.
        values: float64 (those runs, queries), queries without a defined value left out; None where
            they cannot be compared.
        units: int64 (queries,).
        median: Whether the metric is a median over queries.
    """

    row: Row
    runs: tuple[int, ...]
    values: NDArray[np.float64] | None
    units: NDArray[np.int64] | None
    median: bool


def gather_rows(runs: Sequence[Run], metric: str | None) -> list[RowValues]:
    """Return one row for every task and direction that any run has, tasks by name.

    Args:
        runs: At least one.
        metric: Name in the metric grammar; None for the main one of each direction, as the first
            run says that has it.

    Raises:
        InputError: No run has that metric anywhere; the message lists those that some run has.
        UnknownName: There is no such metric.
    """
    wanted = None if metric is None else parse_metric(metric)
    rows = []
    for task in sorted({name for run in runs for name in run.tasks}):
        results = [run.tasks.get(task) for run in runs]
        for subset in dict.fromkeys(key for r in results if r for key in r.subsets):
            rows.append(_row(results, subset, wanted))
    if wanted is not None and not any(cell for r in rows for cell in r.row.cells):
        known = {
            str(m) for run in runs for r in run.results for d in r.directions for m in d.metrics
        }
        raise InputError(
            f"no run has the metric {wanted}", expected=", ".join(sorted(known)) or "any result"
        )
    return rows


def _row(results: Sequence[TaskResult | None], subset: str, wanted: Metric | None) -> RowValues:
    there = [result.subsets.get(subset) if result else None for result in results]
    main = next(scores.metrics[0] for scores in there if scores is not None)
    metric = wanted or main
    name = next(result.task for result in results if result)
    missing = tuple(_missing(r, s, metric) for r, s in zip(results, there, strict=True))
    cells = tuple(
        None if why or result is None else result.score(subset, str(metric))
        for why, result in zip(missing, results, strict=True)
    )
    shown = [(r, s) for r, s, why in zip(results, there, missing, strict=True) if not why]
    values, units, unlike = _together(
        [r for r, _ in shown if r], [s for _, s in shown if s], metric
    )
    seen = tuple(_seen(result, subset) for result in results)
    row = Row(name, subset, str(metric), metric.spec.higher, cells, missing, unlike, seen)
    having = tuple(number for number, why in enumerate(missing) if not why)
    return RowValues(row, having, values, units, metric.spec.average is Average.median)


def _seen(result: TaskResult | None, subset: str) -> float | None:
    if result is None or subset not in result.leaked:
        return None
    return result.leaked[subset] / len(result.subsets[subset].queries)


def _missing(result: TaskResult | None, scores: QueryScores | None, metric: Metric) -> str:
    if result is None:
        return "no result"
    if scores is None:
        return "not in this direction"
    return "" if metric in scores.metrics else f"no {metric}"


def _together(
    results: Sequence[TaskResult], scores: Sequence[QueryScores], metric: Metric
) -> tuple[Any, Any, str]:
    """Return values (runs, queries) and units; or None twice, and why."""
    if not scores:
        return None, None, ""
    for what in ("revision", "split", "templates"):
        seen = list(dict.fromkeys(getattr(result, what) for result in results))
        if len(seen) > 1:
            said = " and ".join(str(value)[:12] for value in seen)
            return None, None, f"other {what}s of the task: {said}"
    try:
        found = aligned([_only(each, metric) for each in scores])
    except InputError as error:
        return None, None, str(error)
    values = np.concatenate([each.values for each in found])
    defined = ~np.isnan(values[0])
    values, units = values[:, defined], found[0].units[defined]
    if not values.shape[1] or not np.isfinite(values).all():
        return None, None, "no query has a finite value"
    return values, units, ""


def _only(scores: QueryScores, metric: Metric) -> QueryScores:
    from dataclasses import replace

    row = [scores.metrics.index(metric)]
    return replace(scores, metrics=(metric,), values=scores.values[row], chance=scores.chance[row])
