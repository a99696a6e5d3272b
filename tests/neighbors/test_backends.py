"""What every way of searching must do: exact, lists of codes, graphs."""

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.neighbors.approximate.search import ApproximateSearch
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import METRICS, get_metric
from tests.every_metric import COSINE_AND_SLOW_OTHERS

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

BACKENDS = ("exact", "ivf", "hnsw", "hnsw-flat")
ITEMS, DIM, K = 3000, 23, 8


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def clustered(items, dim, seed=0):
    """Return items in clusters that share an offset."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((40, dim))
    rows = centers[rng.integers(40, size=items)] + 0.4 * rng.standard_normal((items, dim))
    return unit(rows + 0.5).astype(np.float32)


def away(items, count, seed=1):
    """Return queries that point to an item by 0.4, and otherwise where no item lies."""
    rng = np.random.default_rng(seed)
    picked = items[rng.choice(len(items), count)].astype(np.float64)
    offset, own = rng.standard_normal((1, items.shape[1])), rng.standard_normal(picked.shape)
    return (0.4 * picked + 0.6 * unit(offset) + 0.6 * unit(own)).astype(np.float32)


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def searcher(backend, items, queries=None, metric="cosine", k=K, recall=0.9, **options):
    """Return something to search; approximate ones are tuned to the queries."""
    if backend == "exact":
        return ExactSearch(items, get_metric(metric))
    made = ApproximateSearch.build(items, get_metric(metric), backend=backend, **options)
    made.tune(items[:200] if queries is None else queries, k, recall)
    return made


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_recall_on_queries_unlike_the_items_is_what_was_stated(backend, metric):
    items = clustered(ITEMS, DIM)
    queries = away(items, 600)
    exact = ExactSearch(items, get_metric(metric)).search(queries, K)[1]
    rows, scores = searcher(backend, items, queries, metric, recall=0.9).search(queries, K)
    assert rows.shape == scores.shape == (600, K)
    assert (scores >= exact[:, -1:]).mean() >= 0.9
    assert (np.diff(scores) <= 0).all()
    assert all(len(set(line)) == K for line in rows.tolist())


@pytest.mark.parametrize("metric", COSINE_AND_SLOW_OTHERS)
def test_scores_are_those_of_exact_search_to_the_bit(backend, metric):
    items = clustered(ITEMS, DIM).astype(np.float16)
    queries = away(items, 100).astype(np.float16)
    rows, scores = searcher(backend, items, queries, metric).search(queries, K)
    all_rows, all_scores = ExactSearch(items, get_metric(metric)).search(queries, len(items))
    order = np.argsort(all_rows, axis=1)
    by_row = np.take_along_axis(all_scores, order, 1)
    np.testing.assert_array_equal(scores, np.take_along_axis(by_row, rows, 1))


@pytest.mark.parametrize("k", [1, 5, 40, ITEMS // 2])
def test_any_k_up_to_half_the_items(backend, k):
    items = clustered(ITEMS, DIM)
    rows, scores = searcher(backend, items).search(items[:20], k)
    assert rows.shape == (20, k)
    assert rows.min() >= 0
    assert all(len(set(line)) == k for line in rows.tolist())
    np.testing.assert_allclose(scores[:, 0], 1)


@pytest.mark.parametrize("metric", COSINE_AND_SLOW_OTHERS)
def test_all_items_can_be_asked_for(backend, metric):
    items = clustered(1500, 6)
    found = searcher(backend, items, metric=metric).search(items[:3], len(items))
    expected = ExactSearch(items, get_metric(metric)).search(items[:3], len(items))
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_equal_items_come_in_row_order(backend):
    items = np.repeat(clustered(300, DIM), 5, axis=0)
    rows, scores = searcher(backend, items, recall=0.8).search(items[::5], 5)
    tied = scores[:, :-1] == scores[:, 1:]
    assert tied.any()
    assert (rows[:, 1:] > rows[:, :-1])[tied].all()


def test_only_equal_items(backend):
    items = np.ones((1200, DIM), np.float32)
    rows, scores = searcher(backend, items).search(items[:30], 4)
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(scores, np.ones((30, 4)))


def test_one_item(backend):
    items = np.array([[3.0, 4.0]], np.float32)
    rows, scores = searcher(backend, items, k=1).search(np.array([[4, 3]], np.float32), 1)
    assert rows.tolist() == [[0]]
    np.testing.assert_allclose(scores, [[24 / 25]])


@pytest.mark.parametrize("metric", COSINE_AND_SLOW_OTHERS)
def test_zero_vectors(backend, metric):
    items = clustered(ITEMS, DIM)
    items[::7] = 0
    queries = np.concatenate([away(items, 60), np.zeros((2, DIM), np.float32)])
    rows, scores = searcher(backend, items, queries, metric).search(queries, K)
    assert np.isfinite(scores).all()
    if metric != "euclidean":
        np.testing.assert_array_equal(scores[-2:], 0)
    elif backend == "exact":
        assert (rows[-1] % 7 == 0).all()


def test_float16_and_memory_maps_give_what_arrays_give(backend, tmp_path):
    items = clustered(ITEMS, DIM).astype(np.float16)
    np.save(tmp_path / "items.npy", items)
    mapped = np.load(tmp_path / "items.npy", mmap_mode="r")
    queries = away(items, 100)
    held = searcher(backend, items, queries).search(queries, K)
    for one, other in zip(held, searcher(backend, mapped, queries).search(queries, K), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_queries(backend):
    items = clustered(ITEMS, DIM)
    rows, scores = searcher(backend, items).search(items[:0], K)
    assert rows.shape == scores.shape == (0, K)


def test_threads_and_repetition_change_nothing(backend, monkeypatch):
    import faiss

    monkeypatch.setattr("pentad.neighbors.approximate.base.QUERY_BLOCK", 100)
    items = clustered(ITEMS, DIM)
    queries = away(items, 700)
    results, before = [], faiss.omp_get_max_threads()
    try:
        for threads in (1, 3, 1):
            faiss.omp_set_num_threads(threads)
            results.append(
                searcher(backend, items, queries, seed=5).search(queries, K)
                if backend != "exact"
                else searcher(backend, items).search(queries, K)
            )
    finally:
        faiss.omp_set_num_threads(before)
    for rows, scores in results[1:]:
        np.testing.assert_array_equal(rows, results[0][0])
        np.testing.assert_array_equal(scores, results[0][1])


def test_items_that_are_not_numbers_are_refused(backend):
    items = clustered(ITEMS, DIM)
    items[1234, 5] = np.nan
    with pytest.raises(InputError):
        searcher(backend, items)


def test_queries_that_are_not_numbers_are_refused(backend):
    items = clustered(ITEMS, DIM)
    queries = items[:40].copy()
    made = searcher(backend, items)
    queries[3, 2] = np.inf
    with pytest.raises(InputError):
        made.search(queries, K)


@pytest.mark.parametrize("metric", COSINE_AND_SLOW_OTHERS)
@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_very_long_and_very_short_vectors(backend, metric, scale):
    items = (clustered(1500, 8) * scale).astype(np.float32)
    queries = np.concatenate([items[:40], items[:5] * 1e6]).astype(np.float32)
    exact = ExactSearch(items, get_metric(metric)).search(queries, 3)[1]
    _, scores = searcher(backend, items, items[:80], metric).search(queries, 3)
    assert np.isfinite(scores).all()
    assert (scores[:40] >= exact[:40, -1:]).mean() >= 0.8
