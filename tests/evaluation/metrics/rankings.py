"""Small rankings with ties, and every metric of them by the definition itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np
from hypothesis import strategies as st

from pentad.evaluation.metrics.relevance import Relevance


@dataclass(frozen=True)
class Ranking:
    """Scores of one query, and the grades of the items; 0 is not relevant."""

    scores: tuple[float, ...]
    grades: tuple[int, ...]

    @property
    def relevance(self) -> Relevance:
        rows = np.flatnonzero(self.grades)
        return Relevance.from_pairs(
            np.zeros(len(rows), int),
            rows,
            queries=1,
            corpus_size=len(self.scores),
            grades=np.array(self.grades)[rows],
        )

    @property
    def matrix(self) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([self.scores])

    def orders(self, ties: str) -> list[tuple[int, ...]]:
        items = range(len(self.scores))
        if ties == "id":
            return [tuple(sorted(items, key=lambda item: (-self.scores[item], item)))]
        return [
            order
            for order in permutations(items)
            if all(self.scores[a] >= self.scores[b] for a, b in pairwise(order))
        ]

    def mean(self, of: Callable[[Sequence[int]], float], ties: str) -> float:
        """Return the mean of a metric of the grades in order of rank, over all orders of ties."""
        found = [of([self.grades[item] for item in order]) for order in self.orders(ties)]
        return math.fsum(found) / len(found)


@st.composite
def rankings(draw: st.DrawFn, items: int = 6, grades: int = 1, relevant: int = 1) -> Ranking:
    size = draw(st.integers(max(relevant, 1), items))
    scores = draw(st.lists(st.sampled_from([-1.0, 0.25, 1.0]), min_size=size, max_size=size))
    levels = draw(st.lists(st.integers(0, grades), min_size=size, max_size=size))
    if relevant and not any(levels):
        levels[draw(st.integers(0, size - 1))] = 1
    return Ranking(tuple(scores), tuple(levels))


def hit(grades: Sequence[int], k: int) -> float:
    return float(any(grades[:k]))


def precision(grades: Sequence[int], k: int) -> float:
    return sum(g > 0 for g in grades[:k]) / k


def recall(grades: Sequence[int], k: int) -> float:
    total = sum(g > 0 for g in grades)
    return sum(g > 0 for g in grades[:k]) / total if total else 0.0


def average_precision(grades: Sequence[int], k: int, denominator: str) -> float:
    hits, total = 0, 0.0
    for place, grade in enumerate(grades[:k], 1):
        if grade > 0:
            hits += 1
            total += hits / place
    relevant = sum(g > 0 for g in grades)
    whole = {"n": k, "r": relevant, "min_n_r": min(k, relevant), "hits": hits}[denominator]
    return total / whole if whole else 0.0


def first(grades: Sequence[int]) -> float:
    return next((float(place) for place, g in enumerate(grades, 1) if g > 0), math.inf)


def reciprocal(grades: Sequence[int], k: int) -> float:
    return 1 / first(grades) if first(grades) <= k else 0.0


def ranks(grades: Sequence[int]) -> float:
    found = [place for place, g in enumerate(grades, 1) if g > 0]
    return sum(found) / len(found) if found else math.inf


def gain(grades: Sequence[int], k: int) -> float:
    best = sorted(grades, reverse=True)
    ideal = _discounted(best, k)
    return _discounted(grades, k) / ideal if ideal else 0.0


def area(grades: Sequence[int]) -> float:
    pairs = [(a > 0, b > 0) for i, a in enumerate(grades) for b in grades[i + 1 :]]
    right, wrong = pairs.count((True, False)), pairs.count((False, True))
    return right / (right + wrong)


def _discounted(grades: Sequence[int], k: int) -> float:
    return sum(g / math.log2(place + 1) for place, g in enumerate(grades[:k], 1))
