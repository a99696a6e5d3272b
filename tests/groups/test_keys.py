import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.modality import Modality
from pentad.groups.build import build_groups
from pentad.groups.keys import deciding_keys
from pentad.neighbors.neighbors import Neighbors

FIRST = {"native": {"treatment": "first"}}


def flags(*rows):
    return np.array(rows, dtype=bool)


def test_adjusted_scores_decide_where_there_are_some(make_neighbors):
    adjusted = np.array([[0.5, 0.25]], dtype=np.float32)
    neighbors = make_neighbors("image", [[(1, 0.2), (2, 0.9)]], adjusted_scores=adjusted)
    assert deciding_keys(neighbors) is adjusted


def test_native_items_that_merely_came_first_keep_their_scores(make_neighbors):
    neighbors = make_neighbors("image", [[(1, 0.9), (2, 0.2)]], native=flags((True, False)))
    assert deciding_keys(neighbors) is neighbors.scores


def test_native_items_put_first_are_above_all_others_in_their_order(make_neighbors):
    neighbors = make_neighbors(
        "image",
        [[(1, -0.5), (2, 0.9)], [(1, 0.25), (2, 7.5)], [(1, 0.25), (2, 0.1)], [(1, 0.9), (2, 0.8)]],
        native=flags((True, False), (True, False), (True, False), (False, True)),
    )
    keys = deciding_keys(neighbors)
    assert keys[:, 1].tolist() == neighbors.scores[:, 1].tolist()
    assert keys[3, 0] == np.float32(0.9)
    assert 7.5 < keys[0, 0] < keys[1, 0] == keys[2, 0] < 7.5001


def test_scores_that_float32_cannot_exceed_still_give_keys(make_neighbors):
    most = float(np.finfo(np.float32).max)
    neighbors = make_neighbors(
        "image", [[(1, 0.1), (2, most)], [(1, 0.2), (3, 0.1)]], native=flags((1, 0), (1, 0))
    )
    assert np.isfinite(deciding_keys(neighbors)).all()


@pytest.mark.parametrize("method", ["greedy", "auction"])
def test_nobody_takes_a_native_item_from_its_caption(make_neighbors, method):
    rows = [[(1, 0.1), (2, 0.8)], [(1, 0.9), (3, 0.7)]]
    native = flags((True, False), (False, False))
    images = make_neighbors("image", rows, native=native)
    groups = build_groups([images], k=1, max_uses=1, method=method)
    assert groups.frame()["image_id"].to_list() == [1, 3]
    assert groups.frame()["image_score"].to_list() == [np.float32(0.1), np.float32(0.7)]
    assert groups.manifest["counts"]["native"] == {"image": 1}


def test_what_the_search_says_holds_where_no_score_shows_it(make_neighbors):
    rows = [[(1, 0.5), (2, 0.4)], [(1, 0.9), (3, 0.7)]]
    native = flags((True, False), (False, False))
    kept = make_neighbors("image", rows, native=native)
    first = make_neighbors("image", rows, native=native, how=FIRST)
    built = [build_groups([n], k=1, max_uses=1).frame()["image_id"] for n in (kept, first)]
    assert [column.to_list() for column in built] == [[2, 1], [1, 3]]


@st.composite
def native_first(draw):
    """Draw neighbors whose own items were put first."""
    captions, columns = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    rows, scores, native = [], [], []
    level = st.integers(-4, 4)
    for _ in range(captions):
        own = draw(st.integers(0, columns))
        parts = [
            sorted((draw(level) for _ in range(n)), reverse=True) for n in (own, columns - own)
        ]
        rows.append(draw(st.permutations(range(8)))[:columns])
        scores.append([*parts[0], *parts[1]])
        native.append([True] * own + [False] * (columns - own))
    return Neighbors(
        np.arange(captions, dtype=np.uint32),
        np.array(rows, dtype=np.uint32),
        np.array(scores, dtype=np.float32) / 4,
        Modality.TEXT,
        Modality.IMAGE,
        "toy",
        columns,
        native=np.array(native),
        how=FIRST,
    )


@given(native_first(), st.integers(1, 5), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_only_own_captions_can_leave_a_caption_without_its_item(neighbors, k, max_uses):
    keys = deciding_keys(neighbors)
    own = neighbors.native
    assert (keys[:, 1:] <= keys[:, :-1]).all()
    if own.any() and not own.all():
        assert keys[own].min() > keys[~own].max()
    table = build_groups([neighbors], k=k, max_uses=max_uses).frame()
    used = {(t, i) for t, i in table.select("text_id", "image_id").iter_rows() if i is not None}
    for caption, column in zip(*np.nonzero(own), strict=True):
        item = int(neighbors.ids[caption, column])
        if (int(caption), item) in used or column >= k:
            continue
        holders = [t for t, i in used if i == item]
        assert len(holders) == max_uses
        assert all(own[t, neighbors.ids[t].tolist().index(item)] for t in holders)
