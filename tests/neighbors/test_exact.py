"""Exact search against float64 brute force, above all where float32 cannot tell items apart."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pentad.core.errors import InputError
from pentad.neighbors import exact
from pentad.neighbors.exact import ExactSearch, best_pairs, error_bound
from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.metrics import METRICS, get_metric, row_dots

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

METRIC_NAMES = sorted(METRICS)
GRID = st.integers(-3, 3)


@pytest.fixture(scope="module", params=["float32", "int8"], autouse=True)
def path(request):
    """Find candidates in either way."""
    if request.param == "int8" and not has_fast_int8():
        pytest.skip("this processor has no AVX-512 VNNI")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExactSearch, "_may_use_int8", lambda self, n: request.param == "int8")
        yield request.param


def brute(queries, corpus, k, metric):
    """Order by float64 score descending, then row; whole numbers make every sum exact."""
    q, x = queries.astype(np.float64), corpus.astype(np.float64)
    scores = q @ x.T
    if metric == "euclidean":
        scores = -np.sqrt(((q[:, None] - x[None]) ** 2).sum(-1))
    if metric == "cosine":
        lengths = np.sqrt((q * q).sum(1)[:, None] * (x * x).sum(1)[None])
        scores = scores / np.where(lengths > 0, lengths, 1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, 1)


def check(queries, corpus, k, metric, **options):
    rows, scores = ExactSearch(corpus, get_metric(metric), **options).search(queries, k)
    expected_rows, expected_scores = brute(queries, corpus, k, metric)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


def swept_queries(monkeypatch):
    """Count the queries that the candidates alone could not prove."""
    counts = []
    original = ExactSearch._swept

    def counted(self, queries, needed, k):
        counts.append(len(queries.rows))
        return original(self, queries, needed, k)

    monkeypatch.setattr(ExactSearch, "_swept", counted)
    return counts


@pytest.mark.parametrize("metric", METRIC_NAMES)
@given(
    corpus=arrays(np.float32, st.tuples(st.integers(1, 60), st.just(3)), elements=GRID),
    queries=arrays(np.float32, st.tuples(st.integers(1, 6), st.just(3)), elements=GRID),
    k=st.integers(1, 12),
)
@settings(max_examples=60, deadline=None)
def test_small_grids_full_of_duplicates_and_zeros_match_brute_force(metric, corpus, queries, k):
    check(queries, corpus, min(k, len(corpus)), metric)


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_random_whole_numbers_match_brute_force(metric, dtype):
    rng = np.random.default_rng(0)
    corpus = rng.integers(-40, 40, (3000, 24)).astype(dtype)
    queries = rng.integers(-40, 40, (50, 24)).astype(dtype)
    check(queries, corpus, 16, metric)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_scores_that_differ_by_less_than_float32_can_hold_are_ordered(metric, monkeypatch):
    """Entries near 4000 make products of 24 bits and more; the sums differ in their last bits."""
    swept = swept_queries(monkeypatch)
    rng = np.random.default_rng(1)
    corpus = (4000 + rng.integers(0, 2, (400, 32))).astype(np.float32)
    queries = (4000 + rng.integers(0, 2, (20, 32))).astype(np.float32)
    check(queries, corpus, 16, metric)
    assert swept


def test_cosines_a_few_float32_units_apart_are_ordered_as_exact_arithmetic_orders_them():
    rng = np.random.default_rng(2)
    query = rng.standard_normal((1, 8)).astype(np.float32)
    corpus = (query + 1e-4 * rng.standard_normal((200, 8))).astype(np.float32)
    rows, scores = ExactSearch(corpus, get_metric("cosine")).search(query, 30)
    assert np.float32(scores[0, 0]) - np.float32(scores[0, -1]) < 16 * 2.0**-24

    def squared_cosine(row):
        q, x = ([Fraction(float(v)) for v in vector] for vector in (query[0], corpus[row]))
        dot = sum(a * b for a, b in zip(q, x, strict=True))
        return dot * dot / sum(b * b for b in x)

    exact_order = sorted(range(200), key=squared_cosine, reverse=True)
    assert rows[0].tolist() == exact_order[:30]


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_equal_vectors_come_in_row_order(metric):
    corpus = np.ones((300, 5), dtype=np.float32)
    rows, scores = ExactSearch(corpus, get_metric(metric)).search(corpus[:2], 16)
    assert rows.tolist() == [list(range(16))] * 2
    assert len(np.unique(scores)) == 1


def test_zero_vectors_have_cosine_zero_and_come_in_row_order():
    corpus = np.zeros((40, 4), dtype=np.float32)
    corpus[30] = [1, 0, 0, 0]
    queries = np.array([[0, 0, 0, 0], [-1, 0, 0, 0], [2, 0, 0, 0]], dtype=np.float32)
    rows, scores = ExactSearch(corpus, get_metric("cosine")).search(queries, 3)
    assert rows.tolist() == [[0, 1, 2], [0, 1, 2], [30, 0, 1]]
    assert scores.tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_a_vector_has_cosine_one_with_itself():
    vectors = np.random.default_rng(3).standard_normal((50, 33)).astype(np.float32)
    rows, scores = ExactSearch(vectors, get_metric("cosine")).search(vectors, 1)
    assert rows[:, 0].tolist() == list(range(50))
    assert (scores == 1.0).all()


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("size", [1e-30, 1e25, 1e38])
def test_values_at_the_ends_of_float32_are_searched_without_overflow(metric, size):
    rng = np.random.default_rng(4)
    corpus = (rng.uniform(-1, 1, (100, 3)) * size).astype(np.float32)
    queries = (rng.uniform(-1, 1, (4, 3)) * size).astype(np.float32)
    rows, scores = ExactSearch(corpus, get_metric(metric)).search(queries, 5)
    expected_rows, expected_scores = brute(queries, corpus, 5, metric)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-12)


def test_one_huge_item_does_not_spoil_the_order_of_the_others():
    rng = np.random.default_rng(5)
    corpus = rng.integers(-9, 9, (500, 6)).astype(np.float32)
    corpus[77] = 2.0**40
    check(corpus[:20], corpus, 8, "dot")


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_blocks_of_any_size_give_the_same_bytes(metric, monkeypatch):
    rng = np.random.default_rng(6)
    corpus = rng.standard_normal((3000, 12)).astype(np.float16)
    corpus[1500:1600] = corpus[0]
    queries = np.concatenate([corpus[:5], rng.standard_normal((60, 12)).astype(np.float16)])
    whole = ExactSearch(corpus, get_metric(metric), memory=None).search(queries, 16)
    for query_block, sweep, elements in [(7, 1000, 100), (64, 50_000, 4096)]:
        monkeypatch.setattr(exact, "_QUERY_BLOCK", query_block)
        monkeypatch.setattr(exact, "_SWEEP", sweep)
        monkeypatch.setattr("pentad.neighbors.stored._ELEMENTS", elements)
        parts = ExactSearch(corpus, get_metric(metric), memory=1).search(queries, 16)
        for left, right in zip(whole, parts, strict=True):
            assert left.tobytes() == right.tobytes()


def test_threads_do_not_change_a_byte():
    import faiss

    rng = np.random.default_rng(7)
    corpus = rng.standard_normal((2000, 64)).astype(np.float32)
    before = faiss.omp_get_max_threads()
    found = []
    try:
        for threads in (1, 2, 5):
            faiss.omp_set_num_threads(threads)
            found.append(ExactSearch(corpus, get_metric("cosine")).search(corpus[:300], 16))
    finally:
        faiss.omp_set_num_threads(before)
    for other in found[1:]:
        assert [a.tobytes() for a in other] == [a.tobytes() for a in found[0]]


def test_typical_vectors_need_no_second_pass(monkeypatch):
    swept = swept_queries(monkeypatch)
    rng = np.random.default_rng(8)
    corpus = rng.standard_normal((5000, 128)).astype(np.float32)
    ExactSearch(corpus, get_metric("cosine")).search(corpus[:500], 16)
    assert sum(swept) <= 5


def test_long_vectors_are_summed_in_fixed_parts():
    rng = np.random.default_rng(9)
    left, right = rng.standard_normal((2, 3, 20_000))
    alone = [row_dots(left[i : i + 1], right[i : i + 1])[0] for i in range(3)]
    assert row_dots(left, right).tolist() == alone
    np.testing.assert_allclose(alone, (left * right).sum(1), rtol=1e-12)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_float32_products_stay_within_the_bound(metric):
    rng = np.random.default_rng(10)
    kind = get_metric(metric)
    for dim, size in itertools.product((1, 7, 512), (1e-20, 1.0, 300.0)):
        x = (rng.standard_normal((200, dim)) * size).astype(np.float32).astype(np.float64)
        squares = row_dots(x, x)
        queries, corpus = kind.query_rows(x, squares), kind.corpus_rows(x, squares)
        bound = error_bound(kind.scale(squares, squares.max()), queries.shape[1])
        pairs = [a.ravel() for a in np.meshgrid(np.arange(200), np.arange(200), indexing="ij")]
        scores = kind.scores(x[pairs[0]], x[pairs[1]], (squares[pairs[0]], squares[pairs[1]]))
        exact_products = kind.product(scores, squares[pairs[0]]).reshape(200, 200)
        error = np.abs((queries @ corpus.T).astype(np.float64) - exact_products)
        assert (error <= bound[:, None]).all()


def test_best_pairs_orders_by_score_then_row_and_keeps_k_of_each():
    left = np.array([1, 0, 1, 1, 0])
    right = np.array([5, 2, 3, 4, 1])
    scores = np.array([0.5, 0.1, 0.5, 0.9, 0.2])
    kept = best_pairs(left, right, scores, 2)
    assert [a.tolist() for a in kept] == [[0, 0, 1, 1], [1, 2, 4, 3], [0.2, 0.1, 0.9, 0.5]]


def test_a_value_that_is_not_finite_is_refused_with_its_row():
    vectors = np.zeros((3, 2), dtype=np.float32)
    vectors[2, 1] = np.nan
    with pytest.raises(InputError, match="row 2"):
        ExactSearch(vectors, get_metric("cosine"))
    with pytest.raises(InputError, match="row 2"):
        ExactSearch(np.zeros((3, 2), np.float32), get_metric("cosine")).search(vectors, 1)


def test_more_tied_pairs_than_are_held_at_once_keep_their_order(monkeypatch):
    monkeypatch.setattr(exact, "_SWEEP", 500)
    corpus = np.ones((1200, 4), dtype=np.float32)
    corpus[1100] = 2
    rows, _ = ExactSearch(corpus, get_metric("dot")).search(corpus[:3], 5)
    assert rows.tolist() == [[1100, 0, 1, 2, 3]] * 3
