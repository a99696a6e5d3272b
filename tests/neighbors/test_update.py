"""Neighbors brought up to date against a fresh search, over sequences of changes."""

from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, SpaceMismatch
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors import arrivals, backends, update
from pentad.neighbors.find import find_neighbors
from pentad.neighbors.int8.floors import FloorSearch
from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.seen import SPARE, Seen
from pentad.neighbors.update import update_neighbors
from tests.every_metric import COSINE_AND_SLOW_OTHERS
from tests.progress_recorder import Recorder

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

SAME = (
    "query_modality", "modality", "space", "k", "metric", "corpus_size",
    "query_location", "location",
)  # fmt: skip


@pytest.fixture(params=["multiplied", "bytes", "crowded"])
def path(request, monkeypatch):
    """Let new items be met in every way, in small blocks, however much has changed."""
    if request.param != "multiplied" and not has_fast_int8():
        pytest.skip("this processor has no AVX-512 VNNI")
    monkeypatch.setattr(update, "_ANEW", 2.0)
    monkeypatch.setattr(update, "_ITEMS", 7)
    monkeypatch.setattr(update, "_QUERY_VALUES", 40)
    monkeypatch.setattr(update, "_SEARCHED_BYTES", 64)
    monkeypatch.setattr(arrivals, "_WORTHWHILE", 1 << 60 if request.param == "multiplied" else 0)
    if request.param == "crowded":
        monkeypatch.setattr(FloorSearch, "pairs", lambda self, queries, floors: None)
    return request.param


class Side:
    """Vectors by id that come, go and change."""

    def __init__(self, modality, rng, draw, dtype):
        self.modality, self.rng, self.draw, self.dtype = modality, rng, draw, dtype
        self.vectors = {}

    def add(self, count, ids):
        free = np.setdiff1d(ids, list(self.vectors))
        for number in self.rng.permutation(free)[:count].tolist():
            self.vectors[number] = self.draw(self.rng)

    def remove(self, count):
        for number in self.rng.permutation(list(self.vectors))[:count].tolist():
            del self.vectors[number]

    def change(self, count):
        for number in self.rng.permutation(list(self.vectors))[:count].tolist():
            self.vectors[number] = self.draw(self.rng)

    @property
    def now(self):
        ids = sorted(self.vectors)
        rows = np.array([self.vectors[i] for i in ids]).astype(self.dtype)
        return side(self.modality, rows, ids=ids)


def side(modality, vectors, **options):
    return Embeddings.from_array(vectors, modality=modality, space="toy", **options)


def whole_numbers(rng):
    """Duplicates, ties and zeros abound."""
    return rng.integers(-2, 3, 3)


def near_ties(rng):
    """Scores differ by less than float32 tells."""
    steps = rng.choice([0, 1e-7, 1e-4], 5)
    return (1 + steps) * np.array([1.0, 0.3, -0.7, 0.2, 0.9]) * rng.choice([1.0, 2.0])


def normals(rng):
    return rng.standard_normal(6)


def fresh(queries, corpus, k, metric="cosine", **options):
    found = find_neighbors(
        queries, corpus, min(k, len(corpus)), metric=metric, backend="exact", **options
    )
    return replace(found, k=k)


def require_equal(found, expected):
    for name in SAME:
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("query_ids", "ids", "scores"):
        got, wanted = getattr(found, name), getattr(expected, name)
        assert got.dtype == wanted.dtype, name
        np.testing.assert_array_equal(got, wanted, err_msg=name)
    for name in ("query_ids", "query_digests", "item_ids", "item_digests"):
        got, wanted = getattr(found.seen, name), getattr(expected.seen, name)
        np.testing.assert_array_equal(got, wanted, err_msg=name)
    require_first(found.seen.spares(), expected.seen.spares())
    assert found.how["backend"] == "exact"
    assert found.how["hubs"] == expected.how["hubs"]


def require_first(found, expected):
    """Check that the spare neighbors known are the first of those that there are."""
    (ids, scores), (wanted_ids, wanted) = found, expected
    known = ~np.isnan(scores)
    assert (known[:, 1:] <= known[:, :-1]).all()
    assert not known[:, wanted.shape[1] :].any()
    there = known[:, : wanted.shape[1]]
    columns = there.shape[1]
    np.testing.assert_array_equal(ids[:, :columns][there], wanted_ids[:, :columns][there])
    np.testing.assert_array_equal(scores[:, :columns][there], wanted[:, :columns][there])


