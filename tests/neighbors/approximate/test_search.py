"""Approximate search: what it says about itself, what it refuses, what it writes."""

import json

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.neighbors.approximate.base import ladder
from pentad.neighbors.approximate.ivf import default_lists
from pentad.neighbors.approximate.rescore import rescored
from pentad.neighbors.approximate.rows import Source
from pentad.neighbors.approximate.search import BACKENDS, ApproximateSearch
from pentad.neighbors.approximate.tune import interval
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import METRICS, get_metric

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

COSINE = get_metric("cosine")


@pytest.fixture(scope="module")
def items():
    return np.random.default_rng(0).standard_normal((2500, 12)).astype(np.float16)


@pytest.fixture(scope="module")
def queries():
    return (np.random.default_rng(1).standard_normal((400, 12)) + 1).astype(np.float32)


@pytest.fixture(params=BACKENDS)
def tuned(request, items, queries):
    made = ApproximateSearch.build(items, COSINE, backend=request.param, seed=3)
    made.tune(queries, 10, 0.9)
    return made


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rescoring_everything_is_exact_search(metric, dtype):
    rng = np.random.default_rng(2)
    items = rng.integers(-3, 4, (300, 5)).astype(dtype)
    queries = rng.integers(-3, 4, (40, 5)).astype(np.float32)
    every = np.stack([rng.permutation(300) for _ in queries])
    found = rescored(Source(items, get_metric(metric)), queries, every, 20)
    expected = ExactSearch(items, get_metric(metric)).search(queries, 20)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_rescoring_reads_the_smallest_and_greatest_halves():
    items = np.array([[6e-8, 65504], [-6e-8, -65504], [1e-5, 0.25]], np.float16)
    queries = np.array([[1, 0], [0, 1], [-3, 2]], np.float32)
    every = np.tile(np.arange(3), (3, 1))
    found = rescored(Source(items, get_metric("dot")), queries, every, 3)
    expected = queries.astype(np.float64) @ items.astype(np.float64).T
    np.testing.assert_array_equal(found[1], -np.sort(-expected, axis=1))


def test_how_tells_all_that_decided(tuned):
    how = tuned.how
    name = "nprobe" if how["backend"] == "ivf" else "efSearch"
    wanted = {"factory", "seed", "items", "recall", "low", "high", "sample", "candidates", name}
    assert wanted <= set(how)
    assert how["sample"] == 200
    assert how["low"] <= how["recall"] <= how["high"]
    json.dumps(how)


def test_what_was_saved_finds_the_same(tuned, items, queries, tmp_path):
    tuned.save(tmp_path)
    loaded = ApproximateSearch.load(tmp_path, items, COSINE)
    assert loaded.how == tuned.how
    for one, other in zip(loaded.search(queries, 10), tuned.search(queries, 10), strict=True):
        np.testing.assert_array_equal(one, other)


def test_too_few_items_are_searched_exactly_and_that_is_kept(queries, items, tmp_path):
    few = ApproximateSearch.build(items[:500], COSINE)
    assert few.tune(queries, 5, 0.99) is None
    few.save(tmp_path)
    loaded = ApproximateSearch.load(tmp_path, items[:500], COSINE)
    assert loaded.how == {"backend": "exact", "items": 500}
    assert loaded.search(queries, 5)[0].shape == (400, 5)


def test_an_index_that_is_not_there_is_refused(items, tmp_path):
    with pytest.raises(StoreError, match="no complete index here"):
        ApproximateSearch.load(tmp_path, items, COSINE)


@pytest.mark.parametrize("verify", [True, False])
def test_a_torn_file_is_refused(tuned, items, tmp_path, verify):
    tuned.save(tmp_path)
    path = tmp_path / "index.faiss"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match="not the file that was written"):
        ApproximateSearch.load(tmp_path, items, COSINE, verify=verify)


def test_a_changed_byte_is_refused(tuned, items, tmp_path):
    tuned.save(tmp_path)
    path = tmp_path / "index.faiss"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(StoreError, match="not the file that was written"):
        ApproximateSearch.load(tmp_path, items, COSINE)


