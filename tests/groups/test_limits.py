"""Limits in the groups: whom they leave short, and what the table and the manifest say of it."""

import importlib.util
import json

import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra, UnknownName
from pentad.groups.build import build_groups


@pytest.fixture
def images(make_neighbors):
    return make_neighbors(
        "image", [[(1, 0.9), (2, 0.2), (3, 0.1)], [(1, 0.95), (2, 0.5), (3, 0.4)]]
    )


@pytest.fixture
def sounds(make_neighbors):
    return make_neighbors("audio", [[(7, 0.5), (8, 0.4)], [(7, 0.25), (9, 0.125)]])


def columns(groups, *names):
    return [groups.frame()[name].to_list() for name in names]


def test_ranks_close_up_and_the_retrieval_rank_is_kept(images):
    groups = build_groups([images], k=2, max_uses=1)
    assert groups.frame().columns == [
        "text_id",
        "rank",
        "image_id",
        "image_score",
        "neighbor_rank_image",
    ]
    assert columns(groups, "text_id", "rank", "image_id", "neighbor_rank_image") == [
        [0, 1, 0, 1],
        [1, 1, 2, 2],
        [3, 1, None, 2],
        [3, 1, None, 2],
    ]
    assert str(groups.frame().schema["neighbor_rank_image"]) == "UInt16"


def test_limits_may_differ_by_modality(images, sounds):
    groups = build_groups([images, sounds], k=1, max_uses={"audio": 1}, threshold={"image": 0.92})
    assert columns(groups, "image_id", "audio_id") == [[None, 1], [7, 9]]
    assert groups.manifest["max_uses"] == {"audio": 1}
    assert groups.manifest["threshold"] == {"image": 0.92}
    assert groups.manifest["assignment"] == {
        "image": {"method": "first"},
        "audio": {"method": "greedy"},
    }
    assert {"neighbor_rank_image", "neighbor_rank_audio"} <= set(groups.frame().columns)


def test_a_modality_without_limits_shows_no_retrieval_rank(images, sounds):
    names = build_groups([images, sounds], max_uses={"audio": 1}).frame().columns
    assert "neighbor_rank_audio" in names
    assert "neighbor_rank_image" not in names


def test_the_threshold_is_on_raw_scores_where_adjusted_ones_decide(make_neighbors):
    adjusted = np.array([[0.5, 0.4, 0.3]], dtype=np.float32)
    images = make_neighbors("image", [[(1, 0.2), (2, 0.9), (3, 0.6)]], adjusted_scores=adjusted)
    for limits in ({}, {"max_uses": 5}):
        groups = build_groups([images], threshold=0.6, **limits)
        shown = columns(groups, "image_id", "image_score", "image_adjusted_score")
        expected = np.array([0.9, 0.6, 0.4, 0.3], dtype=np.float32).tolist()
        assert shown == [[2, 3, None], [*expected[:2], None], [*expected[2:], None]]
        assert columns(groups, "neighbor_rank_image") == [[2, 3, None]]
        counts = groups.manifest["counts"]
        assert counts["dropped"]["image"] == {"beyond_k": 0, "max_uses": 0, "below_threshold": 1}
        assert counts["short"]["image"] == {
            "captions": {"too_few_candidates": 0, "below_threshold": 1, "max_uses": 0},
            "places": {"too_few_candidates": 0, "below_threshold": 1, "max_uses": 0},
        }


def test_a_hub_is_shared_out_by_adjusted_scores(make_neighbors):
    # Item 1 is near to everything; less its advantage it is caption 1's alone.
    rows = [[(2, 0.6), (1, 0.9)], [(1, 0.8), (3, 0.5)]]
    adjusted = np.array([[0.3, 0.1], [0.2, 0.1]], dtype=np.float32)
    raw = [sorted(row, key=lambda pair: -pair[1]) for row in rows]
    plain = build_groups([make_neighbors("image", raw)], k=1, max_uses=1)
    fair = build_groups([make_neighbors("image", rows, adjusted_scores=adjusted)], k=1, max_uses=1)
    assert columns(plain, "image_id") == [[1, 3]]
    assert columns(fair, "image_id") == [[2, 1]]
    assert columns(fair, "image_score") == [np.array([0.6, 0.8], dtype=np.float32).tolist()]


def test_every_short_caption_is_counted_with_its_reason(images, sounds):
    counts = build_groups([images, sounds], k=3, max_uses=1, threshold=0.2).manifest["counts"]
    assert counts["short"]["image"] == {
        "captions": {"too_few_candidates": 0, "below_threshold": 1, "max_uses": 0},
        "places": {"too_few_candidates": 0, "below_threshold": 1, "max_uses": 2},
    }
    assert counts["short"]["audio"] == {
        "captions": {"too_few_candidates": 2, "below_threshold": 0, "max_uses": 0},
        "places": {"too_few_candidates": 2, "below_threshold": 1, "max_uses": 1},
    }
    for modality in ("image", "audio"):
        lacking = sum(counts["short"][modality]["places"].values())
        assert lacking == counts["nulls"][modality]


def test_without_limits_too_few_candidates_are_the_only_reason(images, sounds):
    counts = build_groups([images, sounds]).manifest["counts"]
    assert counts["short"]["audio"]["captions"] == {
        "too_few_candidates": 2,
        "below_threshold": 0,
        "max_uses": 0,
    }
    assert sum(counts["short"]["image"]["places"].values()) == 0


def test_the_auction_shares_out_better_than_greed(make_neighbors):
    images = make_neighbors("image", [[(1, 0.9), (2, 0.1)], [(1, 0.8), (3, 0.75)]])
    other = make_neighbors("image", [[(1, 0.9), (2, 0.85)], [(1, 0.8), (3, 0.1)]])
    for neighbors, expected in ((images, [1, 3]), (other, [2, 1])):
        groups = build_groups([neighbors], k=1, max_uses=1, method="auction")
        assert columns(groups, "image_id") == [expected]
    assert columns(build_groups([other], k=1, max_uses=1), "image_id") == [[1, 3]]
    told = groups.manifest["assignment"]["image"]
    assert told["method"] == "auction"
    assert told["converged"] is True
    assert json.loads(json.dumps(told)) == told


def test_exact_needs_its_extra(images):
    if importlib.util.find_spec("ortools") is None:
        with pytest.raises(MissingExtra, match="flow"):
            build_groups([images], max_uses=1, method="exact")
        return
    groups = build_groups([images], k=1, max_uses=1, method="exact")
    assert columns(groups, "image_id") == [[1, 2]]


def test_limits_that_cannot_be_are_refused(images):
    cases = [
        ({"max_uses": {"image": 0}}, InputError, "max_uses must be at least 1"),
        ({"max_uses": 2.5}, InputError, "max_uses must be at least 1"),
        ({"threshold": float("nan")}, InputError, "threshold must be a finite number"),
        ({"threshold": float("inf")}, InputError, "threshold must be a finite number"),
        ({"max_uses": {"audio": 1}}, InputError, "max_uses is given for audio"),
        ({"threshold": {"imge": 1}}, UnknownName, "did you mean 'image'"),
        ({"method": "gready"}, UnknownName, "did you mean 'greedy'"),
        ({"compose": "agree"}, UnknownName, "did you mean 'agreement'"),
        ({"compose": "agreement"}, InputError, "pass features="),
        ({"k": 1 << 15}, InputError, "1 to 32767"),
    ]
    for options, kind, message in cases:
        with pytest.raises(kind, match=message):
            build_groups([images], **options)
