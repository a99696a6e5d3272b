"""Search on a device, tried on the processor: the bytes of `ExactSearch`, whatever the data."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pentad.core.errors import InputError
from pentad.neighbors.device import codes, search, sides, tiles
from pentad.neighbors.device.search import DeviceSearch
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import METRICS, get_metric

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

METRIC_NAMES = sorted(METRICS)
SMALL = 1 << 16  # bytes: blocks of 64 items, tiles of 32 queries, so that many meet


def both(queries, corpus, k, metric, **options):
    """Search on a device and plainly; the results must be the same bytes."""
    options = {"device": "cpu", "memory": SMALL} | options
    engine = DeviceSearch(corpus, get_metric(metric), **options)
    found = engine.search(queries, k)
    expected = ExactSearch(corpus, get_metric(metric), int8=False).search(queries, k)
    for left, right in zip(found, expected, strict=True):
        assert left.dtype == right.dtype
        assert left.tobytes() == right.tobytes()
    return engine.proof


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(rng, n, dim, spread=0.5):
    centers = rng.normal(size=(20, dim))
    return unit(centers[rng.integers(0, 20, n)] + spread * rng.normal(size=(n, dim)))


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("dim", [1, 7, 48])
def test_random_vectors_give_the_bytes_of_the_plain_search(metric, dtype, dim):
    rng = np.random.default_rng(0)
    corpus = rng.standard_normal((1500, dim)).astype(dtype)
    proof = both(rng.standard_normal((90, dim)).astype(dtype), corpus, 10, metric)
    assert (proof.int8, proof.float32, proof.left) == (90, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_clusters_and_queries_far_from_them_do_too(metric):
    rng = np.random.default_rng(1)
    corpus = clustered(rng, 4000, 64).astype(np.float16)
    queries = unit(0.4 * corpus[:80].astype(np.float32) + 0.7 + rng.normal(size=(80, 64)) / 8)
    both(queries.astype(np.float16), corpus, 16, metric)


@given(
    metric=st.sampled_from(METRIC_NAMES),
    corpus=arrays(
        np.float32, st.tuples(st.integers(1, 150), st.just(3)), elements=st.integers(-3, 3)
    ),
    queries=arrays(
        np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.integers(-3, 3)
    ),
    k=st.integers(1, 12),
)
@pytest.mark.slow
@settings(max_examples=60, deadline=None)
def test_small_grids_full_of_duplicates_and_zeros(metric, corpus, queries, k):
    both(queries, corpus, min(k, len(corpus)), metric)


@pytest.mark.slow
@given(
    metric=st.sampled_from(METRIC_NAMES),
    dtype=st.sampled_from([np.float16, np.float32]),
    shape=st.tuples(st.integers(1, 300), st.integers(1, 20)),
    clusters=st.integers(1, 5),
    spread=st.sampled_from([0.0, 1e-6, 1e-3, 0.3]),
    memory=st.sampled_from([1, SMALL, 1 << 24]),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_vectors_of_any_closeness_in_blocks_of_any_size(
    metric, dtype, shape, clusters, spread, memory, seed
):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(clusters, shape[1]))
    corpus = centers[rng.integers(0, clusters, shape[0])] + spread * rng.normal(size=shape)
    queries = np.concatenate([corpus[:20], rng.normal(size=(20, shape[1]))]).astype(dtype)
    both(queries, corpus.astype(dtype), min(9, shape[0]), metric, memory=memory)


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("k", [1, 299, 300])
def test_one_neighbor_and_all_of_them(metric, k):
    rng = np.random.default_rng(2)
    both(
        rng.normal(size=(5, 9)).astype(np.float32),
        rng.normal(size=(300, 9)).astype(np.float32),
        k,
        metric,
    )


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_one_item_and_one_query(metric):
    one = np.array([[1.0, 2.0]], dtype=np.float16)
    both(one, one, 1, metric)


def test_no_queries_have_no_neighbors():
    corpus = np.ones((5, 4), np.float32)
    rows, scores = DeviceSearch(corpus, get_metric("dot"), device="cpu").search(corpus[:0], 3)
    assert rows.shape == scores.shape == (0, 3)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_ties_over_many_blocks_come_in_row_order(metric):
    rng = np.random.default_rng(3)
    corpus = rng.normal(size=(1000, 12)).astype(np.float32)
    corpus[50:1000:37] = corpus[3]
    proof = both(corpus[:40], corpus, 8, metric)
    assert proof.redone >= 1
    assert proof.again == 0  # a longer list held all that were equal


def test_more_ties_than_any_list_holds_are_looked_at_by_the_processor(monkeypatch):
    monkeypatch.setattr(search, "_SLACKS", (8, 16))
    corpus = np.ones((300, 5), dtype=np.float32)
    proof = both(corpus[:3], corpus, 16, "cosine")
    assert (proof.redone, proof.again) == (3, 3)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_scores_that_differ_by_less_than_float32_can_hold_are_ordered(metric):
    rng = np.random.default_rng(1)
    corpus = (4000 + rng.integers(0, 2, (400, 32))).astype(np.float32)
    proof = both((4000 + rng.integers(0, 2, (20, 32))).astype(np.float32), corpus, 16, metric)
    assert proof.redone > 0


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_zero_vectors_among_items_and_queries(metric):
    rng = np.random.default_rng(5)
    corpus = rng.normal(size=(400, 6)).astype(np.float32)
    corpus[::9] = 0
    queries = rng.normal(size=(12, 6)).astype(np.float32)
    queries[::5] = 0
    proof = both(queries, corpus, 7, metric)
    assert (proof.left, proof.int8 + proof.float32) == (3, 12)


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("size", [1e-30, 1e25, 1e38])
def test_lengths_at_the_ends_of_float32_are_left_to_the_processor(metric, size, caplog):
    rng = np.random.default_rng(6)
    corpus = (rng.uniform(-1, 1, (100, 3)) * size).astype(np.float32)
    with caplog.at_level(logging.WARNING):
        proof = both((rng.uniform(-1, 1, (4, 3)) * size).astype(np.float32), corpus, 5, metric)
    assert proof.left == 4
    assert "4 of 4 queries" in caplog.text


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("size", [1e-9, 1e-4, 1e4, 1e9])
def test_lengths_far_from_one_are_not(metric, size):
    rng = np.random.default_rng(7)
    corpus = (rng.normal(size=(600, 12)) * size).astype(np.float32)
    assert both((rng.normal(size=(40, 12)) * size).astype(np.float32), corpus, 5, metric).left == 0


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_items_and_queries_of_very_different_lengths(metric):
    rng = np.random.default_rng(8)
    lengths = 10.0 ** rng.uniform(-6, 6, (300, 1))
    corpus = (rng.normal(size=(300, 12)) * lengths).astype(np.float32)
    both((rng.normal(size=(70, 12)) * lengths[:70]).astype(np.float32), corpus, 5, metric)


def test_the_corpus_may_be_a_memory_map_and_is_read_in_parts(tmp_path):
    rng = np.random.default_rng(9)
    np.save(tmp_path / "x.npy", clustered(rng, 3000, 24).astype(np.float16))
    corpus = np.load(tmp_path / "x.npy", mmap_mode="r")

    class Parts:
        """What any store of vectors can offer; it says how much is read at once."""

        shape, dtype, ndim = corpus.shape, corpus.dtype, 2

        def __len__(self):
            return len(corpus)

        def __getitem__(self, rows):
            assert isinstance(rows, (slice, np.ndarray))
            part = corpus[rows]
            assert len(part) < len(corpus) / 2
            return np.asarray(part)

    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("pentad.neighbors.device.pairs._FEWEST", 64)
        found = DeviceSearch(Parts(), get_metric("cosine"), device="cpu", memory=SMALL)
        rows, scores = found.search(corpus[:60], 6)
    expected = ExactSearch(np.array(corpus), get_metric("cosine")).search(corpus[:60], 6)
    assert (rows.tobytes(), scores.tobytes()) == tuple(a.tobytes() for a in expected)


@pytest.mark.slow
def test_bytes_leave_few_pairs_of_clustered_data_to_be_multiplied():
    rng = np.random.default_rng(10)
    corpus = clustered(rng, 20_000, 64)
    proof = both(corpus[:200], corpus, 10, "cosine", memory=1 << 24)
    assert proof.dense == 0
    assert proof.rescored < 200 * len(corpus) / 100
    assert proof.redone == 0


@pytest.mark.slow
def test_what_bytes_miss_is_counted(monkeypatch):
    """Without the lengths of what was lost, neighbors are lost: they do stand in the bound."""
    rng = np.random.default_rng(11)
    corpus = unit(1 + 0.2 * rng.normal(size=(3000, 8)))
    queries = unit(1 + 0.2 * rng.normal(size=(200, 8)))
    both(queries, corpus, 5, "cosine")

    def careless(rows, mean, scales, padded):
        made = codes.encode(rows, mean, scales, padded)
        return codes.Codes(made.codes, made.scales, made.held, torch.zeros_like(made.losses))

    monkeypatch.setattr(sides, "encode", careless)
    engine = DeviceSearch(corpus, get_metric("cosine"), device="cpu", memory=SMALL)
    rows, _ = engine.search(queries, 5)
    expected, _ = ExactSearch(corpus, get_metric("cosine")).search(queries, 5)
    assert (rows != expected).any() or engine.proof.redone > 0


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_products_without_rhyme_or_reason_are_caught_before_they_are_used(metric, monkeypatch):
    right = torch._int_mm
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: right(a, b) + 1)
    rng = np.random.default_rng(12)
    corpus = rng.normal(size=(500, 20)).astype(np.float32)
    proof = both(corpus[:50], corpus, 4, metric)
    assert (proof.int8, proof.float32, proof.rescored) == (0, 50, 0)
    assert proof.dense == 50 * 500


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_float32_products_that_are_wrong_by_their_bound_lose_nothing(metric, monkeypatch):
    """The error of float32 is in the bound of bytes, in what is rescored and in the proof."""
    right = tiles._multiply
    rng = np.random.default_rng(13)
    corpus = (1 + 1e-4 * rng.normal(size=(300, 16))).astype(np.float32)

    def wrong(queries, part, items, *rest):
        sign = torch.where(torch.arange(len(items.rows)) % 2 == 0, 1, -1)
        bound = 0.1 * float(queries.bounds[part].min())
        extra = sign[:, None] * bound / items.rows.shape[1] / queries.rows[part].mean()
        moved = sides.ItemSide(**vars(items) | {"rows": (items.rows + extra).float()})
        right(queries, part, moved, *rest)

    monkeypatch.setattr(tiles, "_multiply", wrong)
    both(corpus[:20], corpus, 10, metric)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_tiles_of_which_much_is_left_are_multiplied_as_a_whole(metric, monkeypatch):
    monkeypatch.setattr(tiles, "_FEW", 40)
    rng = np.random.default_rng(14)
    corpus = rng.normal(size=(900, 10)).astype(np.float32)
    proof = both(rng.normal(size=(70, 10)).astype(np.float32), corpus, 12, metric)
    assert proof.dense > 0
    assert proof.int8 == 70


def test_without_memory_blocks_are_halved_and_the_result_is_the_same(monkeypatch):
    right, shapes = torch._int_mm, []

    def product(left, items):
        shapes.append((len(left), items.shape[1]))
        if left.shape[0] * items.shape[1] > 1_000_000:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return right(left, items)

    monkeypatch.setattr(torch, "_int_mm", product)
    rng = np.random.default_rng(15)
    corpus = clustered(rng, 3000, 16)
    proof = both(corpus[:600], corpus, 5, "cosine", memory=1 << 27)
    assert proof.int8 == 600
    sizes = [a * b for a, b in shapes[1:]]  # the first is the trial of the device
    assert sizes[0] > 1_000_000 >= min(sizes)


def test_without_memory_for_anything_it_says_so(monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    corpus = np.eye(40, dtype=np.float32)
    engine = DeviceSearch(corpus, get_metric("dot"), device="cpu", memory=1 << 26)
    monkeypatch.setattr(search, "search_block", full)
    with pytest.raises(InputError, match=r"too little free memory .*16 MiB"):
        engine.search(corpus, 3)


def test_a_task_is_told_of_every_query_once(monkeypatch):
    class Told:
        def __init__(self):
            self.steps = []

        def advance(self, count=1):
            self.steps.append(count)

    rng = np.random.default_rng(16)
    corpus = rng.normal(size=(700, 8)).astype(np.float32)
    corpus[100:160] = corpus[0]
    corpus[200] = 0
    right, calls = search.search_block, []

    def once_full(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise torch.OutOfMemoryError("CUDA out of memory")
        right(*arguments)

    monkeypatch.setattr(search, "search_block", once_full)
    task, engine = Told(), DeviceSearch(corpus, get_metric("cosine"), device="cpu", memory=1 << 25)
    monkeypatch.setattr(
        search.Sizes, "of", classmethod(lambda cls, m, w, r: cls(m, 64, 32, 64, 99))
    )
    engine.search(corpus[:250], 5, task)
    assert (engine.proof.left, engine.proof.redone > 0) == (1, True)
    assert sum(task.steps) == 250
    assert min(task.steps) > 0
    assert len(task.steps) > 4


def test_settings_of_the_program_change_nothing_and_are_left_alone():
    rng = np.random.default_rng(17)
    corpus = clustered(rng, 900, 32)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        torch.set_default_dtype(torch.float64)
        both(corpus[:60], corpus, 6, "dot")
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
        torch.set_default_dtype(torch.float32)


def test_threads_do_not_change_a_byte(monkeypatch):
    import faiss

    monkeypatch.setattr("pentad.neighbors.device.pairs._FEWEST", 8)
    corpus = clustered(np.random.default_rng(18), 800, 16)
    before = faiss.omp_get_max_threads()
    try:
        for threads in (1, 3):
            faiss.omp_set_num_threads(threads)
            both(corpus[:50], corpus, 6, "euclidean")
    finally:
        faiss.omp_set_num_threads(before)


def test_values_that_are_not_finite_are_refused_with_their_row():
    vectors = np.zeros((3, 2), dtype=np.float32)
    vectors[2, 1] = np.nan
    with pytest.raises(InputError, match=r"row 2.* items must be finite"):
        DeviceSearch(vectors, get_metric("cosine"), device="cpu")
    engine = DeviceSearch(np.ones((3, 2), np.float32), get_metric("cosine"), device="cpu")
    with pytest.raises(InputError, match=r"row 2.* queries must be finite"):
        engine.search(vectors, 1)


def test_vectors_of_very_many_values_are_left_to_the_processor():
    rng = np.random.default_rng(19)
    corpus = rng.normal(size=(30, 9000)).astype(np.float16)
    assert both(corpus[:4], corpus, 3, "dot").left == 4