def test_an_index_of_another_kind_is_refused(items, tmp_path):
    import faiss

    ApproximateSearch.build(items, COSINE).save(tmp_path)
    path = tmp_path / "index.faiss"
    faiss.write_index(faiss.IndexFlatIP(3), str(path))
    record = json.loads((tmp_path / "index.json").read_text())
    record["files"]["index.faiss"]["bytes"] = path.stat().st_size
    (tmp_path / "index.json").write_text(json.dumps(record))
    with pytest.raises(StoreError, match="not the index that its record tells of"):
        ApproximateSearch.load(tmp_path, items, COSINE, verify=False)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(StoreError, match="not an index"):
        ApproximateSearch.load(tmp_path, items, COSINE, verify=False)


def test_an_index_of_other_items_is_refused(tuned, items, tmp_path):
    tuned.save(tmp_path)
    with pytest.raises(StoreError, match="other items"):
        ApproximateSearch.load(tmp_path, items[::-1], COSINE)
    with pytest.raises(StoreError, match="other items"):
        ApproximateSearch.load(tmp_path, items, get_metric("dot"))
    with pytest.raises(StoreError, match="other items"):
        ApproximateSearch.load(tmp_path, items[:-1], COSINE)


def test_a_recall_out_of_reach_is_said(items, queries, caplog, monkeypatch):
    monkeypatch.setattr("pentad.neighbors.approximate.tune._MOST_PER_NEIGHBOR", 1)
    made = ApproximateSearch.build(items, COSINE)
    with pytest.raises(InputError, match="out of reach of IVF"):
        made.tune(queries, 10, 0.999)
    tuning = made.tune(queries, 10, 0.999, strict=False)
    assert "out of reach" in caplog.text
    assert tuning.recall < 0.999


def test_bad_input_is_refused(items, queries, tuned):
    with pytest.raises(InputError, match="as many values"):
        tuned.search(queries[:, :5], 3)
    with pytest.raises(InputError, match="k must be"):
        tuned.search(queries, 0)
    with pytest.raises(InputError, match="k must be"):
        tuned.search(queries, len(items) + 1)
    with pytest.raises(InputError, match="recall must be"):
        tuned.tune(queries, 3, 1.5)
    with pytest.raises(InputError, match="20 queries"):
        tuned.tune(queries[:7], 3, 0.9)


def test_bad_options_are_refused(items):
    with pytest.raises(UnknownName):
        ApproximateSearch.build(items, COSINE, backend="ifv")
    with pytest.raises(InputError, match="nlist"):
        ApproximateSearch.build(items, COSINE, nlist=0)
    with pytest.raises(InputError, match="links"):
        ApproximateSearch.build(items, COSINE, backend="hnsw", links=1)
    with pytest.raises(InputError, match="float16 or float32"):
        ApproximateSearch.build(items.astype(np.float64), COSINE)
    with pytest.raises(InputError, match="tune it"):
        ApproximateSearch.build(items, COSINE).search(items[:3].astype(np.float32), 2)


def test_items_come_in_blocks_no_larger_than_memory_allows(items):
    source = Source(items, COSINE)
    blocks = list(source.blocks(memory=1100 * 4 * source.width))
    assert [len(block) for block in blocks] == [1100, 1100, 300]
    np.testing.assert_array_equal(np.concatenate(blocks), next(source.blocks()))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_seed_builds_the_same_bytes(backend, items):
    import faiss

    one, other = (
        faiss.serialize_index(ApproximateSearch.build(items, COSINE, backend=backend).index.faiss)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_the_interval_of_a_recall_without_a_miss_leaves_room():
    low, high = interval(np.full(300, 10), 10, 0)
    assert 0.98 < low < 0.99
    assert high == 1


def test_the_interval_widens_where_whole_queries_fail():
    spread = np.full(400, 9)
    whole = np.where(np.arange(400) % 10, 10, 0)
    assert np.ptp(interval(whole, 10, 0)) > 5 * np.ptp(interval(spread, 10, 0))
    low, high = interval(whole, 10, 0)
    assert low < 0.9 < high


def test_sizes():
    assert [default_lists(n) for n in (1, 50, 5000, 1_000_000, 10_000_000)] == [
        1, 1, 128, 4096, 16384,
    ]  # fmt: skip
    assert ladder(1, 50) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 50]
