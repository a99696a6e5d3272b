"""Centering and CSLS: against the plain float64 formulas, and what they do to hubs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pentad.core.errors import InputError, UnknownName
from pentad.neighbors import hubness
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.hubness import (
    METHODS,
    adjust,
    fair_neighborhood,
    query_terms,
    raw_cosines,
    require_method,
)
from pentad.neighbors.hubs import hub_report
from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.metrics import get_metric

ROUNDING = 7 * 2.0**-24
GRID = st.integers(-3, 3)


def unit(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def centered(rows):
    rows = unit(rows)
    there = rows.any(axis=1)
    rest = np.where(there[:, None], rows - rows[there].mean(axis=0), 0)
    return unit(np.where(np.linalg.norm(rest, axis=1, keepdims=True) > 1e-9, rest, 0))


def plain(queries, corpus, method, m=10):
    """Return all adjusted scores by the formulas, in float64."""
    prepare = centered if "center" in method else unit
    cosines = prepare(queries.astype(np.float64)) @ prepare(corpus.astype(np.float64)).T
    if "csls" not in method:
        return cosines
    return 2 * cosines - np.sort(cosines, axis=0)[::-1][:m].mean(axis=0)


def vectors(seed, q=60, n=90, dim=12, dtype=np.float32):
    rng = np.random.default_rng(seed)
    queries, corpus = rng.standard_normal((q, dim)) + 0.7, rng.standard_normal((n, dim)) - 0.3
    return queries.astype(dtype), corpus.astype(dtype)


def search(adjusted, k, **options):
    return ExactSearch(adjusted.corpus, get_metric("dot"), **options).search(adjusted.queries, k)


def test_csls_by_hand():
    queries = np.array([[1, 0], [0, 2], [3, 4]], dtype=np.float32)
    corpus = np.array([[2, 0], [0, 0.5], [0, 0]], dtype=np.float32)
    adjusted = adjust(queries, corpus, "csls", 2)
    # Cosines 1 0 0.6 and 0 1 0.8; the two best of each: r = 0.8 and 0.9, and 0 of the zero vector.
    np.testing.assert_allclose(adjusted.item_terms, [0.8, 0.9, 0], rtol=1e-7)
    rows = np.tile(np.arange(3), (3, 1))
    expected = [[1.2, -0.9, 0], [-0.8, 1.1, 0], [0.4, 0.7, 0]]
    np.testing.assert_allclose(adjusted.scores(rows), expected, atol=ROUNDING)
    np.testing.assert_allclose(
        query_terms(adjusted, 2), [0.5, 0.5, 0.7], atol=ROUNDING
    )  # two best of 1 0 0, of 0 1 0, of .6 .8 0
    assert adjusted.queries.shape == (3, 3)
    assert adjusted.queries[:, -1].tolist() == [1, 1, 1]


def test_centering_by_hand():
    queries = np.array([[1, 0], [0, 5]], dtype=np.float32)
    corpus = np.array([[0, 0], [0, 1], [1, 0], [0, -2], [0, 3]], dtype=np.float32)
    adjusted = adjust(queries, corpus, "center")
    half = np.sqrt(0.5)
    np.testing.assert_allclose(adjusted.queries, [[half, -half], [-half, half]], rtol=1e-7)
    # Directions (0 1), (1 0), (0 -1), (0 1): their mean is (1/4, 1/4).
    np.testing.assert_allclose(adjusted.corpus_mean, [0.25, 0.25])
    rest = np.array([[0, 0], [-1, 3], [3, -1], [-1, -5], [-1, 3]])
    np.testing.assert_allclose(adjusted.corpus, unit(rest), rtol=1e-6)
    assert adjusted.item_terms is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_scores_are_those_of_the_formulas_but_for_rounding(method, dtype):
    queries, corpus = vectors(0, dtype=dtype)
    rows, scores = search(adjust(queries, corpus, method, 7), 90)
    expected = np.take_along_axis(plain(queries, corpus, method, 7), rows, 1)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_the_search_is_exact_for_the_rows(method, int8):
    if int8 and not has_fast_int8():
        pytest.skip("this processor has no AVX-512 VNNI")
    adjusted = adjust(*vectors(1, n=400), method)
    rows, scores = search(adjusted, 16, int8=int8)
    every = np.tile(np.arange(400), (60, 1))
    products = adjusted.scores(every)
    order = np.argsort(-products, axis=1, kind="stable")[:, :16]
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_array_equal(scores, np.take_along_axis(products, order, 1))
    np.testing.assert_array_equal(scores, adjusted.scores(rows))


@given(
    queries=arrays(np.float32, st.tuples(st.integers(2, 12), st.just(3)), elements=GRID),
    corpus=arrays(np.float32, st.tuples(st.integers(1, 20), st.just(3)), elements=GRID),
    neighborhood=st.integers(1, 14),
)
@settings(max_examples=100, deadline=None)
def test_csls_orders_as_the_formula_does_where_that_tells_items_apart(
    queries, corpus, neighborhood
):
    rows, scores = search(adjust(queries, corpus, "csls", neighborhood), len(corpus))
    expected = np.take_along_axis(plain(queries, corpus, "csls", neighborhood), rows, 1)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=ROUNDING)
    assert (np.diff(expected, axis=1) <= 2 * ROUNDING).all()
    same = (corpus[rows[:, 1:]] == corpus[rows[:, :-1]]).all(axis=2)
    assert (np.diff(rows, axis=1)[same] > 0).all()


@given(
    queries=arrays(np.float32, st.tuples(st.integers(1, 12), st.just(3)), elements=GRID),
    corpus=arrays(np.float32, st.tuples(st.integers(1, 12), st.just(3)), elements=GRID),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_the_order_of_queries_does_not_matter_to_csls(queries, corpus, order):
    shuffled = list(range(len(queries)))
    order.shuffle(shuffled)
    once, again = adjust(queries, corpus, "csls", 4), adjust(queries[shuffled], corpus, "csls", 4)
    np.testing.assert_array_equal(again.corpus, once.corpus)
    np.testing.assert_array_equal(again.queries, once.queries[shuffled])


@given(
    corpus=arrays(np.float32, st.tuples(st.integers(1, 12), st.just(3)), elements=GRID),
    scales=arrays(np.float32, 12, elements=st.sampled_from([0.25, 1, 2, 1024])),
)
@settings(max_examples=60, deadline=None)
def test_lengths_do_not_matter(corpus, scales):
    queries = np.eye(3, dtype=np.float32)
    stretched = corpus * scales[: len(corpus), None]
    for method in METHODS:
        once, again = adjust(queries, corpus, method), adjust(queries, stretched, method)
        np.testing.assert_array_equal(again.corpus, once.corpus)


@given(
    rows=arrays(np.float64, (6, 4), elements=st.floats(-1, 1)),
    offset=arrays(np.float64, 4, elements=st.floats(-1, 1)),
)
@settings(max_examples=100, deadline=None)
def test_a_constant_added_before_the_mean_is_subtracted_changes_nothing(rows, offset):
    rows = rows + 3 * np.eye(6, 4)  # no row is near the mean, and none is zero
    at_home, _ = hubness._centered(rows, rows.mean(axis=0))
    away, _ = hubness._centered(rows + offset, (rows + offset).mean(axis=0))
    apart = np.linalg.norm(rows - rows.mean(axis=0), axis=1) > 1e-3
    there = (rows + offset).any(axis=1) & rows.any(axis=1)
    np.testing.assert_allclose(away[apart & there], at_home[apart & there], atol=1e-11)


@pytest.mark.parametrize("side", ["queries", "corpus"])
def test_a_gap_between_the_modalities_is_removed(side):
    """An offset that all vectors of one side share, across their directions, is gone."""
    queries, corpus = (np.pad(unit(v), ((0, 0), (0, 1))) for v in vectors(2, dtype=np.float64))
    pair = {"queries": queries.astype(np.float32), "corpus": corpus.astype(np.float32)}
    once = adjust(**pair, method="center+csls")
    pair[side] = pair[side] + np.eye(13, dtype=np.float32)[-1] * 2
    again = adjust(**pair, method="center+csls")
    np.testing.assert_allclose(again.queries, once.queries, atol=1e-6)
    np.testing.assert_allclose(again.corpus, once.corpus, atol=2e-6)


@pytest.mark.parametrize("method", METHODS)
def test_equal_items_stay_ties_in_row_order(method):
    queries, corpus = vectors(3)
    rows, scores = search(adjust(queries, np.tile(corpus, (3, 1)), method), 3)
    assert (np.diff(rows, axis=1) == 90).all()
    assert (scores == scores[:, :1]).all()


@pytest.mark.parametrize("method", METHODS)
def test_zero_vectors_stay_zero(method):
    queries, corpus = vectors(4)
    queries[5] = corpus[7] = 0
    adjusted = adjust(queries, corpus, method)
    assert not adjusted.queries[5, :12].any()
    assert not adjusted.corpus[7].any()
    without = adjust(np.delete(queries, 5, 0), np.delete(corpus, 7, 0), method)
    np.testing.assert_allclose(
        np.delete(adjusted.corpus, 7, 0)[:, :12], without.corpus[:, :12], atol=1e-6
    )


def test_what_equals_the_mean_becomes_zero_and_a_notice_says_so(caplog):
    queries = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float16)
    corpus = np.full((700, 3), 0.1, dtype=np.float16)
    adjusted = adjust(queries, corpus, "center")
    assert not adjusted.corpus.any()
    assert "700 of 700 items are equal to the mean" in caplog.text


@pytest.mark.parametrize("count", [1, 4])
def test_queries_that_are_all_the_same_are_not_centered(count):
    queries = np.full((count, 3), 0.3, dtype=np.float32)
    with pytest.raises(InputError, match="all the same"):
        adjust(queries, np.eye(3, dtype=np.float32), "center+csls")


def test_zero_queries_alone_are_no_error():
    adjusted = adjust(np.zeros((2, 3), np.float32), np.eye(3, dtype=np.float32), "center+csls")
    assert not adjusted.queries[:, :3].any()
    assert not adjusted.item_terms.any()


def test_rows_can_lie_in_files(tmp_path):
    queries, corpus = vectors(5, dtype=np.float16)
    held = adjust(queries, corpus, "center+csls")
    mapped = adjust(queries, corpus, "center+csls", folder=tmp_path / "rows")
    assert isinstance(mapped.corpus, np.memmap)
    np.testing.assert_array_equal(mapped.queries, held.queries)
    np.testing.assert_array_equal(mapped.corpus, held.corpus)
    mapped.corpus.flush()
    np.testing.assert_array_equal(np.load(tmp_path / "rows" / "corpus.npy"), held.corpus)


def test_blocks_change_nothing(monkeypatch):
    queries, corpus = vectors(6)
    whole = adjust(queries, corpus, "center+csls")
    monkeypatch.setattr(hubness, "_FOUND", 50)
    blocks = adjust(queries, corpus, "center+csls", memory=1)
    np.testing.assert_array_equal(blocks.corpus, whole.corpus)


def test_the_task_hears_of_every_item():
    class Heard:
        count = 0

        def advance(self, count=1):
            self.count += count

    heard = Heard()
    adjust(*vectors(7), "csls", task=heard)
    assert heard.count == 90


def test_a_fair_neighborhood_is_six_times_the_mean_k_occurrence_within_limits():
    assert fair_neighborhood(16, 6_700_000, 4_000_000) == 161
    assert fair_neighborhood(16, 100, 4_000_000) == 10
    assert fair_neighborhood(16, 6_700_000, 50) == 1000
    assert fair_neighborhood(16, 5, 0) == 480


def test_a_fair_neighborhood_favors_items_without_queries_less():
    """Half of the items have 40 queries of their own; six shares of an item are 960."""
    rng = np.random.default_rng(13)
    concepts = unit(rng.standard_normal((100, 64))).astype(np.float32)
    near = np.repeat(concepts[:50], 40, axis=0) + rng.standard_normal((2000, 64)) / 12
    queries = unit(near).astype(np.float32)
    counts = {}
    for neighborhood in (10, fair_neighborhood(8, 2000, 100)):
        found, _ = search(adjust(queries, concepts, "csls", neighborhood), 8)
        counts[neighborhood] = (found >= 50).mean()
    assert counts[960] < 0.55
    assert counts[10] > 0.75


def test_query_terms_are_the_mean_cosines_to_the_nearest_items():
    queries, corpus = vectors(8)
    adjusted = adjust(queries, corpus, "center+csls")
    cosines = plain(queries, corpus, "center")
    expected = np.sort(cosines, axis=1)[:, ::-1][:, :10].mean(axis=1)
    np.testing.assert_allclose(query_terms(adjusted), expected, atol=ROUNDING)
    with pytest.raises(InputError, match="csls"):
        query_terms(adjust(queries, corpus, "center"))
    with pytest.raises(InputError, match="neighborhood"):
        query_terms(adjusted, 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_raw_cosines_are_those_of_the_exact_search(dtype):
    queries, corpus = vectors(9, dtype=dtype)
    corpus[3] = 0
    rows, scores = ExactSearch(corpus, get_metric("cosine")).search(queries, 90)
    np.testing.assert_array_equal(raw_cosines(queries, corpus, rows), scores)


def test_nothing_on_one_side_is_no_error():
    queries, corpus = vectors(10)
    assert adjust(queries, corpus[:0], "center+csls").corpus.shape == (0, 13)
    assert not adjust(queries[:0], corpus, "center+csls").corpus[:, -1].any()


def test_what_cannot_be_is_refused():
    queries, corpus = vectors(11)
    with pytest.raises(UnknownName, match="did you mean 'center'"):
        require_method("centre")
    with pytest.raises(InputError, match="neighborhood"):
        adjust(queries, corpus, "csls", 0)
    with pytest.raises(InputError, match="one width"):
        adjust(queries, corpus[:, :5], "csls")
    with pytest.raises(InputError, match="rows must be"):
        raw_cosines(queries, corpus, np.zeros((2, 3), dtype=np.int64))
    corpus[2, 3] = np.nan
    with pytest.raises(InputError, match="finite"):
        adjust(queries, corpus, "csls")


@pytest.fixture(scope="module")
def hubs():
    """Captions with an offset, and items of which some lie near the middle of everything."""
    rng = np.random.default_rng(12)
    concepts = unit(rng.standard_normal((150, 64)))
    offset, other = unit(rng.standard_normal((2, 64)))
    of_query, of_item = rng.integers(0, 150, 3000), rng.integers(0, 150, 1200)
    noise = rng.standard_normal((4200, 64)) / 8
    queries = concepts[of_query] + 0.9 * offset + 0.8 * noise[:3000]
    pull = np.where(np.arange(1200) < 30, 1.5, rng.uniform(0, 0.4, 1200))
    items = concepts[of_item] + pull[:, None] * offset + 0.3 * other + 0.7 * noise[3000:]
    queries, items = unit(queries).astype(np.float16), unit(items).astype(np.float16)

    def measured(method):
        rows, _ = search(adjust(queries, items, method), 4)
        precision = (of_item[rows] == of_query[:, None]).mean()
        return hub_report(rows, np.arange(1200)), precision

    return {method: measured(method) for method in METHODS}


@pytest.mark.parametrize("method", METHODS[1:])
def test_hubs_become_fewer_and_precision_does_not_fall(hubs, method):
    before, precision_before = hubs["none"]
    after, precision_after = hubs[method]
    assert before.skew > 2
    assert after.skew < before.skew
    assert after.never_retrieved < before.never_retrieved
    assert after.gini < before.gini
    assert after.max < before.max
    assert precision_after >= precision_before
