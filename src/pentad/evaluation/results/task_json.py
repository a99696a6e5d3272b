"""The form of ``tasks/<task>.json``: what mteb calls a TaskResult, with more under ``pentad``.

    {
      "task_name": "clotho", "dataset_revision": "<64 hex digits>", "mteb_version": null,
      "scores": {"test": [{"hf_subset": "text_to_audio", "languages": ["eng-Latn"],
                           "main_score": 0.41, "hit@5": 0.41, "hit_rate_at_5": 0.41, ...}, ...]},
      "evaluation_time": 12.5, "kg_co2_emissions": null, "date": "2026-01-01T12:00:00",
      "pentad": {
        "version": 1, "model": "<64 hex digits>", "seed": 0, "kind": "retrieval",
        "absent": {"no file": 3}, "notes": [], "templates": null,
        "directions": {"text_to_audio": {
          "n": 5225, "pool": 1045, "units": 1045, "excluded": 0, "relevant_by": "caption",
          "leaked": null, "queries": {"bytes": 1, "sha256": "..."},
          "metrics": {"hit@5": {"value": 0.41, "low": 0.39, "high": 0.43, "chance": 0.005}, ...}}}}
    }

A direction whose queries are of one class each has what every class scores as well, under
``classes``, and its metrics their mean over classes, under ``macro``:

    "metrics": {"accuracy@1": {..., "macro": {"value": 0.4, "low": 0.38, "high": 0.42}}},
    "classes": {"rain": {"n": 40, "accuracy@1": 0.55}, ...}

A metric stands under its name in Pentad's grammar, and again under mteb's where that means the
same. What is not defined is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.evaluation.intervals import Interval
from pentad.evaluation.macro import class_values
from pentad.evaluation.metrics.grammar import parse_metric
from pentad.evaluation.results.names import modalities_of, mteb_name, subset_of
from pentad.evaluation.results.task_result import TaskResult
from pentad.evaluation.scores import QueryScores, Score

if TYPE_CHECKING:
    from pentad.evaluation.results.info import RunInfo
    from pentad.evaluation.results.query_files import QueryTable

VERSION = 1
Json = dict[str, Any]


def encode_result(result: TaskResult, info: RunInfo, files: Mapping[str, Json]) -> Json:
    """Return a result with scores as plain values.

    Args:
        result: What to write; it has its scores.
        info: Of the run.
        files: Direction -> size and SHA-256 of the file of its queries.
    """
    return {
        "task_name": result.task,
        "dataset_revision": result.revision,
        "mteb_version": _mteb_version(),
        "scores": {result.split: [_mteb_scores(result, s) for s in result.directions]},
        "evaluation_time": result.seconds,
        "kg_co2_emissions": None,
        "date": result.date,
        "pentad": {
            "version": VERSION,
            "model": info.fingerprint,
            "seed": info.seed,
            "kind": result.kind,
            "absent": dict(result.absent),
            "notes": list(result.notes),
            "templates": result.templates,
            "directions": {
                key: _direction(result, key, scores, files[key])
                for key, scores in result.subsets.items()
            },
        },
    }


def metrics_of(direction: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the metrics of a direction in the file, the main one first."""
    return tuple(parse_metric(name) for name in direction["metrics"])


def decode_result(value: Mapping[str, Any], tables: Mapping[str, QueryTable]) -> TaskResult:
    """Return the result that ``value`` was made from.

    The chance of each query is not kept: every query gets their mean.

    Args:
        value: The content of the file.
        tables: Direction -> what the file of its queries holds.

    Raises:
        KeyError, TypeError, AttributeError, ValueError, PentadError: ``value`` has another form, or
            does not fit the queries.
    """
    ours = value["pentad"]
    ((split, subsets),) = value["scores"].items()
    return TaskResult(
        task=value["task_name"],
        revision=value["dataset_revision"],
        split=split,
        kind=ours["kind"],
        directions=tuple(
            _queries(key, direction, tables[key]) for key, direction in ours["directions"].items()
        ),
        scores=tuple(
            score
            for key, direction in ours["directions"].items()
            for score in _scores(key, direction)
        ),
        absent={str(reason): int(count) for reason, count in ours["absent"].items()},
        leaked={
            key: int(direction["leaked"])
            for key, direction in ours["directions"].items()
            if direction["leaked"] is not None
        },
        templates=ours["templates"],
        languages=tuple(subsets[0]["languages"]),
        seconds=value["evaluation_time"],
        date=value["date"],
        notes=tuple(ours["notes"]),
    )


def _mteb_scores(result: TaskResult, scores: QueryScores) -> Json:
    key = subset_of(scores)
    rows = [row for row in result.scores if subset_of(row) == key]
    values = {row.metric: _plain(row.value) for row in rows}
    names = {str(metric): mteb_name(metric) for metric in scores.metrics}
    same = {other: values[name] for name, other in names.items() if other is not None}
    return {
        "hf_subset": key,
        "languages": list(result.languages),
        "main_score": values[str(scores.metrics[0])],
        **values,
        **same,
    }


def _direction(result: TaskResult, key: str, scores: QueryScores, file: Json) -> Json:
    rows = [row for row in result.scores if subset_of(row) == key]
    return {
        "n": len(scores.queries),
        "pool": scores.pool,
        "units": len(np.unique(scores.units)),
        "excluded": scores.excluded,
        "relevant_by": scores.relevant_by,
        "leaked": result.leaked.get(key),
        "queries": dict(file),
        "metrics": {row.metric: _metric(row) for row in rows},
        **({} if scores.classes is None else {"classes": _classes(scores)}),
    }


def _metric(row: Score) -> Json:
    value = {name: _plain(getattr(row, name)) for name in ("value", "low", "high", "chance")}
    return value if row.macro is None else {**value, "macro": row.macro._asdict()}


def _classes(scores: QueryScores) -> Json:
    return {each.name: {"n": each.n, **each.values} for each in class_values(scores)}


def _queries(key: str, direction: Mapping[str, Any], table: QueryTable) -> QueryScores:
    query, corpus = modalities_of(key)
    if len(table.queries) != direction["n"]:
        raise ValueError(f"{key}: {direction['n']} queries expected, {len(table.queries)} found")
    chance = [_number(entry["chance"]) for entry in direction["metrics"].values()]
    return QueryScores(
        query=query,
        corpus=corpus,
        metrics=metrics_of(direction),
        values=table.values,
        chance=np.repeat(np.array(chance, np.float64)[:, None], len(table.queries), axis=1),
        queries=table.queries,
        units=table.units,
        relevant=table.relevant,
        pool=int(direction["pool"]),
        relevant_by=direction["relevant_by"],
        excluded=int(direction["excluded"]),
        classes=table.classes,
    )


def _scores(key: str, direction: Mapping[str, Any]) -> list[Score]:
    query, corpus = modalities_of(key)
    return [
        Score(
            query=query,
            corpus=corpus,
            metric=name,
            value=_number(entry["value"]),
            low=_number(entry["low"]),
            high=_number(entry["high"]),
            chance=_number(entry["chance"]),
            n=int(direction["n"]),
            pool=int(direction["pool"]),
            relevant=direction["relevant_by"],
            units=int(direction["units"]),
            excluded=int(direction["excluded"]),
            macro=Interval(**entry["macro"]) if "macro" in entry else None,
        )
        for name, entry in direction["metrics"].items()
    ]


def _plain(value: float) -> float | None:
    return value if isfinite(value) else None


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


def _mteb_version() -> str | None:
    try:
        return version("mteb")
    except PackageNotFoundError:
        return None