ACTIONS = st.sampled_from(["add", "remove", "remove", "change", "save"])
STEPS = st.lists(
    st.tuples(ACTIONS, st.booleans(), st.one_of(st.integers(0, 3), st.integers(0, 12))),
    min_size=1,
    max_size=12,
)


def from_file(found):
    with TemporaryDirectory() as folder:
        found.save(folder)
        return Neighbors.load(folder)


def play(steps, seed, k, metric, draw, dtype):
    """Bring neighbors up to date after every step, and compare each time."""
    rng = np.random.default_rng(seed)
    captions, sounds = Side("text", rng, draw, dtype), Side("audio", rng, draw, dtype)
    numbers = np.arange(80) if seed % 2 else np.arange(80) + 2**33
    captions.add(12, np.arange(40))
    sounds.add(int(rng.integers(1, 40)), numbers)
    found = fresh(captions.now, sounds.now, k, metric)
    for action, of_items, count in steps:
        chosen = sounds if of_items else captions
        if action == "save":
            found = from_file(found)
        elif action == "add":
            chosen.add(count, numbers if of_items else np.arange(40))
        else:
            getattr(chosen, action)(min(count, len(chosen.vectors) - 1))
        found = update_neighbors(found, captions.now, sounds.now)
        require_equal(found, fresh(captions.now, sounds.now, k, metric))
        if action == "add" and of_items and not found.how["update"]["anew"]:
            assert found.how["update"]["searched"] == 0


@pytest.mark.parametrize("draw", [whole_numbers, near_ties, normals])
@pytest.mark.parametrize("metric", COSINE_AND_SLOW_OTHERS)
def test_any_sequence_of_changes_leads_where_a_fresh_search_does(path, metric, draw):
    @given(
        steps=STEPS,
        seed=st.integers(0, 2**32 - 1),
        k=st.sampled_from([1, 2, 5, 16]),
        dtype=st.sampled_from([np.float16, np.float32]),
    )
    @settings(max_examples=8, deadline=None)
    def check(steps, seed, k, dtype):
        play(steps, seed, k, metric, draw, dtype)

    check()


@pytest.mark.parametrize("seed", range(4))
def test_a_file_between_changes_makes_no_difference(seed):
    steps = [("add", True, 3), ("change", False, 1), ("remove", True, 2), ("add", False, 2)]
    saved = [each for step in steps for each in (step, ("save", True, 0))]
    play(saved, seed, 4, "cosine", whole_numbers, np.float16)


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("draw", [whole_numbers, near_ties, normals])
def test_many_small_removals_use_up_spare_neighbors_and_find_new_ones(path, draw, k):
    steps = [("remove", True, 2), ("remove", True, 1), ("add", True, 2), ("change", True, 1)]
    play([("add", True, 30), *steps * 6], 1, k, "cosine", draw, np.float32)


def counted(found):
    update = found.how["update"]
    return {name: update[name] for name in ("anew", "searched", "products")}


def normal_sides(queries, items, dim=8):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((queries + items, dim)).astype(np.float16)
    return side("text", vectors[:queries]), side("audio", vectors[queries:])


def test_nothing_is_computed_where_nothing_changed():
    captions, sounds = normal_sides(30, 50)
    before = fresh(captions, sounds, 4)
    found = update_neighbors(before, captions, sounds)
    require_equal(found, before)
    assert counted(found) == {"anew": False, "searched": 0, "products": 0}
    none = {"new": 0, "changed": 0, "removed": 0}
    assert (found.how["update"]["queries"], found.how["update"]["items"]) == (none, none)


def test_only_new_products_are_computed(monkeypatch):
    captions, sounds = normal_sides(40, 60)
    fewer = captions.take(np.arange(37)), sounds.take(np.arange(5, 60))
    before = fresh(*fewer, 4)
    found = update_neighbors(before, captions, sounds)
    require_equal(found, fresh(captions, sounds, 4))
    assert counted(found) == {"anew": False, "searched": 3, "products": 3 * 60 + 37 * 5}
    facts = found.how["update"]
    assert facts["queries"] == {"new": 3, "changed": 0, "removed": 0}
    assert facts["items"] == {"new": 5, "changed": 0, "removed": 0}
    kept = found.ids[:37]
    assert facts["entered"] == (kept < 5).any(axis=1).sum()
    assert facts["rescored"] == 0
    paths = found.how["int8"] + found.how["float32"]
    assert paths == 3


