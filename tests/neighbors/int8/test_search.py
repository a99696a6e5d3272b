"""Exact search by bytes: the same as in float64 on data that is made to mislead it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from pentad.neighbors import exact
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.metrics import METRICS, get_metric

FAST = has_fast_int8()
CPUINFO = Path("/proc/cpuinfo")
needs_int8 = pytest.mark.skipif(not FAST, reason="this processor has no AVX-512 VNNI")


def plain(queries, corpus, k, metric):
    """Order by float64 score of the stored vectors, then by row."""
    return ExactSearch(corpus, get_metric(metric), int8=False).search(queries, k)


def by_bytes(queries, corpus, k, metric):
    search = ExactSearch(corpus, get_metric(metric), int8=True)
    return search.search(queries, k), search.proof


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(rng, n, dim, spread):
    centers = rng.normal(size=(20, dim))
    return unit(centers[rng.integers(0, 20, n)] + spread * rng.normal(size=(n, dim)))


@pytest.mark.skipif(
    not CPUINFO.exists() or "avx512_vnni" not in CPUINFO.read_text(),
    reason="the system does not list AVX-512 VNNI",
)
def test_a_processor_that_has_it_is_seen():
    assert FAST


@needs_int8
def test_a_processor_that_has_it_does_not_take_the_other_way(monkeypatch):
    monkeypatch.setattr(exact, "_WORTHWHILE", 1)
    rng = np.random.default_rng(0)
    search = ExactSearch(unit(rng.normal(size=(500, 32))), get_metric("cosine"))
    search.search(unit(rng.normal(size=(40, 32))), 5)
    assert (search.proof.int8, search.proof.float32) == (40, 0)


def test_where_there_is_little_to_do_nothing_is_compiled():
    rng = np.random.default_rng(0)
    search = ExactSearch(unit(rng.normal(size=(500, 32))), get_metric("cosine"))
    search.search(unit(rng.normal(size=(40, 32))), 5)
    assert (search.proof.int8, search.proof.float32) == (0, 40)


@needs_int8
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["float16", "float32"])
@pytest.mark.parametrize(
    ("items", "dim", "k"), [(5000, 48, 16), (2049, 7, 3), (20_000, 130, 30), (70, 12, 60)]
)
def test_results_are_those_of_float32(metric, kind, items, dim, k):
    rng = np.random.default_rng(items)
    corpus = clustered(rng, items, dim, 0.3).astype(kind)
    queries = unit(rng.normal(size=(101, dim)) + 0.7).astype(kind)
    (rows, scores), proof = by_bytes(queries, corpus, k, metric)
    expected = plain(queries, corpus, k, metric)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_array_equal(scores, expected[1])
    assert proof.int8 + proof.redone >= (101 if k + 8 < items else 0)


@needs_int8
@pytest.mark.parametrize("metric", METRICS)
def test_lengths_of_many_sizes(metric):
    rng = np.random.default_rng(3)
    corpus = rng.normal(size=(4000, 40)) * 10 ** rng.uniform(-4, 3, (4000, 1))
    queries = rng.normal(size=(60, 40)) * 10 ** rng.uniform(-4, 3, (60, 1))
    corpus[::7] = 0
    queries[5] = 0
    corpus, queries = corpus.astype(np.float32), queries.astype(np.float32)
    (rows, scores), _ = by_bytes(queries, corpus, 10, metric)
    expected = plain(queries, corpus, 10, metric)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_array_equal(scores, expected[1])


@needs_int8
@pytest.mark.parametrize("spread", [0.0, 1e-7, 1e-4])
def test_items_that_bytes_cannot_tell_apart(spread):
    rng = np.random.default_rng(4)
    corpus = clustered(rng, 6000, 64, spread)
    queries = clustered(rng, 50, 64, 0.1)
    (rows, scores), proof = by_bytes(queries, corpus, 16, "cosine")
    expected = plain(queries, corpus, 16, "cosine")
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_array_equal(scores, expected[1])
    if spread == 0.0:
        assert proof.redone > 0  # hundreds of equal items: no list of candidates holds them


@needs_int8
def test_items_in_the_order_of_their_nearness():
    rng = np.random.default_rng(5)
    query = unit(rng.normal(size=(1, 32)))
    corpus = unit(rng.normal(size=(9000, 32)))
    rising = corpus[np.argsort(corpus @ query[0])]
    for items in (rising, rising[::-1]):
        queries = np.repeat(query, 20, axis=0)
        (rows, scores), _ = by_bytes(queries, items, 16, "cosine")
        expected = plain(queries, items, 16, "cosine")
        np.testing.assert_array_equal(rows, expected[0])
        np.testing.assert_array_equal(scores, expected[1])


@needs_int8
def test_threads_and_blocks_change_nothing(monkeypatch):
    import faiss

    from pentad.neighbors.int8 import search as module

    rng = np.random.default_rng(6)
    corpus, queries = clustered(rng, 5000, 32, 0.2), unit(rng.normal(size=(300, 32)))
    expected = plain(queries, corpus, 16, "cosine")
    before = faiss.omp_get_max_threads()
    try:
        for threads, block in ((1, 64), (2, 1000), (3, 1 << 14)):
            faiss.omp_set_num_threads(threads)
            monkeypatch.setattr(module, "BLOCK_ITEMS", block - block % 64)
            (rows, scores), _ = by_bytes(queries, corpus, 16, "cosine")
            np.testing.assert_array_equal(rows, expected[0])
            np.testing.assert_array_equal(scores, expected[1])
    finally:
        faiss.omp_set_num_threads(before)


@needs_int8
def test_progress_goes_up_to_all_queries(monkeypatch):
    from pentad.neighbors.int8 import search as module

    class Task:
        steps: ClassVar[list[int]] = []

        def advance(self, count=1):
            self.steps.append(count)

    monkeypatch.setattr(module, "BLOCK_ITEMS", 1024)
    rng = np.random.default_rng(7)
    corpus, queries = unit(rng.normal(size=(6000, 16))), unit(rng.normal(size=(90, 16)))
    ExactSearch(corpus, get_metric("cosine"), int8=True).search(queries, 5, Task())
    assert sum(Task.steps) == 90
    assert len(Task.steps) > 3
