"""A comparison for programs: rows of numbers, and everything as JSON."""

from __future__ import annotations

from math import isfinite
from typing import Any

from pentad.evaluation.results.comparison.comparison import Average, Comparison, PairTest, Row
from pentad.evaluation.results.names import pair_of
from pentad.evaluation.significance.holm import ALPHA

VERSION = 1
_AVERAGE = "average"


def flat_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return one row a run, task, direction and metric; averages behind them.

    A score that a run does not have is null, with the reason in ``status``.
    """
    rows = [
        _score(comparison, row, run)
        for row in comparison.rows
        for run in range(len(comparison.names))
    ]
    rows += [
        _average(comparison, average, run)
        for average in comparison.averages
        for run in range(len(comparison.names))
        if average.of
    ]
    return rows


def flat_schema() -> dict[str, Any]:
    """Return the types of the columns of `flat_rows`, for polars."""
    import polars as pl

    texts = dict.fromkeys(["kind", "task", "direction", "pair", "metric", "run"], pl.String)
    numbers = dict.fromkeys(["value", "low", "high", "chance", "seen"], pl.Float64)
    counts = dict.fromkeys(["n", "pool", "tasks", "of_tasks", "parameters"], pl.Int64)
    return {**texts, **numbers, **counts, "best": pl.Boolean, "status": pl.String}


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain values; what is not defined is null."""
    return {
        "version": VERSION,
        "runs": [
            {
                "name": name,
                "model": info.fingerprint,
                "spaces": dict(info.spaces),
                "parameters": info.parameters,
                "dim": info.dim,
                "encode_seconds": dict(info.encode_seconds),
            }
            for name, info in zip(comparison.names, comparison.infos, strict=True)
        ],
        "baseline": None if comparison.baseline is None else comparison.names[comparison.baseline],
        "alpha": ALPHA,
        "seed": comparison.seed,
        "scores": flat_rows(comparison),
        "averages": [
            {"name": a.name, "tasks": list(a.tasks), "of": a.of, "why": list(a.why)}
            for a in comparison.averages
        ],
        "tests": [_test(comparison, test) for test in comparison.tests],
        "families": [
            {
                "name": family.name,
                "tests": family.tests,
                "what": family.what,
                "permutations": family.permutations,
                "correction": "holm",
            }
            for family in comparison.families
        ],
        "gaps": list(comparison.gaps),
    }


def _score(comparison: Comparison, row: Row, run: int) -> dict[str, Any]:
    cell = row.cells[run]
    numbers = (None,) * 6
    if cell is not None:
        values = (cell.value, cell.low, cell.high, cell.chance)
        numbers = (*map(_plain, values), cell.n, cell.pool)  # type: ignore[assignment]
    value, low, high, chance, n, pool = numbers
    return {
        "kind": "task",
        "task": row.task,
        "direction": row.subset,
        "pair": pair_of(row.subset),
        "metric": row.metric,
        "run": comparison.names[run],
        "value": value,
        "low": low,
        "high": high,
        "chance": chance,
        "n": n,
        "pool": pool,
        "seen": row.seen[run] if row.seen else None,
        "tasks": None,
        "of_tasks": None,
        "parameters": comparison.infos[run].parameters,
        "best": comparison.best(row.name) == run,
        "status": row.missing[run] or row.unlike or "compared",
    }


def _average(comparison: Comparison, average: Average, run: int) -> dict[str, Any]:
    interval = average.intervals[run]
    value, low, high = (None,) * 3 if interval is None else map(_plain, interval)
    return {
        "kind": _AVERAGE,
        "task": None,
        "direction": None,
        "pair": average.name,
        "metric": None,
        "run": comparison.names[run],
        "value": value,
        "low": low,
        "high": high,
        "chance": None,
        "n": None,
        "pool": None,
        "seen": None,
        "tasks": len(average.tasks),
        "of_tasks": average.of,
        "parameters": comparison.infos[run].parameters,
        "best": comparison.best(average.name) == run,
        "status": "compared" if average.tasks else "no task that all runs have",
    }


def _test(comparison: Comparison, test: PairTest) -> dict[str, Any]:
    better = test.better()
    return {
        "where": test.where,
        "first": comparison.names[test.first],
        "second": comparison.names[test.second],
        "difference": _plain(test.difference.value),
        "low": _plain(test.difference.low),
        "high": _plain(test.difference.high),
        "p": test.p,
        "adjusted_p": test.adjusted,
        "better": None if better is None else comparison.names[better],
    }


def _plain(value: float) -> float | None:
    return value if isfinite(value) else None
