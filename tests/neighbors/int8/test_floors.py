"""Pairs that reach known products, against all products."""

import numpy as np
import pytest

from pentad.neighbors.int8.floors import FloorSearch
from pentad.neighbors.int8.probe import has_fast_int8

pytestmark = pytest.mark.skipif(not has_fast_int8(), reason="no AVX-512 VNNI")


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("further", [0, 1])
@pytest.mark.parametrize(("queries", "items", "dim"), [(1, 1, 3), (700, 130, 40), (2000, 65, 520)])
def test_no_pair_that_reaches_the_floor_is_left_out(queries, items, dim, further):
    rng = np.random.default_rng(dim)
    center = rng.standard_normal(dim)
    left, right = (unit(center + rng.standard_normal((n, dim))) for n in (queries, items))
    left = np.column_stack([left, np.ones((queries, further), np.float32)])
    right = np.column_stack([right, rng.standard_normal((items, further)).astype(np.float32)])
    products = left.astype(float) @ right.astype(float).T
    floors = np.quantile(products, 0.98, axis=1) + 1e-5 * rng.standard_normal(queries)
    q, x = FloorSearch(right, dim, 1.0).pairs(left, floors)
    found = np.zeros(products.shape, dtype=int)
    np.add.at(found, (q, x), 1)
    assert found.max(initial=0) <= 1
    assert (found[products >= floors[:, None] + 1e-6] == 1).all()
    assert (found[products < floors[:, None] - 1e-6] == 0).all()


def test_floors_may_be_infinite():
    rows = unit(np.random.default_rng(0).standard_normal((20, 8)))
    floors = np.where(np.arange(20) < 5, -np.inf, 3.0)
    q, x = FloorSearch(rows, 8, 1.0).pairs(rows, floors)
    assert sorted(zip(q.tolist(), x.tolist(), strict=True)) == [
        (i, j) for i in range(5) for j in range(20)
    ]


def test_too_many_pairs_are_said():
    rows = unit(np.random.default_rng(0).standard_normal((2000, 8)))
    assert FloorSearch(rows, 8, 0.0).pairs(rows, np.full(2000, -1.0)) is None
