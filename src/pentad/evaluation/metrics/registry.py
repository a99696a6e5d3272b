"""The metrics there are. A new one is one file here and one line below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.metrics.hit import hit_chance, hit_values

if TYPE_CHECKING:
    from pentad.evaluation.metrics.relevance import Relevance


class ValueFunction(Protocol):
    """Scores a block of queries for several cutoffs at once."""

    def __call__(
        self, scores: NDArray[Any], relevance: Relevance, ks: Sequence[int], /
    ) -> NDArray[np.float64]:
        """Return float64 (ks, queries) for ``scores`` (queries, corpus rows)."""


class ChanceFunction(Protocol):
    """Says what a random order of the corpus would score."""

    def __call__(
        self, corpus_size: int, relevant: NDArray[np.int64], ks: Sequence[int], /
    ) -> NDArray[np.float64]:
        """Return float64 (ks, queries); ``relevant`` (queries,) counts the relevant items."""


class MetricFunctions(NamedTuple):
    """What a metric has to bring."""

    values: ValueFunction
    chance: ChanceFunction


METRICS: dict[str, MetricFunctions] = {
    "hit": MetricFunctions(hit_values, hit_chance),
}
