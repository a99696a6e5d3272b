"""What codes prove: no product lies above what its sum says, whatever the vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.neighbors.int8.probe import has_fast_int8

if not has_fast_int8():
    pytest.skip("this processor has no AVX-512 VNNI", allow_module_level=True)

from pentad.neighbors.int8.codes import SHIFT
from pentad.neighbors.int8.sides import ItemRoom, QuerySide, scale_of


def upper_bounds(queries, items, dim):
    """Return what the codes say that products are at most, pair by pair, in plain arithmetic."""
    item_mean = items[: max(1, len(items) // 2), :dim].mean(axis=0)
    scale = scale_of(items[: max(1, len(items) // 2), :dim] - item_mean)
    side = QuerySide.of(queries, dim)
    room = ItemRoom.of(item_mean, len(items))
    room.encode(items, 0, side, scale)
    block = room.finish(items, side, scale)
    q = untiled(side.codes, len(queries))
    x = untiled(block.codes, len(items))
    sums = q @ x.T + block.starts[: len(items)].astype(np.int64)
    across = queries[:, :dim].astype(np.float64) @ item_mean.astype(np.float64)
    return block.zeros(side, across)[:, None] + block.unit * sums


def untiled(codes, n):
    return codes.transpose(0, 2, 1, 3).reshape(-1, codes.shape[1] * 4)[:n].astype(np.int64)


@given(
    seed=st.integers(0, 2**32 - 1),
    dim=st.sampled_from([1, 3, 8, 33, 256]),
    extra=st.booleans(),
    offset=st.sampled_from([0.0, 1.0, 30.0]),
    size=st.sampled_from([1e-6, 1.0, 1e6]),
    outlier=st.sampled_from([1.0, 1e3]),
)
@settings(max_examples=150, deadline=None)
def test_no_product_lies_above_its_bound(seed, dim, extra, offset, size, outlier):
    rng = np.random.default_rng(seed)
    queries = (rng.normal(size=(13, dim)) + offset) * size
    items = (rng.standard_t(2, size=(70, dim)) + offset) * size
    items[3] *= outlier
    items[5] = 0
    if extra:
        queries = np.column_stack([queries, np.ones(13)])
        items = np.column_stack([items, -(items**2).sum(1) / 2])
    queries, items = queries.astype(np.float32), items.astype(np.float32)
    exact = queries.astype(np.float64) @ items.astype(np.float64).T
    bounds = upper_bounds(queries, items, dim)
    tiny = 1e-12 * np.abs(exact).max()  # float64 sums of this test are rounded, too
    assert (bounds >= exact - tiny).all()


def test_bounds_are_close_where_vectors_are_like_real_ones():
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(50, 512)).astype(np.float32) + 0.5
    items = rng.normal(size=(500, 512)).astype(np.float32) - 0.2
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    items /= np.linalg.norm(items, axis=1, keepdims=True)
    above = upper_bounds(queries, items, 512) - queries.astype(np.float64) @ items.T
    assert above.min() > 0
    assert np.median(above) < 0.02


def test_codes_miss_what_they_say():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(20, 64)).astype(np.float32)
    side = QuerySide.of(rows, 64)
    codes = untiled(side.codes, 20)
    missed = rows - side.mean - side.scale * codes
    np.testing.assert_allclose(side.losses * side.scale, np.linalg.norm(missed, axis=1), rtol=1e-3)
    np.testing.assert_allclose(side.lengths, np.linalg.norm(codes, axis=1), rtol=1e-3)
    np.testing.assert_array_equal(side.sums, codes.sum(1))
    assert SHIFT == 128