def test_spare_neighbors_take_the_places_of_those_that_went():
    captions, sounds = normal_sides(40, 60)
    before = fresh(captions, sounds, 4)
    fewer = sounds.take(np.setdiff1d(sounds.ids, [7, 30]))
    found = update_neighbors(before, captions, fewer)
    require_equal(found, fresh(captions, fewer, 4))
    assert np.isin(before.ids, [7, 30]).any()
    assert counted(found) == {"anew": False, "searched": 0, "products": 0}
    assert found.how["update"]["items"] == {"new": 0, "changed": 0, "removed": 2}


def test_queries_that_lose_more_neighbors_than_are_spare_are_searched_and_no_others():
    captions, sounds = normal_sides(40, 60)
    before = fresh(captions, sounds, 4)
    gone = np.arange(20)
    fewer = sounds.take(np.arange(20, 60))
    found = update_neighbors(before, captions, fewer)
    require_equal(found, fresh(captions, fewer, 4))
    lists = np.concatenate([before.ids, before.seen.spare_ids], axis=1)
    lost = int((np.isin(lists, gone).sum(axis=1) > SPARE).sum())
    assert 0 < lost < 40
    assert counted(found) == {"anew": False, "searched": lost, "products": lost * 40}


def falling(items, wanted=None):
    """One caption and items that are less and less like it; item 2 n is the n-th."""
    angles = np.arange(items) / items
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    sounds = side("audio", vectors, ids=2 * np.arange(items))
    return sounds if wanted is None else sounds.take(wanted)


def known(found):
    """All neighbors known of the only query."""
    ids, scores = found.seen.spares()
    return [*found.ids[0].tolist(), *ids[~np.isnan(scores)].tolist()]


def test_spare_neighbors_are_used_up_and_found_again():
    captions = side("text", [[1.0, 0.0]])
    left = np.arange(0, 80, 2)
    found = fresh(captions, falling(40), 2)
    for length in (5, 4, 3, 2, 6, 5):
        left = left[1:]
        found = update_neighbors(found, captions, falling(40, left))
        assert known(found) == left[:length].tolist()
        assert found.how["update"]["searched"] == int(length == 6)


def test_items_behind_the_last_that_is_known_are_forgotten_and_others_make_lists_longer(path):
    captions, vectors = side("text", [[1.0, 0.0]]), falling(40).vectors
    ids = np.arange(40)

    def sounds(*wanted):
        return side("audio", vectors[list(wanted)], ids=ids[list(wanted)])

    found = fresh(captions, sounds(*range(4, 40, 4)), 2)
    assert known(found) == [4, 8, 12, 16, 20, 24]
    found = update_neighbors(found, captions, sounds(4, 12, 24, 28, 32, 36))
    assert known(found) == [4, 12, 24]
    found = update_neighbors(found, captions, sounds(4, 12, 24, 25, 28, 32, 36))
    assert known(found) == [4, 12, 24]
    assert found.how["update"]["entered"] == 0
    found = update_neighbors(found, captions, sounds(3, 4, 12, 13, 24, 25, 28, 32, 36))
    assert known(found) == [3, 4, 12, 13, 24]
    assert found.how["update"]["entered"] == 1
    found = update_neighbors(found, captions, sounds(1, 2, 3, 4, 12, 13, 24, 25, 28, 32, 36))
    assert known(found) == [1, 2, 3, 4, 12, 13]


@pytest.mark.parametrize("new", [5, 7])
def test_equal_scores_on_both_sides_of_the_last_that_is_known(path, new):
    captions, east = side("text", [[1.0, 0.0]]), [1.0, 0.0]
    before = fresh(captions, side("audio", [east] * 9, ids=[2, 4, 6, 8, 10, 12, 14, 16, 18]), 2)
    ids = [2, 4, 6, 14, 16, 18]
    found = update_neighbors(before, captions, side("audio", [east] * 6, ids=ids))
    assert known(found) == [2, 4, 6]
    ids = sorted([*ids, new])
    found = update_neighbors(found, captions, side("audio", [east] * 7, ids=ids))
    assert known(found) == ([2, 4, 5, 6] if new == 5 else [2, 4, 6])


def test_neighbors_without_spare_ones_are_searched_where_one_went():
    captions, sounds = normal_sides(40, 60)
    before = fresh(captions, sounds, 4)
    before = replace(before, seen=Seen.of(captions, sounds))
    fewer = sounds.take(np.setdiff1d(sounds.ids, [7, 30]))
    found = update_neighbors(before, captions, fewer)
    require_equal(found, fresh(captions, fewer, 4))
    lost = np.isin(before.ids, [7, 30]).any(axis=1)
    assert counted(found)["searched"] == lost.sum()
    spare = ~np.isnan(found.seen.spare_scores)
    assert spare[lost].all()
    assert not spare[~lost].any()


