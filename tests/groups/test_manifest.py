"""Where groups come from, in their manifest."""

import json

import numpy as np

from pentad.groups.build import build_groups


def test_the_search_is_told_as_plain_values(make_neighbors):
    how = {
        "backend": "ivf",
        "factory": "IVF16,PQ8x4fsr",
        "recall": np.float32(0.5),
        "interval": (np.float64(0.25), 0.75),
        "queries": np.int64(3),
        "native": {"treatment": "keep", "found": 1},
        "bound": float("inf"),
    }
    images = make_neighbors("image", [[(1, 0.9), (2, 0.8)]], how=how, corpus_size=7)
    manifest = build_groups([images]).manifest
    assert manifest["search"]["image"] == {
        "k": 2,
        "candidates": 2,
        "items": 7,
        "backend": "ivf",
        "factory": "IVF16,PQ8x4fsr",
        "recall": 0.5,
        "interval": [0.25, 0.75],
        "queries": 3,
        "native": {"treatment": "keep", "found": 1},
        "bound": None,
    }
    assert json.loads(json.dumps(manifest, allow_nan=False)) == manifest


def test_encoders_are_those_given_or_those_that_locations_name(make_neighbors):
    images = make_neighbors(
        "image", [[(1, 0.9)]], query_location="embeddings/words/text", location="elsewhere"
    )
    assert build_groups([images]).manifest["encoders"] == {"text": ["words"]}
    named = build_groups([images], encoders={"image": ("a", "b")}).manifest["encoders"]
    assert named == {"image": ["a", "b"]}


def test_own_items_are_counted_where_they_are_known(make_neighbors):
    native = np.array([[False, True], [True, False]])
    images = make_neighbors("image", [[(1, 0.9), (2, 0.8)]] * 2, native=native)
    assert build_groups([images], k=1).manifest["counts"]["native"] == {"image": 1}
    assert build_groups([images], k=2).manifest["counts"]["native"] == {"image": 2}
    unknown = make_neighbors("image", [[(1, 0.9)]])
    assert "native" not in build_groups([unknown]).manifest["counts"]


def test_one_limit_for_all_is_told_once(make_neighbors):
    images, sounds = (make_neighbors(m, [[(1, 0.9)]]) for m in ("image", "audio"))
    manifest = build_groups([images, sounds], max_uses=3, threshold=np.float32(0.5)).manifest
    assert (manifest["max_uses"], manifest["threshold"]) == (3, 0.5)
    free = build_groups([images, sounds]).manifest
    assert (free["max_uses"], free["threshold"]) == (None, None)
    assert free["compose"] == {"how": "rank"}
