"""`SimilarityReport`: the means of every metric by query, class and family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pentad.core.errors import InputError
from pentad.evaluation.intervals import RESAMPLES, Interval
from pentad.evaluation.metrics.grammar import Metric, parse_metrics
from pentad.evaluation.metrics.registry import Average
from pentad.evaluation.similarity.averages import Averages, averages
from pentad.evaluation.similarity.judge import Judged
from pentad.evaluation.similarity.labels import Families

DEFAULT_METRICS = ("map@15", "mr1")


@dataclass(frozen=True, eq=False)
class SimilarityReport:
    """How well similarity finds what has the same labels.

    Attributes:
        averages: Metric -> its means.
        judged: The values behind them, one a query.
        empty_families: Families of which no label occurs.
        settings: What the scores depend on, as plain values.
    """

    averages: Mapping[Metric, Averages]
    judged: Judged
    empty_families: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        r"""Return the report as plain values.

        {"map@15": {"micro": 0.33, "macro": 0.31, "class": {"Dog": 0.4, "Gong": null, ...},
                    "family": {"Animal": 0.4, ...},
                    "interval": {"micro": [low, high], "macro": [...], "class": {"Dog": [...]},
                                 "family": {...}},
                    "n": {"queries": 200, "left_out": 0, "class": {"Dog": 38, ...}}}, ...}

        What is not defined is null.
        """
        return {str(metric): _json(found) for metric, found in self.averages.items()}


def summarize_similarity(
    judged: Judged,
    families: Families | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    settings: Mapping[str, Any] | None = None,
) -> SimilarityReport:
    """Return the means of what was judged, with 95 % intervals."""
    found = averages(judged, families, seed=seed, resamples=resamples)
    empty = () if families is None else families.empty
    return SimilarityReport(found, judged, empty, {**(settings or {}), "seed": seed})


def similarity_metrics(names: Sequence[str]) -> tuple[Metric, ...]:
    """Return the metrics that ``names`` name.

    Raises:
        UnknownName: A name is not known.
        InputError: It is a median, of which there are no class means, or asks for a grade.
    """
    metrics = parse_metrics(names or DEFAULT_METRICS)
    for metric in metrics:
        if metric.spec.average is Average.median:
            raise InputError(f"{metric} is a median, of which no class means are taken; use mr1")
        if metric.level != 1:
            raise InputError("shared labels have no grades", expected="a metric without -l")
    return metrics


def _json(found: Averages) -> dict[str, Any]:
    return {
        "micro": _value(found.micro),
        "macro": _value(found.macro),
        "class": {name: _value(each) for name, each in found.classes.items()},
        "family": {name: _value(each) for name, each in found.families.items()},
        "interval": {
            "micro": _ends(found.micro),
            "macro": _ends(found.macro),
            "class": {name: _ends(each) for name, each in found.classes.items()},
            "family": {name: _ends(each) for name, each in found.families.items()},
        },
        "n": {
            "queries": found.queries,
            "left_out": found.left_out,
            "class": dict(found.clips),
        },
    }


def _value(found: Interval | None) -> float | None:
    return None if found is None else found.value


def _ends(found: Interval | None) -> list[float] | None:
    return None if found is None else [found.low, found.high]
