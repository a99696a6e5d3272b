from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.neighbors.merge_modalities import NOTHING, ScoredList, merge_rankings, standardized
from pentad.neighbors.score_scales import Scale

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO


def one(ids, scores):
    return ScoredList(np.array([ids]), np.array([scores], dtype=float))


@pytest.fixture
def lists():
    """Captions score high, pictures low, sounds between: the gap of the modalities."""
    return {
        AUDIO: one([7, 8], [0.5, 0.4]),
        TEXT: one([1, 2, 3, 4], [0.9, 0.85, 0.8, 0.75]),
        IMAGE: one([5, 6, 7], [0.3, 0.2, 0.1]),
    }


def names(merged):
    return [(m[0], i) for m, i in zip(merged.names(0), merged.ids[0].tolist(), strict=False)]


def test_raw_scores_put_the_captions_first(lists):
    found = merge_rankings(lists, 5)
    assert names(found) == [("t", 1), ("t", 2), ("t", 3), ("t", 4), ("a", 7)]
    assert found.modalities == (TEXT, IMAGE, AUDIO)
    assert found.scores.tolist() == found.adjusted.tolist() == [[0.9, 0.85, 0.8, 0.75, 0.5]]


def test_a_quota_gives_every_modality_its_places_best_score_first(lists):
    found = merge_rankings(lists, 6, by="quota")
    expected = [("t", 1), ("a", 7), ("i", 5), ("t", 2), ("a", 8), ("i", 6)]
    assert names(found) == expected


def test_places_that_a_modality_cannot_fill_go_to_the_others(lists):
    found = merge_rankings(lists, 9, by="quota")
    assert sorted(names(found)) == sorted(
        [("t", i) for i in (1, 2, 3, 4)] + [("i", i) for i in (5, 6, 7)] + [("a", 7), ("a", 8)]
    )


def test_a_quota_by_weights(lists):
    weights = {TEXT: 1.0, IMAGE: 2.0, AUDIO: 1.0}
    found = merge_rankings(lists, 4, by="quota", weights=weights)
    assert sorted(found.names(0)) == ["audio", "image", "image", "text"]


def test_per_modality_keeps_the_lists_apart(lists):
    found = merge_rankings(lists, 2, by="per-modality")
    assert names(found) == [("t", 1), ("t", 2), ("i", 5), ("i", 6), ("a", 7), ("a", 8)]


def test_too_few_items_leave_the_last_places_empty(lists):
    found = merge_rankings(lists, 12)
    assert found.ids[0, -3:].tolist() == [NOTHING] * 3
    assert np.isnan(found.scores[0, -3:]).all()
    assert len(found.names(0)) == 9


def test_scales_make_scores_comparable(lists):
    scales = {TEXT: Scale(0.9, 0.05), IMAGE: Scale(0.2, 0.1), AUDIO: Scale(0.5, 0.1)}
    found = merge_rankings(standardized(lists, scales), 4)
    assert names(found) == [("i", 5), ("t", 1), ("i", 6), ("a", 7)]
    assert found.scores[0].tolist() == [0.3, 0.9, 0.2, 0.5]
    np.testing.assert_allclose(found.adjusted[0], [1, 0, 0, 0], atol=1e-12)


def test_ties_go_by_the_usual_order_of_modalities():
    found = merge_rankings({AUDIO: one([1], [0.5]), TEXT: one([2], [0.5])}, 2)
    assert found.names(0) == ["text", "audio"]