def test_a_changed_item_went_and_came():
    captions, sounds = normal_sides(40, 60)
    vectors = sounds.vectors.copy()
    vectors[7] = -vectors[7]
    changed = replace(sounds, vectors=vectors)
    before = fresh(captions, sounds, 4)
    found = update_neighbors(before, captions, changed)
    require_equal(found, fresh(captions, changed, 4))
    assert (before.ids == 7).any()
    assert found.how["update"]["items"] == {"new": 0, "changed": 1, "removed": 0}
    assert counted(found)["products"] == 40


def test_equal_scores_are_told_apart_by_id_in_the_middle():
    east = [1.0, 0.0]
    captions = side("text", [east, [0.0, 1.0]])
    before = fresh(captions, side("audio", [east] * 6, ids=[1, 3, 5, 7, 9, 11]), 3)
    corpus = side("audio", [east] * 8, ids=[1, 2, 3, 4, 5, 7, 9, 11])
    found = update_neighbors(before, captions, corpus)
    assert found.ids.tolist() == [[1, 2, 3], [1, 2, 3]]
    assert found.how["update"]["rescored"] == 2


def test_scores_beyond_float32_are_told_apart():
    captions = side("text", np.full((5, 2), 3e38, np.float32))
    lengths = np.linspace(1e30, 3e38, 30, dtype=np.float32)
    sounds = side("audio", np.stack([lengths, -lengths[::-1]], axis=1))
    before = fresh(captions, sounds.take(np.arange(0, 30, 2)), 4, "dot")
    assert not np.isfinite(before.scores).all()
    found = update_neighbors(before, captions, sounds)
    require_equal(found, fresh(captions, sounds, 4, "dot"))
    fewer = sounds.take(np.setdiff1d(sounds.ids, found.ids[0, [0, 2]]))
    found = update_neighbors(found, captions, fewer)
    require_equal(found, fresh(captions, fewer, 4, "dot"))
    assert counted(found)["searched"] == 0


def test_scores_below_float32_are_told_from_none():
    captions = side("text", [[3e38, 0.0]])
    lengths = -np.linspace(1e30, 3e38, 12, dtype=np.float32)
    sounds = side("audio", np.stack([lengths, lengths], axis=1))
    found = fresh(captions, sounds.take([3, 4, 5, 6, 7, 8, 9]), 4, "dot")
    assert np.isinf(found.scores).all()
    for items in ([3, 6, 7, 8, 9], [1, 3, 6, 7, 8, 9, 11], [1, 3, 6, 7, 8, 10, 11], range(12)):
        corpus = sounds.take(list(items))
        found = from_file(update_neighbors(found, captions, corpus))
        require_equal(found, fresh(captions, corpus, 4, "dot"))


def test_a_small_corpus_grows_and_shrinks(path):
    captions, sounds = normal_sides(6, 40)
    found = fresh(captions, sounds.take(np.arange(3)), 16)
    for count in (20, 40, 21, 16, 15, 2, 1, 17):
        corpus = sounds.take(np.arange(count))
        found = update_neighbors(found, captions, corpus)
        require_equal(found, fresh(captions, corpus, 16))
        assert found.columns == min(16, count)


@pytest.mark.parametrize("items", [[7], [7, 61], []])
def test_progress_counts_all_queries(items):
    captions, sounds = normal_sides(40, 62)
    before = fresh(captions, sounds.take(np.setdiff1d(sounds.ids, [61])), 4)
    progress = Recorder()
    corpus = sounds.take(np.setdiff1d(sounds.ids, items))
    update_neighbors(before, captions, corpus, progress=progress)
    assert (progress.name, progress.done, progress.total) == ("neighbors text to audio", 40, 40)


def test_a_corpus_smaller_than_k_is_said():
    captions, sounds = normal_sides(4, 20)
    progress = Recorder()
    update_neighbors(
        fresh(captions, sounds, 16), captions, sounds.take([1, 2, 3]), progress=progress
    )
    assert progress.notices == [
        "audio: 16 neighbors were asked for and there are 3 items; each text gets 3"
    ]


def test_much_change_is_a_search_of_everything():
    captions, sounds = normal_sides(10, 60)
    before = fresh(captions, sounds.take(np.arange(10)), 4)
    found = update_neighbors(before, captions, sounds)
    require_equal(found, fresh(captions, sounds, 4))
    assert counted(found) == {"anew": True, "searched": 10, "products": 600}


