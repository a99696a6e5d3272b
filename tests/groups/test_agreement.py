import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.groups import agreement
from pentad.groups.build import build_groups
from pentad.neighbors.neighbors import Neighbors

EAST, NORTH, WEST = (1, 0), (0, 1), (-1, 0)


def vectors(modality, rows, space="shared", ids=None):
    array = np.array(rows, dtype=np.float32)
    return Embeddings.from_array(array, modality=modality, space=space, ids=ids)


@pytest.fixture
def crossed(make_neighbors):
    """Two captions whose images and sounds agree crosswise, and those of caption 1 by rank."""
    images = make_neighbors("image", [[(0, 0.9), (1, 0.8)], [(0, 0.9), (1, 0.8)]])
    sounds = make_neighbors("audio", [[(5, 0.7), (4, 0.6)], [(4, 0.7), (5, 0.6)]])
    features = {
        "image": vectors("image", [EAST, NORTH]),
        "audio": vectors("audio", [(2, 0), (0, 3)], ids=[4, 5]),
    }
    return [images, sounds], features


def rows(groups, *names):
    return groups.frame().sort("text_id", "rank").select(names).rows()


def test_items_that_agree_stand_together_and_keep_their_retrieval_rank(crossed):
    neighbors, features = crossed
    groups = build_groups(neighbors, compose="agreement", features=features)
    names = (
        "text_id",
        "rank",
        "image_id",
        "audio_id",
        "neighbor_rank_image",
        "neighbor_rank_audio",
    )
    assert rows(groups, *names) == [
        (0, 1, 0, 4, 1, 2),
        (0, 2, 1, 5, 2, 1),
        (1, 1, 0, 4, 1, 1),
        (1, 2, 1, 5, 2, 2),
    ]
    assert groups.frame().columns[-1] == "agreement"
    assert groups.frame()["agreement"].to_list() == [1, 1, 1, 1]
    scores = groups.frame().sort("text_id", "rank")["audio_score"].to_list()
    assert scores == np.array([0.6, 0.7, 0.7, 0.6], dtype=np.float32).tolist()
    assert groups.manifest["compose"] == {
        "how": "agreement",
        "pairs": [{"left": "image", "right": "audio", "space": "shared"}],
        "groups": 4,
        "agreement_by_rank": 0.5,
        "agreement": 1.0,
    }


def test_features_alone_say_how_much_groups_agree_by_rank(crossed):
    neighbors, features = crossed
    groups = build_groups(neighbors, features=features)
    assert rows(groups, "image_id", "audio_id", "agreement") == [
        (0, 5, 0),
        (1, 4, 0),
        (0, 4, 1),
        (1, 5, 1),
    ]
    assert groups.frame().drop("agreement").equals(build_groups(neighbors).frame())
    compose = groups.manifest["compose"]
    assert (compose["how"], compose["agreement_by_rank"], compose["agreement"]) == (
        "rank",
        0.5,
        0.5,
    )


def test_modalities_of_other_spaces_have_no_say_and_stay_by_rank(crossed, make_neighbors):
    neighbors, features = crossed
    videos = make_neighbors("video", [[(1, 0.9), (0, 0.8)]] * 2)
    strange = {"video": vectors("video", [(9, 9, 9), (8, 8, 8)], space="other")}
    for further in ({}, strange):
        groups = build_groups(
            [*neighbors, videos], compose="agreement", features=features | further
        )
        assert rows(groups, "image_id", "audio_id", "video_id")[:2] == [(0, 4, 1), (1, 5, 0)]
        assert len(groups.manifest["compose"]["pairs"]) == 1


def test_a_group_without_a_pair_has_no_agreement(make_neighbors):
    images = make_neighbors("image", [[(0, 0.9), (1, 0.8)], [(0, 0.5), (1, 0.1)]])
    sounds = make_neighbors("audio", [[(0, 0.7)], [(1, 0.6)]])
    features = {m: vectors(m, [EAST, WEST]) for m in ("image", "audio")}
    groups = build_groups([images, sounds], compose="agreement", features=features, threshold=0.3)
    assert rows(groups, "image_id", "audio_id", "agreement") == [
        (0, 0, 1),
        (1, None, None),
        (0, 1, -1),
        (None, None, None),
    ]
    assert groups.manifest["compose"]["groups"] == 2


