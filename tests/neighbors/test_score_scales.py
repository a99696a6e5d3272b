from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.neighbors.score_scales import Scale, all_pairs_scale, pseudo_positive_scale


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_pseudo_positives_are_the_best_of_each_query():
    scale = pseudo_positive_scale([[0.9, 0.1], [0.5, 0.4]])
    assert scale == pytest.approx((0.7, 0.2))
    assert pseudo_positive_scale([[0.9, 0.1], [0.5, 0.4]], best=5).mean == pytest.approx(0.475)


def test_all_pairs_are_those_of_the_whole_matrix():
    rng = np.random.default_rng(0)
    queries, corpus = rng.normal(size=(7, 5)), rng.normal(size=(11, 5)).astype(np.float32)
    cosines = unit(queries) @ unit(corpus).T
    scale = all_pairs_scale(queries, corpus)
    assert scale == pytest.approx((cosines.mean(), cosines.std()), abs=1e-6)


def test_queries_among_the_items_do_not_count_their_cosine_with_themselves():
    rows = np.random.default_rng(0).normal(size=(6, 4))
    rows[2] = 0
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units = rows / np.where(lengths > 0, lengths, 1)
    pairs = (units @ units.T)[~np.eye(6, dtype=bool)]
    scale = all_pairs_scale(rows, rows, same=True)
    assert scale == pytest.approx((pairs.mean(), pairs.std()), abs=1e-6)


def test_equal_scores_have_no_deviation_to_divide_by():
    assert Scale(0.5, 0.0).standardize(np.array([0.5, 0.3])).tolist() == pytest.approx([0, -0.2])
    assert Scale(0.5, 0.1).standardize(np.array([0.6])).tolist() == pytest.approx([1.0])


def test_mistakes_are_refused():
    with pytest.raises(InputError, match="at least one query"):
        pseudo_positive_scale(np.empty((0, 3)))
    with pytest.raises(InputError, match="greatest of each query first"):
        pseudo_positive_scale([[0.1, 0.2]])
    with pytest.raises(InputError, match="greatest of each query first"):
        pseudo_positive_scale([[np.nan]])
    with pytest.raises(InputError, match="best"):
        pseudo_positive_scale([[0.1]], best=0)
    with pytest.raises(InputError, match="one dimension"):
        all_pairs_scale(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(InputError, match="one dimension"):
        all_pairs_scale(np.ones((1, 3)), np.ones((1, 3)), same=True)
