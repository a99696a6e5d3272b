import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.groups.build import build_groups
from pentad.neighbors.neighbors import Neighbors


@pytest.fixture
def two_lists(make_neighbors):
    images = make_neighbors(
        "image",
        [[(1, 0.9), (2, 0.8), (3, 0.1)], [(2, 0.7), (1, 0.6), (3, 0.5)]],
        text_ids=[10, 20],
        corpus_size=5,
        query_location="e/a/text",
        location="e/a/image",
    )
    sounds = make_neighbors(
        "audio", [[(7, 0.5), (8, 0.4)], [(7, 0.25), (9, 0.125)]], text_ids=[10, 20]
    )
    return [sounds, images]


def test_groups_join_the_neighbors_of_equal_rank(two_lists):
    frame = build_groups(two_lists, k=2).frame()
    assert frame.schema == {
        "text_id": pl.UInt32,
        "rank": pl.UInt16,
        "image_id": pl.UInt32,
        "image_score": pl.Float32,
        "audio_id": pl.UInt32,
        "audio_score": pl.Float32,
    }
    assert frame.select("text_id", "rank", "image_id", "audio_id").rows() == [
        (10, 1, 1, 7),
        (20, 1, 2, 7),
        (10, 2, 2, 8),
        (20, 2, 1, 9),
    ]
    assert frame["audio_score"].to_list() == [0.5, 0.25, 0.4000000059604645, 0.125]


def test_a_modality_with_fewer_neighbors_leaves_nulls_and_they_are_counted(two_lists):
    groups = build_groups(two_lists)
    assert (groups.k, len(groups)) == (3, 6)
    last = groups.frame().filter(pl.col("rank") == 3)
    assert last["image_id"].to_list() == [3, 3]
    assert last["audio_id"].to_list() == last["audio_score"].to_list() == [None, None]
    counts = groups.manifest["counts"]
    assert counts["nulls"] == {"image": 0, "audio": 2}
    assert (counts["groups"], counts["complete"], counts["empty"]) == (6, 4, 0)


def test_more_groups_than_any_modality_has_neighbors_are_empty_and_counted(two_lists):
    counts = build_groups(two_lists, k=5).manifest["counts"]
    assert (counts["groups"], counts["empty"]) == (10, 4)
    assert counts["nulls"] == {"image": 4, "audio": 6}


def test_manifest_says_what_was_done(two_lists):
    manifest = build_groups(two_lists, k=2, max_uses=9).manifest
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["modalities"] == ["image", "audio"]
    assert (manifest["k"], manifest["max_uses"], manifest["query_modality"]) == (2, 9, "text")
    assert manifest["embeddings"]["image"] == {
        "space": "toy-image",
        "metric": "cosine",
        "text": "e/a/text",
        "items": "e/a/image",
    }
    assert manifest["counts"]["edges"] == {"image": 6, "audio": 4}
    assert manifest["counts"]["dropped"]["image"] == {"beyond_k": 2, "max_uses": 0}
    assert manifest["uses"]["image"]["never_used"] == 0.6
    assert manifest["uses"]["audio"] | {"gini": 0, "skew": 0} == {
        "items": 3,
        "max": 2,
        "mean": 1.333333,
        "never_used": None,
        "gini": 0,
        "skew": 0,
    }


def test_a_used_up_item_is_dropped_and_later_candidates_move_up(make_neighbors):
    images = make_neighbors(
        "image", [[(1, 0.9), (2, 0.2), (3, 0.1)], [(1, 0.95), (2, 0.5), (3, 0.4)]]
    )
    groups = build_groups([images], k=2, max_uses=1)
    rows = groups.frame().select("text_id", "rank", "image_id").rows()
    assert rows == [(0, 1, 3), (1, 1, 1), (0, 2, None), (1, 2, 2)]
    assert groups.manifest["counts"]["dropped"] == {"image": {"beyond_k": 1, "max_uses": 2}}
    assert groups.manifest["counts"]["nulls"] == {"image": 1}
    assert groups.manifest["uses"]["image"]["max"] == 1


def test_equal_scores_go_to_the_lower_caption_id(make_neighbors):
    images = make_neighbors("image", [[(1, 0.5)], [(1, 0.5)]], text_ids=[3, 8])
    frame = build_groups([images], max_uses=1).frame()
    assert frame["image_id"].to_list() == [1, None]


