"""Merging against a sort of everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.neighbors.merge import merge_top_k


def ranked(rows, scores):
    """Sort each query's pairs, and take all of them."""
    order = np.lexsort((rows, -scores), axis=1)
    return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)


@st.composite
def lists(draw, parts):
    """Draw disjoint lists of the same queries, full of ties."""
    queries = draw(st.integers(0, 4))
    widths = draw(st.lists(st.integers(0, 6), min_size=parts, max_size=parts))
    total = sum(widths)
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    high = draw(st.sampled_from([10, 2**62]))
    ids = np.array([rng.permutation(total) for _ in range(queries)], dtype=np.int64)
    ids = ids.reshape(queries, total) * (high // 10) - draw(st.sampled_from([0, 3]))
    scores = rng.integers(-2, 3, (queries, total)) / 2
    cuts = np.cumsum(widths)[:-1]
    pairs = zip(np.split(ids, cuts, axis=1), np.split(scores, cuts, axis=1), strict=True)
    return [ranked(rows, values) for rows, values in pairs]


def expected(parts, k):
    rows, scores = (np.concatenate(column, axis=1) for column in zip(*parts, strict=True))
    rows, scores = ranked(rows, scores)
    return rows[:, :k], scores[:, :k]


def check(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@settings(deadline=None)
@given(parts=lists(2), k=st.integers(1, 14))
def test_merging_is_sorting_and_cutting(parts, k):
    check(merge_top_k(*parts, k), expected(parts, k))
    check(merge_top_k(*parts[::-1], k), expected(parts, k))


@settings(deadline=None)
@given(parts=lists(3), k=st.integers(1, 20))
def test_any_tree_gives_the_same(parts, k):
    a, b, c = parts
    left = merge_top_k(merge_top_k(a, b, k), c, k)
    right = merge_top_k(a, merge_top_k(b, c, k), k)
    check(left, right)
    check(left, expected(parts, k))


def test_zero_and_minus_zero_are_a_tie():
    left = np.array([[5]]), np.array([[0.0]])
    right = np.array([[2]]), np.array([[-0.0]])
    rows, scores = merge_top_k(left, right, 2)
    assert rows.tolist() == [[2, 5]]
    assert np.signbit(scores).tolist() == [[True, False]]


def test_lists_that_are_views_are_taken():
    rows, scores = np.arange(12).reshape(3, 4), -np.arange(12.0).reshape(3, 4)
    merged = merge_top_k((rows[:, ::2], scores[:, ::2]), (rows[:, 1::2], scores[:, 1::2]), 4)
    check(merged, (rows, scores))


def test_what_does_not_fit_is_refused():
    one = np.zeros((2, 1), np.int64), np.zeros((2, 1))
    with pytest.raises(InputError, match="k must be at least 1; got 0"):
        merge_top_k(one, one, 0)
    with pytest.raises(InputError, match="one length; expected 2, got 1"):
        merge_top_k(one, (one[0][:1], one[1][:1]), 1)
    with pytest.raises(InputError, match="one shape"):
        merge_top_k(one, (one[0], one[1][:1]), 1)