def test_a_search_of_everything_keeps_what_is_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(backends, "_LONG", 0)
    captions, sounds = normal_sides(40, 300)
    before = fresh(captions, sounds.take(np.arange(10)), 4)
    found = update_neighbors(before, captions, sounds, memory=1 << 20, scratch=tmp_path)
    assert found.how["update"]["anew"]
    assert any((tmp_path / "products").iterdir())
    require_equal(found, fresh(captions, sounds, 4))


def test_memory_bounds_what_is_prepared(monkeypatch):
    given = []
    exact = update.ExactSearch

    def watched(*sides, **options):
        given.append(options)
        return exact(*sides, **options)

    monkeypatch.setattr(update, "ExactSearch", watched)
    captions, sounds = normal_sides(40, 300)
    before = fresh(captions.take(np.arange(35)), sounds, 4)
    found = update_neighbors(before, captions, sounds, memory=1 << 21)
    require_equal(found, fresh(captions, sounds, 4))
    assert given == [{"memory": 1 << 21}]
    with pytest.raises(InputError, match="memory must be at least 1 MiB"):
        update_neighbors(before, captions, sounds, memory=1)


def test_vectors_of_another_type_are_other_vectors():
    captions, sounds = normal_sides(10, 60)
    wide = replace(sounds, vectors=sounds.vectors.astype(np.float32))
    found = update_neighbors(fresh(captions, sounds, 4), captions, wide)
    require_equal(found, fresh(captions, wide, 4))
    assert found.how["update"]["items"]["changed"] == 60


@pytest.mark.parametrize("together", [3, 1 << 16])
def test_marks_of_native_items_are_kept_up_to_date(together, monkeypatch):
    monkeypatch.setattr("pentad.neighbors.update._LISTS", together)
    captions, sounds = normal_sides(20, 60)
    own = fresh(captions, sounds, 4).ids[:, [0, 2]]
    pairs = np.stack([np.repeat(captions.ids, 2), own.ravel()], axis=1)
    before = fresh(captions, sounds.take(np.arange(3, 60)), 4, pairs=pairs)
    found = update_neighbors(before, captions, sounds, pairs=pairs)
    expected = fresh(captions, sounds, 4, pairs=pairs)
    require_equal(found, expected)
    assert not found.how["update"]["anew"]
    np.testing.assert_array_equal(found.native, expected.native)
    assert found.how["native"] == expected.how["native"]
    with pytest.raises(InputError, match="mark the queries' own items; pass pairs="):
        update_neighbors(before, captions, sounds)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seen": None}, "do not say what was compared.*; find them anew with find_neighbors"),
        ({"how": {"backend": "ivf"}}, "by exact search can be updated, not by ivf; find them anew"),
        ({"how": {}}, "not by None; find them anew"),
        ({"adjusted_scores": True}, "adjusted for hubs.*; find them anew"),
        (
            {"how": {"backend": "exact", "native": {"treatment": "first"}}},
            "native items first cannot be updated; find them anew",
        ),
    ],
)
def test_what_cannot_be_updated_is_refused(changes, message):
    captions, sounds = normal_sides(10, 60)
    before = fresh(captions, sounds, 4)
    if "adjusted_scores" in changes:
        changes = {"adjusted_scores": before.scores}
    with pytest.raises(InputError, match=message):
        update_neighbors(replace(before, **changes), captions, sounds)


def test_bad_sides_are_refused():
    captions, sounds = normal_sides(10, 60)
    before = fresh(captions, sounds, 4)
    with pytest.raises(InputError, match="no audio items to search; embed some first"):
        update_neighbors(before, captions, sounds.take([]))
    with pytest.raises(InputError, match="one length; expected 7, got 8"):
        update_neighbors(before, captions, side("audio", np.ones((60, 7))))
    with pytest.raises(InputError, match="expected text to image, got text to audio"):
        update_neighbors(before, captions, side("image", sounds.vectors))
    other = replace(sounds, space="other")
    with pytest.raises(SpaceMismatch):
        update_neighbors(before, captions, other)
    with pytest.raises(SpaceMismatch, match="'toy' and space 'other'"):
        update_neighbors(before, replace(captions, space="other"), other)


@pytest.mark.parametrize("which", ["queries", "items"])
def test_a_new_value_that_is_not_finite_is_named(which):
    captions, sounds = normal_sides(10, 60)
    before = fresh(captions, sounds, 4)
    spoiled = captions if which == "queries" else sounds
    vectors = spoiled.vectors.copy()
    vectors[8, 3] = np.nan
    now = {"queries": captions, "items": sounds, which: replace(spoiled, vectors=vectors)}
    with pytest.raises(InputError, match=r"the vector of (text|audio) \d+ is not finite"):
        update_neighbors(before, now["queries"], now["items"])
