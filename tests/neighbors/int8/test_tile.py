"""One tile and many: sums are exact, and every pair that reaches what is needed is found."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.neighbors.int8.probe import has_fast_int8

if not has_fast_int8():
    pytest.skip("this processor has no AVX-512 VNNI", allow_module_level=True)

from pentad.neighbors.int8.codes import aligned
from pentad.neighbors.int8.scan import LEAST, MOST, reach, scan
from pentad.neighbors.int8.tile import TILE_ITEMS, TILE_QUERIES, VECTORS


def tiled(rows, size, dtype):
    """Return (n, d) in the order in which tiles are read: (n / size, d / 4, size, 4)."""
    n, d = rows.shape
    made = aligned((n // size, d // 4, size, 4), dtype)
    made[:] = rows.reshape(n // size, size, d // 4, 4).transpose(0, 2, 1, 3)
    return made


def scanned(queries, items, starts, needed, room=1 << 16):
    hits = np.zeros((room, 3), np.int32)
    found = scan(
        tiled(queries, TILE_QUERIES, np.int8),
        tiled(items, TILE_ITEMS, np.uint8),
        starts.astype(np.int32),
        needed.astype(np.int32),
        aligned((TILE_QUERIES * TILE_ITEMS,), np.int32),
        np.zeros(TILE_QUERIES * VECTORS, np.uint16),
        hits,
    )
    return None if found < 0 else {(q, x): s for q, x, s in hits[:found].tolist()}


@pytest.mark.parametrize("dim", [8, 24, 512])
@pytest.mark.parametrize(("tiles", "blocks"), [(1, 1), (3, 2)])
def test_sums_are_exact(dim, tiles, blocks):
    rng = np.random.default_rng(dim + tiles)
    queries = rng.integers(-127, 128, (tiles * TILE_QUERIES, dim))
    items = rng.integers(0, 256, (blocks * TILE_ITEMS, dim))
    starts = rng.integers(-1000, 1000, len(items))
    sums = queries @ items.T + starts
    needed = np.quantile(sums, 0.8, axis=1).astype(np.int64)
    expected = {(q, x): int(sums[q, x]) for q, x in np.argwhere(sums >= needed[:, None]).tolist()}
    assert scanned(queries, items, starts, needed) == expected


def test_the_greatest_sums_do_not_overflow():
    queries = np.array([[127], [-127]] * (TILE_QUERIES // 2)).repeat(8192, axis=1)
    items = np.full((TILE_ITEMS, 8192), 255)
    starts = np.full(TILE_ITEMS, 1 << 30)
    found = scanned(queries, items, starts, np.full(TILE_QUERIES, MOST))
    assert set(found.values()) == {(1 << 30) + s * 8192 * 127 * 255 for s in (1, -1)}
    assert len(found) == TILE_QUERIES * TILE_ITEMS


def test_there_is_room_or_nothing_is_said():
    queries, items = np.zeros((TILE_QUERIES, 8), int), np.zeros((TILE_ITEMS, 8), int)
    needed, starts = np.zeros(TILE_QUERIES), np.zeros(TILE_ITEMS)
    all_of_them = TILE_QUERIES * TILE_ITEMS
    assert scanned(queries, items, starts, needed, all_of_them - 1) is None
    assert len(scanned(queries, items, starts, needed, all_of_them)) == all_of_them


@pytest.mark.parametrize(
    ("product", "expected"),
    [(7.0, 3), (-7.0, -4), (np.inf, MOST), (-np.inf, LEAST), (np.nan, LEAST), (1e300, MOST)],
)
def test_what_a_sum_must_reach(product, expected):
    assert reach(product, 2.0) == expected
