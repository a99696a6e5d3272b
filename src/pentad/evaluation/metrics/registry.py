"""The metrics there are. A new one is one file here and one entry below."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from pentad.evaluation.metrics.accuracy import accuracy_at_k
from pentad.evaluation.metrics.auc import auc
from pentad.evaluation.metrics.average_precision import DENOMINATORS, Denominator, average_precision
from pentad.evaluation.metrics.first_rank import first_rank
from pentad.evaluation.metrics.hit import hit_at_k
from pentad.evaluation.metrics.mean_rank import mean_rank
from pentad.evaluation.metrics.ndcg import ndcg
from pentad.evaluation.metrics.places import Floats
from pentad.evaluation.metrics.precision import precision_at_k
from pentad.evaluation.metrics.recall import recall_at_k
from pentad.evaluation.metrics.reciprocal_rank import reciprocal_rank
from pentad.evaluation.metrics.views import Views


class Cutoff(StrEnum):
    """Whether a metric's name has ``@K``."""

    required = "required"
    optional = "optional"
    none = "none"


class Average(StrEnum):
    """How the values of the queries become one number."""

    mean = "mean"
    median = "median"


class Spec(NamedTuple):
    """What a metric is.

    Attributes:
        about: One line for people.
        cutoff: Whether its name has ``@K``.
        values: Returns float64 (queries,) for rankings, cutoff and least grade. The cutoff is given
            where it is required, may be None where it is optional, and is None where there is none.
        deep: Whether it looks at places, and without a cutoff at all of them.
        average: How its values become one number.
        higher: Whether more is better.
    """

    about: str
    cutoff: Cutoff
    values: Callable[[Views, int | None, int], Floats]
    deep: bool = False
    average: Average = Average.mean
    higher: bool = True


def _map(denominator: Denominator) -> Spec:
    divided = {
        "min_n_r": "min(K, R)", "n": "K", "r": "R", "hits": "the relevant ones found"
    }[denominator]  # fmt: skip

    def values(views: Views, k: int | None, level: int) -> Floats:
        return average_precision(views.places(level), k, denominator)

    about = f"mean average precision, divided by {divided}"
    return Spec(about, Cutoff.optional, values, deep=True)


METRICS: dict[str, Spec] = {
    "accuracy": Spec(
        "the own class is among the first K",
        Cutoff.required,
        lambda views, k, level: accuracy_at_k(views.first(level), k or 0),
    ),
    "auc": Spec(
        "area under the ROC curve",
        Cutoff.none,
        lambda views, _, level: auc(views.midranks(level)),
    ),
    "hit": Spec(
        "a relevant item is among the first K; in papers R@K",
        Cutoff.required,
        lambda views, k, level: hit_at_k(views.first(level), k or 0),
    ),
    "map": _map("min_n_r"),
    **{f"map-{name}": _map(name) for name in DENOMINATORS if name != "min_n_r"},
    "mean-rank": Spec(
        "mean rank of all relevant items, from 1",
        Cutoff.none,
        lambda views, _, level: mean_rank(views.midranks(level)),
        higher=False,
    ),
    "medr": Spec(
        "median rank of the first relevant item, from 1",
        Cutoff.none,
        lambda views, _, level: first_rank(views.first(level)),
        average=Average.median,
        higher=False,
    ),
    "mr1": Spec(
        "mean rank of the first relevant item, from 1",
        Cutoff.none,
        lambda views, _, level: first_rank(views.first(level)),
        higher=False,
    ),
    "mrr": Spec(
        "mean reciprocal rank of the first relevant item",
        Cutoff.optional,
        lambda views, k, level: reciprocal_rank(views.first(level), k),
    ),
    "ndcg": Spec(
        "graded gains, discounted by rank, as a share of the best order",
        Cutoff.optional,
        lambda views, k, level: ndcg(views.places(level), k),
        deep=True,
    ),
    "precision": Spec(
        "share of the first K that is relevant",
        Cutoff.required,
        lambda views, k, level: precision_at_k(views.places(level), k or 0),
        deep=True,
    ),
    "recall": Spec(
        "share of the relevant items that is among the first K",
        Cutoff.required,
        lambda views, k, level: recall_at_k(views.places(level), k or 0),
        deep=True,
    ),
}
ALIASES = {"R": "hit", "map-min-n-r": "map", "mnr": "mean-rank", "roc-auc": "auc"}
