"""The page as plain values, for ``report.json``: every number, every class, every pair."""

from __future__ import annotations

from math import isfinite
from typing import Any

from pentad.evaluation.page.bars import Bar
from pentad.evaluation.page.confusion import Confusion
from pentad.evaluation.page.facts import DirectionPart, Entry, Page, Shown, TaskPart
from pentad.evaluation.page.per_class import ClassScores
from pentad.evaluation.scores import Score

VERSION = 1


def page_data(page: Page) -> dict[str, Any]:
    """Return what a page shows as values that JSON can hold; what is not a number is None."""
    return {
        "version": VERSION,
        "run": page.info.to_json(),
        "notices": list(page.notices),
        "tasks": [_task(part) for part in page.tasks],
    }


def _task(part: TaskPart) -> dict[str, Any]:
    result = part.result
    return {
        "task": result.task,
        "kind": result.kind,
        "split": result.split,
        "revision": result.revision,
        "date": result.date,
        "absent": dict(result.absent),
        "notes": list(result.notes),
        "gaps": list(part.gaps),
        "directions": {way.key: _direction(way) for way in part.directions},
    }


def _direction(way: DirectionPart) -> dict[str, Any]:
    main = way.main
    return {
        "main": main.metric,
        "n": main.n,
        "units": main.units,
        "pool": main.pool,
        "excluded": main.excluded,
        "leaked": way.leaked,
        "metrics": {score.metric: _score(score) for score in way.scores},
        "first_relevant_rank": [_bar(bar) for bar in way.ranks],
        "classes": None if way.classes is None else _classes(way.classes),
        "confusion": None if way.confusion is None else _confusion(way.confusion),
        "worst": [_shown(each) for each in way.worst],
        "best": [_shown(each) for each in way.best],
        "gaps": list(way.gaps),
    }


def _score(score: Score) -> dict[str, Any]:
    names = ("value", "low", "high", "chance")
    return {name: _finite(getattr(score, name)) for name in names}


def _bar(bar: Bar) -> dict[str, Any]:
    return {"ranks": bar.label, "share": bar.value, "queries": bar.n}


def _classes(classes: ClassScores) -> dict[str, Any]:
    return {
        "metric": classes.metric,
        "chance": _finite(classes.chance),
        "interval": "Wilson, 95 %, independent items as trials",
        "asked_metric": classes.asked_metric or None,
        "without_items": classes.empty,
        "classes": [
            {
                "id": row.id,
                "name": row.label,
                "n": row.n,
                "units": row.units,
                "value": _finite(row.value),
                "low": row.low,
                "high": row.high,
                "asked": None if row.asked is None else _finite(row.asked),
            }
            for row in classes.rows
        ],
    }


def _confusion(confusion: Confusion) -> dict[str, Any]:
    """Return counts as row, column, count of every cell that is not 0."""
    return {"classes": list(confusion.rows), "cells": confusion.cells()}


def _shown(shown: Shown) -> dict[str, Any]:
    return {
        "query": _entry(shown.query),
        "value": _finite(shown.value),
        "relevant": shown.relevant,
        "margin": _finite(shown.margin),
        "margin_at_most": shown.margin_at_most,
        "hits": [
            {
                "rank": hit.rank,
                **_entry(hit.entry),
                "score": _finite(hit.score),
                "relevant": hit.relevant,
            }
            for hit in shown.hits
        ],
        "not_among_them": [_entry(entry) for entry in shown.expected],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    modality = None if entry.modality is None else entry.modality.value
    return {"id": entry.id, "modality": modality, "text": entry.text}


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None