def test_nothing_to_compare_is_refused(crossed, make_neighbors):
    neighbors, features = crossed
    apart = features | {"audio": vectors("audio", [EAST, NORTH], space="alone", ids=[4, 5])}
    with pytest.raises(InputError, match=r"two modalities .* got image shared, audio alone"):
        build_groups(neighbors, features=apart)
    with pytest.raises(InputError, match="got no vectors"):
        build_groups(neighbors, features={})
    longer = features | {"audio": vectors("audio", [(1, 0, 0), (0, 1, 0)], ids=[4, 5])}
    with pytest.raises(InputError, match="one length"):
        build_groups(neighbors, features=longer)


@pytest.mark.parametrize("ids", [[4, 6], [0, 4], [7, 8], []])
def test_an_item_without_a_vector_is_named(crossed, ids):
    neighbors, features = crossed
    lacking = vectors("audio", [EAST, NORTH][: len(ids)], ids=ids) if ids else None
    empty = Embeddings(
        np.zeros((0, 2), np.float32), np.zeros(0, np.uint32), Modality.AUDIO, "shared"
    )
    with pytest.raises(InputError, match="audio 5 stands in a group and has no vector"):
        build_groups(neighbors, features=features | {"audio": lacking or empty})


def drawn(seed, captions, columns, modalities):
    """Neighbors and features of some modalities, all in one space."""
    rng = np.random.default_rng(seed)
    found, features = [], {}
    for modality in modalities:
        ids = rng.permuted(np.tile(np.arange(30, dtype=np.uint32), (captions, 1)), axis=1)
        scores = np.sort(rng.random((captions, columns), dtype=np.float32), axis=1)[:, ::-1]
        found.append(
            Neighbors(
                np.arange(captions, dtype=np.uint32),
                ids[:, :columns],
                np.ascontiguousarray(scores),
                Modality.TEXT,
                Modality(modality),
                "shared",
                columns,
                corpus_size=30,
            )
        )
        features[modality] = vectors(modality, rng.normal(size=(30, 8)))
    return found, features


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(2, 4), st.sampled_from([None, 2]))
@settings(max_examples=30, deadline=None)
def test_it_puts_the_same_items_together_and_never_agrees_less(seed, k, many, max_uses):
    modalities = ["image", "audio", "video", "points"][:many]
    neighbors, features = drawn(seed, 7, 6, modalities)
    by_rank, agreed = (
        build_groups(neighbors, k=k, max_uses=max_uses, compose=how, features=features)
        for how in ("rank", "agreement")
    )
    for modality in modalities:
        sets = [
            groups.frame().group_by("text_id").agg(f"{modality}_id").sort("text_id")
            for groups in (by_rank, agreed)
        ]
        left, right = ([set(ids) for ids in table[f"{modality}_id"].to_list()] for table in sets)
        assert left == right
    for groups in (by_rank, agreed):
        expected = [mean_cosine(row, features) for row in groups.frame().iter_rows(named=True)]
        assert groups.frame()["agreement"].to_list() == pytest.approx(expected, abs=1e-5)
    totals = [groups.frame()["agreement"].sum() for groups in (by_rank, agreed)]
    if max_uses is None:
        assert totals[1] >= totals[0] - 1e-4
    compose = agreed.manifest["compose"]
    assert compose["agreement_by_rank"] == by_rank.manifest["compose"]["agreement"]
    assert json.loads(json.dumps(compose)) == compose


def mean_cosine(row, features):
    units = {m: e.unit()[row[f"{m}_id"]] for m, e in features.items() if row[f"{m}_id"] is not None}
    found = [float(units[a] @ units[b]) for a, b in combinations(units, 2)]
    return float(np.mean(found)) if found else None


def test_blocks_and_threads_make_no_difference(monkeypatch):
    neighbors, features = drawn(3, 60, 6, ["image", "audio", "video"])
    ids = {n.modality: n.ids for n in neighbors}
    chosen = {m: np.tile(np.arange(5, dtype=np.int16), (60, 1)) for m in ids}
    whole = agreement.agree_on(ids, chosen, features, how="agreement", threads=1)
    monkeypatch.setattr(agreement, "_BLOCK_BYTES", 1 << 12)
    parts = agreement.agree_on(ids, chosen, features, how="agreement", threads=3)
    assert whole.values.tobytes() == parts.values.tobytes()
    assert whole.facts == parts.facts
    for modality, array in whole.chosen.items():
        assert array.tobytes() == parts.chosen[modality].tobytes()
        assert (
            chosen[modality].tobytes() == np.tile(np.arange(5, dtype=np.int16), (60, 1)).tobytes()
        )
