from __future__ import annotations

import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.hubs_of import hubs_of
from pentad.evaluation.diagnostics.mixed import OPTIONS, mixed_lists
from pentad.evaluation.diagnostics.mixed_relevance import MixedRelevance
from pentad.evaluation.diagnostics.shares import Share, fair_shares, imbalance
from pentad.evaluation.diagnostics.space import as_space
from pentad.neighbors.merge_modalities import Merged
from tests.evaluation.diagnostics.spaces import labelled, make_space

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO


def share(mixed, option, corpus, k):
    return next(s for s in mixed.shares[option] if (s.corpus, s.k) == (corpus, k))


def test_fair_is_the_share_of_the_corpus_without_the_query():
    space = as_space(make_space(classes=2, per=5))
    fair = fair_shares(space, TEXT)
    assert fair == pytest.approx({TEXT: 9 / 29, IMAGE: 10 / 29, AUDIO: 10 / 29})
    assert sum(fair.values()) == pytest.approx(1)


def test_a_gap_shows_as_a_bias_and_options_take_it_away():
    space = as_space(make_space(classes=20, gap=1.5, noise=0.2))
    mixed = mixed_lists(space, TEXT)
    raw = share(mixed, "raw", TEXT, 15)
    assert raw.value > 0.8
    assert raw.fair < 0.34
    assert raw.low <= raw.value <= raw.high
    for option in ("quota", "proportional", "standardize", "zscore", "csls"):
        at_15 = [s for s in mixed.shares[option] if s.k == 15]
        assert sum(s.value for s in at_15) == pytest.approx(1)
        assert imbalance(at_15) < 0.25, option
    assert share(mixed, "quota", IMAGE, 15).value == pytest.approx(1 / 3)
    covered = {s.option: s.value for s in mixed.scores if s.metric == "covered@10"}
    assert covered["standardize"] > covered["raw"] + 0.2


def test_without_a_gap_nobody_is_favored():
    space = as_space(make_space(classes=20, gap=0.0))
    mixed = mixed_lists(space, IMAGE)
    assert imbalance([s for s in mixed.shares["raw"] if s.k == 10]) < 0.06


def test_lists_that_would_hold_everything_are_left_out():
    space = as_space(make_space(classes=2, per=3))  # 18 items, 17 to be found
    mixed = mixed_lists(space, TEXT)
    assert {s.k for s in mixed.shares["raw"]} == {1, 5, 10, 15}
    assert mixed_lists(space, TEXT, ks=(17, 100)).shares["raw"] == ()


def test_one_modality_alone_has_it_all():
    space = as_space(make_space(("image",)))
    mixed = mixed_lists(space, IMAGE)
    assert {s.value for option in OPTIONS for s in mixed.shares[option]} == {1.0}
    (hubs,) = hubs_of(space, mixed)
    assert (hubs.report.items, hubs.report.k) == (24, 10)


def test_one_unit_has_no_other_half_to_learn_from():
    mixed = mixed_lists(as_space(make_space(classes=1)), TEXT)
    assert mixed.missing == ("standardize", "zscore", "csls")
    assert set(mixed.shares) == {"raw", "quota", "proportional"}


def test_a_single_vector_finds_nothing():
    mixed = mixed_lists(as_space({IMAGE: labelled("image", np.eye(1))}), IMAGE)
    assert (mixed.shares, mixed.scores) == ({}, ())
    assert hubs_of(as_space({IMAGE: labelled("image", np.eye(1))}), mixed) == ()


def test_equal_and_zero_vectors_do_not_end_it():
    for rows in (np.ones((12, 3)), np.zeros((12, 3)), np.ones((12, 1))):
        made = {
            IMAGE: labelled("image", rows, None, list("aabbccddeeff")),
            AUDIO: labelled("audio", rows, None, list("aabbccddeeff")),
        }
        mixed = mixed_lists(as_space(made), IMAGE)
        assert set(mixed.shares) == set(OPTIONS)
        assert all(np.isfinite(s.value) for s in mixed.scores)


def test_relevance_is_a_shared_concept_or_caption_and_never_oneself():
    text = labelled("text", np.eye(3), ["one", "two", "three"])
    image = labelled("image", np.eye(3)[:2], ["one", "three"], ["x", None])
    space = as_space({TEXT: text, IMAGE: image})
    relevance = MixedRelevance(space)
    everything = Merged(
        (TEXT, IMAGE),
        np.array([[0, 0, 0, 1, 1, -1]], np.int8),
        np.array([[0, 1, 2, 0, 1, -1]]),
        np.zeros((1, 6)),
        np.zeros((1, 6)),
    )
    # Text rows are in the order in which they were given: one, two, three.
    assert relevance.found(TEXT, np.array([0]), everything).tolist() == [[0, 0, 0, 1, 0, 0]]
    assert relevance.found(TEXT, np.array([1]), everything).tolist() == [[0] * 6]
    assert relevance.found(IMAGE, np.array([1]), everything).tolist() == [[0, 0, 1, 0, 0, 0]]
    available = relevance.available(TEXT, np.array([0, 1, 2]))
    assert available.tolist() == [[False, True], [False, False], [False, True]]


def test_what_is_available_is_what_can_be_found():
    space = as_space(make_space(classes=3, per=2))
    relevance = MixedRelevance(space)
    sizes = [len(part) for part in space.values()]
    which = np.repeat(np.arange(3, dtype=np.int8), sizes)[None]
    ids = np.concatenate([np.arange(n) for n in sizes])[None]
    lists = Merged(tuple(space), which, ids, np.zeros(ids.shape), np.zeros(ids.shape))
    for row in range(len(space[IMAGE])):
        found = relevance.found(IMAGE, np.array([row]), lists)[0]
        by_modality = [bool(found[which[0] == number].any()) for number in range(3)]
        assert relevance.available(IMAGE, np.array([row]))[0].tolist() == by_modality


def test_imbalance_is_the_part_that_would_have_to_move():
    def made(corpus, value, fair):
        return Share(TEXT, corpus, 1, value, value, value, fair, 1)

    assert imbalance([made(TEXT, 1, 0.25), made(IMAGE, 0, 0.75)]) == 0.75
    assert imbalance([made(TEXT, 0.25, 0.25), made(IMAGE, 0.75, 0.75)]) == 0


def test_hubs_are_named_by_their_ids():
    rows = np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.3], [-1.0, 0.0]])
    made = {IMAGE: labelled("image", rows, None, list("aabb"))}
    made[IMAGE] = type(made[IMAGE]).of_items("image", rows, ids=[40, 30, 20, 10])
    space = as_space(made)
    (hubs,) = hubs_of(space, mixed_lists(space, IMAGE, ks=(1,)))
    assert {item for item, _ in hubs.report.top} <= {10, 20, 30, 40}
