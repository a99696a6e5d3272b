import math
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.metrics.chance import chance_of_hit
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.metrics.values import chance_values, metric_values


def hit_at_k(scores: NDArray[Any], relevance: Relevance, k: int) -> NDArray[np.float64]:
    values: NDArray[np.float64] = metric_values(scores, relevance, [f"hit@{k}"], ties="expected")[0]
    return values


def one(scores: list[float], relevant: list[int], k: int) -> float:
    relevance = Relevance.from_rows([0, len(relevant)], relevant, corpus_size=len(scores))
    return float(hit_at_k(np.array([scores]), relevance, k)[0])


def enumerated(scores: list[float], relevant: list[int], k: int) -> float:
    """The mean over all orders of the items that sort the scores: ties in every order."""
    sorted_orders = [
        order
        for order in permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    hits = [bool(set(order[:k]) & set(relevant)) for order in sorted_orders]
    return sum(hits) / len(hits)


@st.composite
def queries(draw: st.DrawFn, items: int = 5) -> tuple[list[float], list[int]]:
    scores = draw(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=1, max_size=items))
    rows = st.integers(0, len(scores) - 1)
    return scores, draw(st.lists(rows, min_size=1, max_size=len(scores), unique=True))


@pytest.mark.parametrize(
    ("scores", "relevant", "k", "expected"),
    [
        ([0.9, 0.8, 0.7], [1], 1, 0.0),
        ([0.9, 0.8, 0.7], [1], 2, 1.0),
        ([0.9, 0.8, 0.7], [1, 2], 2, 1.0),
        ([0.9, 0.9, 0.1], [1], 1, 0.5),  # two tied for one place
        ([0.9, 0.5, 0.5, 0.5], [1, 2], 2, 2 / 3),  # three tied for one place, two relevant
        ([0.5, 0.5, 0.5, 0.5], [0, 3], 2, 5 / 6),  # one of the six pairs misses
        ([0.9, 0.5, 0.5, 0.1], [1, 3], 3, 1.0),  # the tie fits whole
        ([0.9, 0.8, 0.5, 0.5], [3], 2, 0.0),  # the tie begins after the k
        ([0.1, 0.2], [0], 10, 1.0),  # k beyond the corpus
        ([-np.inf, -np.inf], [0], 1, 0.5),
    ],
)
def test_hit_by_hand(scores: list[float], relevant: list[int], k: int, expected: float) -> None:
    assert one(scores, relevant, k) == pytest.approx(expected, abs=1e-15)


@given(queries(), st.integers(1, 6))
def test_hit_is_the_mean_over_all_orders_of_ties(query: tuple[Any, Any], k: int) -> None:
    assert one(*query, k) == pytest.approx(enumerated(*query, k), abs=1e-12)


@given(queries(items=12), st.integers(1, 11))
def test_hit_lies_between_0_and_1_and_never_falls_with_k(query: tuple[Any, Any], k: int) -> None:
    assert 0.0 <= one(*query, k) <= one(*query, k + 1) + 1e-12 <= 1.0 + 1e-12


@given(queries(items=12), st.integers(1, 12), st.data())
def test_the_order_of_the_corpus_changes_nothing(
    query: tuple[Any, Any], k: int, data: st.DataObject
) -> None:
    scores, relevant = query
    order = data.draw(st.permutations(range(len(scores))))
    moved = [scores[i] for i in order]
    assert one(moved, [order.index(row) for row in relevant], k) == one(scores, relevant, k)


@given(queries(items=12), st.integers(1, 12), st.sampled_from([1e-9, 0.37, 4.0, 1e9]))
def test_scaling_the_scores_changes_nothing(query: tuple[Any, Any], k: int, scale: float) -> None:
    scores, relevant = query
    assert one([scale * score for score in scores], relevant, k) == one(scores, relevant, k)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 5, 50])
def test_constant_scores_give_exactly_the_chance_level(dtype: type, k: int) -> None:
    relevance = Relevance.from_rows([0, 1, 4, 24], np.r_[0, 1:4, 10:30], corpus_size=30)
    found = hit_at_k(np.full((3, 30), 0.3, dtype), relevance, k)
    np.testing.assert_array_equal(found, chance_of_hit(30, relevance.sizes, k))
    np.testing.assert_array_equal(found, chance_values(relevance, [f"hit@{k}"])[0])


def test_a_perfect_ranking_gives_1() -> None:
    relevance = Relevance.from_groups([0, 1, 2], [0, 0, 1, 2])
    scores = np.array([[9, 8, 1, 1], [1, 2, 3, 1], [0, 0, 0, 5]], np.float32)
    np.testing.assert_array_equal(hit_at_k(scores, relevance, 1), [1, 1, 1])


def test_shared_and_separate_sets_agree_with_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(40, 25)).round(1)
    groups, corpus = rng.integers(0, 5, 40), np.arange(25) % 5
    found = hit_at_k(scores, Relevance.from_groups(groups, corpus), 3)
    for row, group, value in zip(scores, groups, found, strict=True):
        mine = row[corpus == group]
        above = (row > mine.max()).sum()
        tied, good = (row == mine.max()).sum(), (mine == mine.max()).sum()
        slots = int(np.clip(3 - above, 0, tied))
        assert value == pytest.approx(1 - math.comb(tied - good, slots) / math.comb(tied, slots))


def test_no_queries_give_no_values() -> None:
    relevance = Relevance.from_rows([0], [], corpus_size=4)
    assert hit_at_k(np.empty((0, 4)), relevance, 1).shape == (0,)


def test_nothing_relevant_is_no_hit() -> None:
    relevance = Relevance.from_rows([0, 1, 1], [0], corpus_size=2)
    np.testing.assert_array_equal(
        hit_at_k(np.array([[1.0, 0.0], [1.0, 0.0]]), relevance, 1), [1, 0]
    )


def test_wrong_input_is_refused() -> None:
    first = Relevance.from_rows([0, 1], [0], corpus_size=2)
    with pytest.raises(InputError, match="do not fit"):
        hit_at_k(np.zeros((1, 3)), first, 1)
    with pytest.raises(InputError, match="NaN"):
        hit_at_k(np.array([[0.0, np.nan]]), first, 1)
