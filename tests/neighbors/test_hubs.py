"""k-occurrence and its figures: by hand, against the plain formulas, and at the edges."""

import json

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.neighbors import hubs
from pentad.neighbors.hubs import hub_report, k_occurrence

CORPUS = np.array([3, 5, 8, 900], dtype=np.uint32)


@st.composite
def neighbor_ids(draw):
    """Ids of a corpus with gaps, and of what was found in it."""
    corpus = np.cumsum(draw(st.lists(st.integers(1, 9), min_size=1, max_size=12)))
    k = draw(st.integers(1, 4))
    rows = st.lists(st.integers(0, len(corpus) - 1), min_size=k, max_size=k)
    found = draw(st.lists(rows, max_size=15))
    ids = corpus[np.array(found, dtype=np.int64).reshape(-1, k)]
    return ids.astype(np.uint32), corpus.astype(np.uint32)


def test_a_small_case_by_hand():
    ids = np.array([[5, 3], [5, 8], [5, 3]], dtype=np.uint32)
    report = hub_report(ids, CORPUS, top=2)
    # Counts 2, 3, 1, 0: mean 1.5, deviations .5, 1.5, -.5, -1.5, so no skew.
    assert (report.items, report.queries, report.k) == (4, 3, 2)
    assert (report.mean, report.max, report.max_to_mean) == (1.5, 3, 2.0)
    assert report.never_retrieved == 0.25
    assert report.skew == 0.0
    # Sum of |a - b| over all ordered pairs is 20; over 2 n^2 mean = 48.
    assert report.gini == pytest.approx(20 / 48)
    assert report.top == ((5, 3), (3, 2))


def test_one_item_with_everything():
    report = hub_report(np.full((7, 1), 8), CORPUS)
    assert report.max_to_mean == 4.0
    assert report.never_retrieved == 0.75
    assert report.gini == 0.75
    assert report.skew == pytest.approx(2 / np.sqrt(3))
    assert report.top == ((8, 7),)


def test_equal_counts_have_no_skew_and_no_inequality():
    report = hub_report(np.tile(CORPUS, (1000, 1)), CORPUS)
    assert (report.skew, report.gini, report.never_retrieved) == (0.0, 0.0, 0.0)
    assert report.max_to_mean == 1.0
    assert [item for item, _ in report.top] == CORPUS.tolist()


def test_without_queries_nothing_is_retrieved():
    report = hub_report(np.empty((0, 16), dtype=np.uint32), CORPUS)
    assert (report.mean, report.max, report.max_to_mean) == (0.0, 0, 0.0)
    assert (report.never_retrieved, report.skew, report.gini) == (1.0, 0.0, 0.0)
    assert report.top == ()


def test_equal_counts_at_the_end_of_the_top_go_to_the_lower_id():
    ids = np.array([[900, 5], [3, 900], [8, 3]])
    assert hub_report(ids, CORPUS, top=3).top == ((3, 2), (900, 2), (5, 1))
    assert hub_report(ids, CORPUS, top=0).top == ()


def test_json_is_plain_and_rounded():
    written = hub_report(np.full((7, 1), 8), CORPUS).to_json()
    assert json.loads(json.dumps(written)) == written
    assert written["skew"] == 1.154701
    assert written["top"] == [{"id": 8, "count": 7}]


def test_blocks_add_up(monkeypatch):
    rng = np.random.default_rng(0)
    corpus = np.unique(rng.integers(0, 2**40, 300)).astype(np.uint64)
    ids = rng.choice(corpus, (200, 7))
    whole = hub_report(ids, corpus)
    monkeypatch.setattr(hubs, "_BLOCK", 20)
    assert hub_report(ids, corpus) == whole


@given(neighbor_ids())
@settings(max_examples=150, deadline=None)
def test_figures_match_the_plain_formulas(case):
    ids, corpus = case
    counts = np.array([(ids == item).sum() for item in corpus])
    np.testing.assert_array_equal(k_occurrence(ids, corpus), counts)
    report = hub_report(ids, corpus)
    assert 0 <= report.gini < 1
    assert report.never_retrieved == (counts == 0).mean()
    assert report.max_to_mean >= (1 if len(ids) else 0)
    if counts.min() == counts.max():
        assert report.skew == report.gini == 0.0
        return
    differences = np.abs(counts[:, None] - counts).sum()
    assert report.gini == pytest.approx(differences / (2 * len(counts) * counts.sum()))
    assert report.skew == pytest.approx(scipy.stats.skew(counts), abs=1e-12)


@given(neighbor_ids(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_queries_and_ranks_does_not_matter(case, random):
    ids, corpus = case
    shuffled = ids.ravel().tolist()
    random.shuffle(shuffled)
    again = np.array(shuffled, dtype=ids.dtype).reshape(ids.shape)
    assert hub_report(again, corpus) == hub_report(ids, corpus)


@given(neighbor_ids())
@settings(max_examples=50, deadline=None)
def test_asking_everything_twice_changes_no_shape(case):
    ids, corpus = case
    once, twice = hub_report(ids, corpus), hub_report(np.tile(ids, (2, 1)), corpus)
    assert twice.gini == pytest.approx(once.gini)
    assert twice.skew == pytest.approx(once.skew)
    assert twice.never_retrieved == once.never_retrieved


@pytest.mark.parametrize(
    ("ids", "corpus", "message"),
    [
        (np.array([3, 5]), CORPUS, "matrix"),
        (np.array([[3, 4]]), CORPUS, "not in the corpus; got 4"),
        (np.array([[3, 901]]), CORPUS, "not in the corpus; got 901"),
        (np.array([[3]]), CORPUS[:0], "no items"),
        (np.array([[3]]), CORPUS[::-1], "ascend"),
    ],
)
def test_what_cannot_be_is_refused(ids, corpus, message):
    with pytest.raises(InputError, match=message):
        hub_report(ids, corpus)


def test_a_negative_top_is_refused():
    with pytest.raises(InputError, match="top"):
        hub_report(np.array([[3]]), CORPUS, top=-1)
