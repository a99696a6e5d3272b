"""Names of metrics as people write them: ``hit@5``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.metrics.registry import METRICS

_CUTOFF = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, order=True)
class Metric:
    """One metric with its cutoff; ``str(metric)`` is the name it was read from.

    Attributes:
        name: A name in the registry, such as ``hit``.
        k: How many items are looked at, from 1.
    """

    name: str
    k: int

    def __str__(self) -> str:
        """Return the name in the grammar."""
        return f"{self.name}@{self.k}"


def parse_metric(text: str) -> Metric:
    """Return the metric that ``text`` names.

    Raises:
        UnknownName: There is no metric of that name; the message says the nearest one.
        InputError: The cutoff is absent or is not a whole number from 1.

    Examples:
        >>> parse_metric("hit@5")
        Metric(name='hit', k=5)
    """
    name, _, cutoff = text.partition("@")
    if name not in METRICS:
        raise UnknownName("metric", name, METRICS, listing="pentad list metrics")
    if not _CUTOFF.fullmatch(cutoff):
        raise InputError("not a metric", expected=f"{name}@K with K from 1", seen=repr(text))
    return Metric(name, int(cutoff))


def parse_metrics(texts: Iterable[str]) -> tuple[Metric, ...]:
    """Return the metrics that ``texts`` name, in order, each once.

    Raises:
        UnknownName: A name is not known.
        InputError: A cutoff is wrong, or no metric is asked for.
    """
    metrics = tuple(dict.fromkeys(parse_metric(text) for text in texts))
    if not metrics:
        raise InputError("no metric is asked for", expected="such as hit@5")
    return metrics
