"""What directions and metrics are called in files, and the names that mteb has for the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality

if TYPE_CHECKING:
    from pentad.evaluation.metrics.grammar import Metric
    from pentad.evaluation.scores import QueryScores, Score

_BETWEEN = "_to_"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
# Equal but for ties, which mteb breaks by the ids of documents. Its MAP divides by the number of
# relevant items, and its nDCG takes the grades as gains, as ours does.
_MTEB = {
    "hit": "hit_rate_at_{k}",
    "recall": "recall_at_{k}",
    "precision": "precision_at_{k}",
    "ndcg": "ndcg_at_{k}",
    "map-r": "map_at_{k}",
    "mrr": "mrr_at_{k}",
}


def subset_of(scores: QueryScores | Score) -> str:
    """Return the key of a direction, such as ``text_to_audio``."""
    return subset_name(scores.query, scores.corpus)


def subset_name(query: Modality, corpus: Modality) -> str:
    """Return the key of the direction from one modality to another."""
    return f"{query.value}{_BETWEEN}{corpus.value}"


def modalities_of(subset: str) -> tuple[Modality, Modality]:
    """Return the modalities of queries and corpus.

    Raises:
        InputError: It is no key of a direction.
        UnknownName: A modality is not known.
    """
    query, between, corpus = subset.partition(_BETWEEN)
    if not between:
        raise InputError("not a direction", expected="such as text_to_audio", seen=repr(subset))
    return as_modality(query), as_modality(corpus)


def people_direction(subset: str) -> str:
    """Return a direction for people, such as ``text -> audio``."""
    return " -> ".join(modalities_of(subset))


def pair_of(subset: str) -> str:
    """Return the pair of modalities of a direction, whichever asks: ``text-audio``."""
    wanted = modalities_of(subset)
    return "-".join(m for m in Modality for kind in wanted if kind is m)


def mteb_name(metric: Metric) -> str | None:
    """Return what mteb calls a metric; None where it has none of equal meaning."""
    if metric.level != 1:
        return None
    if metric.name == "accuracy":
        return "accuracy" if metric.k == 1 else None
    form = _MTEB.get(metric.name)
    return None if form is None or metric.k is None else form.format(k=metric.k)


def check_task_name(name: str) -> str:
    """Return a name that can be part of a file's name.

    Raises:
        InputError: It cannot.
    """
    if not _PLAIN.fullmatch(name):
        expected = "letters, digits and . _ + -, a letter or digit first"
        raise InputError("a task cannot be called so", expected=expected, seen=repr(name))
    return name
