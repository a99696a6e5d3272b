"""Names of metrics as people write them: ``hit@5``, ``map@15``, ``mr1``, ``hit@5-l2``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.metrics.registry import ALIASES, METRICS, Cutoff, Spec

_NUMBER = "[1-9][0-9]{0,8}"
_NAME = re.compile(rf"(?P<name>[^@]*?)(@(?P<k>.*?))?(-l(?P<level>{_NUMBER}))?")
_CUTOFF = re.compile(_NUMBER)
_FORMS = {
    Cutoff.required: "{0}@K with K from 1",
    Cutoff.optional: "{0}, or {0}@K with K from 1",
    Cutoff.none: "{0}, which has no cutoff",
}


@dataclass(frozen=True)
class Metric:
    """One metric with its cutoff; ``str(metric)`` is its name in the grammar.

    Attributes:
        name: A name in the registry, such as ``hit``.
        k: How many items are looked at, from 1; None where all are.
        level: The least grade that counts as relevant, from 1.
    """

    name: str
    k: int | None = None
    level: int = 1

    def __str__(self) -> str:
        """Return the name in the grammar."""
        cutoff = "" if self.k is None else f"@{self.k}"
        return f"{self.name}{cutoff}" + (f"-l{self.level}" if self.level > 1 else "")

    def __lt__(self, other: Metric) -> bool:
        """Order by name, cutoff and grade; without a cutoff comes last."""
        return self._key < other._key

    @property
    def _key(self) -> tuple[str, float, int]:
        return self.name, float("inf") if self.k is None else self.k, self.level

    @property
    def spec(self) -> Spec:
        """What the registry says of it."""
        return METRICS[self.name]


def parse_metric(text: str) -> Metric:
    """Return the metric that ``text`` names.

    Args:
        text: ``NAME``, ``NAME@K``, each also with ``-lG`` for the least grade that counts. ``R@5``
            is ``hit@5``.

    Raises:
        UnknownName: There is no metric of that name; the message says the nearest one.
        InputError: The cutoff is absent, is not a whole number from 1, or is none too many.

    Examples:
        >>> parse_metric("hit@5")
        Metric(name='hit', k=5, level=1)
    """
    found = _NAME.fullmatch(text)
    name = "" if found is None else found["name"]
    name = ALIASES.get(name, name)
    if found is None or name not in METRICS:
        raise UnknownName("metric", name or text, METRICS, listing="pentad list metrics")
    cutoff, form = found["k"], METRICS[name].cutoff
    wrong = cutoff is not None and not _CUTOFF.fullmatch(cutoff)
    excess = cutoff is not None and form is Cutoff.none
    if wrong or excess or (cutoff is None and form is Cutoff.required):
        raise InputError("not a metric", expected=_FORMS[form].format(name), seen=repr(text))
    return Metric(name, None if cutoff is None else int(cutoff), int(found["level"] or 1))


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