def greedy(neighbors, k, max_uses):
    """The definition, one edge after the other."""
    edges = sorted(
        (-neighbors.scores[q, r], q, r)
        for q in range(len(neighbors))
        for r in range(neighbors.columns)
    )
    uses, kept = {}, [[] for _ in range(len(neighbors))]
    for _, q, r in edges:
        item = neighbors.ids[q, r]
        if len(kept[q]) < k and uses.get(item, 0) < max_uses:
            kept[q].append(r)
            uses[item] = uses.get(item, 0) + 1
    return [[int(neighbors.ids[q, r]) for r in sorted(ranks)] for q, ranks in enumerate(kept)]


@st.composite
def neighbor_lists(draw):
    captions, items = draw(st.integers(1, 12)), draw(st.integers(1, 8))
    columns = draw(st.integers(1, items))
    rows = [draw(st.permutations(range(items)))[:columns] for _ in range(captions)]
    levels = st.lists(st.integers(0, 4), min_size=columns, max_size=columns)
    scores = [sorted(draw(levels), reverse=True) for _ in range(captions)]
    return Neighbors(
        np.arange(captions, dtype=np.uint32),
        np.array(rows, dtype=np.uint32),
        np.array(scores, dtype=np.float32),
        Modality.TEXT,
        Modality.IMAGE,
        "toy",
        columns,
        corpus_size=items,
    )


@given(neighbors=neighbor_lists(), k=st.integers(1, 9), max_uses=st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_capping_equals_a_loop_over_the_edges_and_accounts_for_each(neighbors, k, max_uses):
    groups = build_groups([neighbors], k=k, max_uses=max_uses)
    frame, counts = groups.frame(), groups.manifest["counts"]
    assert frame.height == k * len(neighbors)
    assert frame.group_by("text_id").len()["len"].unique().to_list() == [k]
    used = frame["image_id"].drop_nulls()
    assert used.is_empty() or used.value_counts()["count"].max() <= max_uses
    lists = frame.sort("text_id", "rank").group_by("text_id", maintain_order=True).agg("image_id")
    expected = [row + [None] * (k - len(row)) for row in greedy(neighbors, k, max_uses)]
    assert lists["image_id"].to_list() == expected
    dropped = sum(counts["dropped"]["image"].values())
    assert counts["edges"]["image"] == len(used) + dropped
    assert counts["groups"] == len(used) + counts["nulls"]["image"]


@given(neighbors=neighbor_lists(), k=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_cap_that_nothing_reaches_changes_nothing(neighbors, k):
    free = build_groups([neighbors], k=k)
    capped = build_groups([neighbors], k=k, max_uses=len(neighbors))
    assert free.frame().equals(capped.frame().drop("neighbor_rank_image"))
    assert free.manifest["counts"] == capped.manifest["counts"]


def test_only_the_captions_asked_for_get_groups(two_lists):
    groups = build_groups(two_lists, k=1, captions=[20, 20])
    assert groups.frame()["text_id"].to_list() == [20]
    assert groups.manifest["counts"]["captions_left_out"] == 1
    assert build_groups(two_lists, captions=[]).frame().height == 0


def test_captions_left_out_use_up_no_items(make_neighbors):
    images = make_neighbors("image", [[(1, 0.9)], [(1, 0.1)]])
    assert build_groups([images], max_uses=1, captions=[1]).frame()["image_id"].to_list() == [1]


def test_differing_captions_are_refused_with_the_difference(make_neighbors):
    left = make_neighbors("image", [[(1, 0.9)]] * 3, text_ids=[1, 2, 3])
    right = make_neighbors("audio", [[(1, 0.9)]] * 2, text_ids=[2, 4])
    message = r"2 only with image \(first 1\) and 1 only with audio \(first 4\)"
    with pytest.raises(InputError, match=message):
        build_groups([left, right])


def test_what_makes_no_groups_is_refused(make_neighbors):
    images = make_neighbors("image", [[(1, 0.9)]])
    cases = [
        (lambda: build_groups([]), "at least one modality"),
        (lambda: build_groups([images, images]), "one set of neighbors for each modality"),
        (lambda: build_groups([images], k=0), "k must be from 1 to 32767"),
        (lambda: build_groups([images], max_uses=0), "max_uses must be at least 1"),
        (lambda: build_groups([images], k=2.0), "k must be a whole number"),
        (lambda: build_groups([images], captions=[0, 5, 6]), "2 captions .* the first is 5"),
        (lambda: build_groups([images], captions=[True]), "ids must be integers"),
        (
            lambda: build_groups(
                [make_neighbors("image", [[(1, 1)]], query_modality=Modality.AUDIO)]
            ),
            "expected text to media, got audio to image",
        ),
        (lambda: build_groups([make_neighbors("text", [[(1, 1)]])]), "got text to text"),
    ]
    for call, message in cases:
        with pytest.raises(InputError, match=message):
            call()
