"""The form of ``result.json``.

    {
      "scores":      [{"query": "text", "corpus": "image", "metric": "hit@5", "value": 0.5,
                       "low": 0.4, "high": 0.6, "chance": 0.1, "n": 80, "pool": 50}, ...],
      "baselines":   {"ridge": [as in scores], "bridge": [as in scores]},
      "skipped":     [{"what": "image -> audio", "reason": "..."}, ...],
      "controls":    {"shuffled": [as in scores]},
      "differences": {"ridge": [{"query", "corpus", "metric", "value", "low", "high", "n"}, ...]},
      "directions":  {"model": [{"query", "corpus", "relevant": "caption" or "concept",
                                 "units", "excluded"}, ...], "ridge": [...], ...},
      "settings":    {...},
      "version":     1
    }

``scores`` are the model's, one a query modality, corpus modality and metric. ``directions`` says
what those nine keys do not: what makes an item relevant, how many independent units the queries
fall into, and how many queries were left out because nothing was relevant to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pentad.core.modality import Modality
from pentad.evaluation.scores import Difference, Score, Skipped

if TYPE_CHECKING:
    from pentad.evaluation.report import Report


VERSION = 1
_DETAILS = ("relevant", "units", "excluded")
_LEFT_OUT = (*_DETAILS, "macro")

Row = dict[str, Any]


def encode(report: Report) -> dict[str, Any]:
    """Return a report as plain values."""
    return {
        "scores": _score_rows(report.scores),
        "baselines": {name: _score_rows(rows) for name, rows in report.baselines.items()},
        "skipped": [asdict(skipped) for skipped in report.skipped],
        "controls": {name: _score_rows(rows) for name, rows in report.controls.items()},
        "differences": {
            name: [_plain(asdict(row)) for row in rows] for name, rows in report.differences.items()
        },
        "directions": {name: _direction_rows(rows) for name, rows in report.systems().items()},
        "settings": dict(report.settings),
        "version": VERSION,
    }


def decode(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the `Report` that ``value`` was made from.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: ``value`` has another form.
    """
    if value["version"] != VERSION:
        raise ValueError(f"version {value['version']!r}")
    details = value["directions"]
    return {
        "scores": _scores(value["scores"], details["model"]),
        "baselines": {n: _scores(rows, details[n]) for n, rows in value["baselines"].items()},
        "controls": {n: _scores(rows, details[n]) for n, rows in value["controls"].items()},
        "differences": {
            name: tuple(Difference(**_typed(row)) for row in rows)
            for name, rows in value["differences"].items()
        },
        "skipped": tuple(Skipped(**row) for row in value["skipped"]),
        "settings": value["settings"],
    }


def _score_rows(scores: Iterable[Score]) -> list[Row]:
    rows = [_plain(asdict(score)) for score in scores]
    return [{key: row[key] for key in row if key not in _LEFT_OUT} for row in rows]


def _direction_rows(scores: Iterable[Score]) -> list[Row]:
    """Return what the metrics of one direction share, once."""
    rows = {
        (score.query, score.corpus): {
            "query": score.query.value,
            "corpus": score.corpus.value,
            **{key: getattr(score, key) for key in _DETAILS},
        }
        for score in scores
    }
    return list(rows.values())


def _scores(rows: Iterable[Row], details: Iterable[Row]) -> tuple[Score, ...]:
    shared = {(row["query"], row["corpus"]): row for row in details}
    return tuple(Score(**_typed({**row, **shared[row["query"], row["corpus"]]})) for row in rows)


def _plain(row: Row) -> Row:
    return {**row, "query": row["query"].value, "corpus": row["corpus"].value}


def _typed(row: Row) -> Row:
    return {**row, "query": Modality(row["query"]), "corpus": Modality(row["corpus"])}