def test_mistakes_are_refused(lists):
    with pytest.raises(UnknownName, match="quota"):
        merge_rankings(lists, 3, by="quotas")
    with pytest.raises(InputError, match="at least 1"):
        merge_rankings(lists, 0)
    with pytest.raises(InputError, match="no lists"):
        merge_rankings({}, 1)
    with pytest.raises(InputError, match="positive weight"):
        merge_rankings(lists, 3, by="quota", weights={TEXT: 1.0, IMAGE: 0.0, AUDIO: 1.0})
    with pytest.raises(InputError, match="different queries"):
        merge_rankings(
            {TEXT: one([1], [1]), IMAGE: ScoredList(np.zeros((2, 1)), np.zeros((2, 1)))}, 1
        )
    with pytest.raises(InputError, match="no scale"):
        standardized(lists, {TEXT: Scale(0, 1)})
    with pytest.raises(InputError, match="finite"):
        one([1], [np.nan])
    with pytest.raises(InputError, match="greatest score first"):
        one([1, 2], [0.1, 0.2])
    with pytest.raises(InputError, match="queries, n"):
        ScoredList(np.zeros((1, 2)), np.zeros((1, 3)))


@st.composite
def some_lists(draw):
    queries = draw(st.integers(1, 3))
    found = {}
    for modality in draw(st.permutations(list(Modality)))[: draw(st.integers(1, 5))]:
        n = draw(st.integers(1, 6))
        values = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n)
        scores = np.array([sorted(draw(values), reverse=True) for _ in range(queries)])
        found[modality] = ScoredList(np.tile(np.arange(n), (queries, 1)), scores)
    return found


@settings(max_examples=60, deadline=None)
@given(some_lists(), st.integers(1, 12), st.sampled_from(["score", "quota"]))
def test_every_merged_list(lists, k, by):
    found = merge_rankings(lists, k, by=by)
    shuffled = merge_rankings(dict(reversed(lists.items())), k, by=by)
    shorter = merge_rankings(lists, max(1, k - 1), by=by)
    assert np.array_equal(found.ids, shuffled.ids)
    assert np.array_equal(found.which, shuffled.which)
    assert np.array_equal(found.ids[:, : k - 1], shorter.ids[:, : k - 1])
    everything = sum(part.ids.shape[1] for part in lists.values())
    for ids, which in zip(found.ids, found.which, strict=True):
        assert (ids != NOTHING).sum() == min(k, everything)
        for number in range(len(found.modalities)):
            own = ids[which == number].tolist()
            assert own == list(range(len(own)))  # the order of its list, none left out


@settings(max_examples=60, deadline=None)
@given(some_lists(), st.integers(1, 12))
def test_a_quota_differs_by_one_place_as_long_as_there_are_items(lists, k):
    found = merge_rankings(lists, k, by="quota")
    for which in found.which:
        counts = [int((which == number).sum()) for number in range(len(found.modalities))]
        open_ones = [
            c for c, m in zip(counts, found.modalities, strict=True) if c < lists[m].ids.shape[1]
        ]
        assert not open_ones or max(counts) - min(open_ones) <= 1


@settings(max_examples=60, deadline=None)
@given(some_lists(), st.integers(1, 12))
def test_scores_on_another_scale_standardize_to_the_same_list(lists, k):
    scales = {m: Scale(0.25, 0.5) for m in lists}
    stretched = {m: ScoredList(p.ids, 4 * p.scores + i) for i, (m, p) in enumerate(lists.items())}
    moved = {m: Scale(4 * 0.25 + i, 4 * 0.5) for i, m in enumerate(lists)}
    one_way = merge_rankings(standardized(lists, scales), k)
    other = merge_rankings(standardized(stretched, moved), k)
    assert np.array_equal(one_way.ids, other.ids)
    assert np.array_equal(one_way.which, other.which)


@settings(max_examples=40, deadline=None)
@given(some_lists(), st.integers(1, 12))
def test_by_score_nothing_better_is_left_behind(lists, k):
    found = merge_rankings(lists, k)
    for row, scores in enumerate(found.adjusted):
        kept = scores[~np.isnan(scores)]
        assert all(a >= b for a, b in pairwise(kept))
        everything = np.sort(np.concatenate([p.scores[row] for p in lists.values()]))[::-1]
        assert kept.tolist() == everything[: len(kept)].tolist()
