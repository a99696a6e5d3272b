"""Hubness, native items and settings of `find_neighbors`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.engine import LocalEngine
from pentad.core.errors import InputError, UnknownName
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors import backends
from pentad.neighbors.backends import get_backend
from pentad.neighbors.find import find_neighbors
from pentad.neighbors.hubness import METHODS, adjust, fair_neighborhood
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.settings import Settings


def captions(vectors, **options):
    return Embeddings.from_array(vectors, modality="text", space="toy", **options)


def sounds(vectors, **options):
    return Embeddings.from_array(vectors, modality="audio", space="toy", **options)


def normal(rows, dim, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)


def line(found, query):
    return list(zip(found.ids[query].tolist(), found.scores[query].tolist(), strict=True))


def by_hand(queries, corpus, pairs, k, native):
    """Return the ids that each query should get, the slow way."""
    whole = find_neighbors(queries, corpus, len(corpus))
    own = {(int(q), int(x)) for q, x in pairs}
    expected = []
    for q, ids in zip(whole.query_ids.tolist(), whole.ids.tolist(), strict=True):
        mine = [x for x in ids if (q, x) in own]
        others = [x for x in ids if (q, x) not in own]
        lists = {"keep": ids, "exclude": others, "first": mine + others}
        expected.append(lists[native][:k])
    return expected


@pytest.mark.parametrize("native", ["keep", "exclude", "first"])
@given(
    pairs=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 29)), max_size=40),
    k=st.integers(1, 6),
    seed=st.integers(0, 9),
)
@settings(max_examples=40, deadline=None)
def test_native_items_are_treated_as_asked(native, pairs, k, seed):
    rng = np.random.default_rng(seed)
    queries = captions(rng.integers(-2, 3, (12, 3)), ids=np.arange(12) * 3)
    corpus = sounds(rng.integers(-2, 3, (30, 3)), ids=np.arange(30) * 2 + 1)
    given_pairs = np.array([(q * 3, x * 2 + 1) for q, x in pairs], dtype=np.int64).reshape(-1, 2)
    own = {q: len({x for p, x in pairs if p == q}) for q, _ in pairs}
    if native == "exclude" and 30 - max(own.values(), default=0) < k:
        return
    found = find_neighbors(queries, corpus, k, pairs=given_pairs, native=native)
    assert found.ids.tolist() == by_hand(queries, corpus, given_pairs, k, native)
    flags = [
        [(q, x) in {tuple(p) for p in given_pairs.tolist()} for x in ids]
        for q, ids in zip(found.query_ids.tolist(), found.ids.tolist(), strict=True)
    ]
    assert found.native.tolist() == flags
    assert found.how["native"] == {
        "treatment": native,
        "pairs": len({tuple(p) for p in given_pairs.tolist()}),
        "found": int(np.sum(flags)),
    }


def test_scores_of_native_items_put_first_are_their_own():
    queries, corpus = captions(normal(5, 4)), sounds(normal(9, 4, 1))
    whole = find_neighbors(queries, corpus, 9)
    found = find_neighbors(queries, corpus, 4, pairs=[(2, whole.ids[2, 8])], native="first")
    assert line(found, 2) == [line(whole, 2)[8], *line(whole, 2)[:3]]
    assert line(found, 1) == line(whole, 1)[:4]


def test_pairs_of_ids_that_are_not_there_are_left_out():
    found = find_neighbors(
        captions(normal(5, 4)), sounds(normal(9, 4)), 2, pairs=[(99, 1), (1, 99)], native="exclude"
    )
    assert found.how["native"] == {"treatment": "exclude", "pairs": 0, "found": 0}


def test_native_neighbors_outlive_the_disk(tmp_path):
    found = find_neighbors(
        captions(normal(5, 4)), sounds(normal(9, 4)), 3, pairs=[(0, 8), (3, 2)], native="first"
    )
    found.save(tmp_path)
    loaded = Neighbors.load(tmp_path)
    assert loaded.native.tolist() == found.native.tolist()
    assert loaded.ids.tolist() == found.ids.tolist()


def test_a_native_treatment_needs_pairs_and_something_left():
    queries, corpus = captions(normal(5, 4)), sounds(normal(4, 4))
    with pytest.raises(InputError, match="to exclude native items, say which they are"):
        find_neighbors(queries, corpus, 2, native="exclude")
    pairs = [(1, 0), (1, 1), (1, 2)]
    with pytest.raises(InputError, match=r"text 1 is native to 3 of 4 audio items.* less than k"):
        find_neighbors(queries, corpus, 2, pairs=pairs, native="exclude")
    with pytest.raises(UnknownName, match="'first'"):
        find_neighbors(queries, corpus, 2, pairs=pairs, native="fist")
    with pytest.raises(InputError, match="native pairs must be"):
        find_neighbors(queries, corpus, 2, pairs=[1, 2])


@pytest.mark.parametrize("method", METHODS[1:])
def test_adjusted_scores_decide_the_order_and_scores_stay_raw(method, tmp_path):
    queries, corpus = captions(normal(60, 6) + 0.5), sounds(normal(40, 6, 1) + 0.5)
    found = find_neighbors(queries, corpus, 5, hubness=method)
    rows = adjust(queries.vectors, corpus.vectors, method, fair_neighborhood(5, 60, 40))
    products = rows.queries.astype(np.float64) @ rows.corpus.T.astype(np.float64)
    assert found.ids.tolist() == np.argsort(-products, axis=1)[:, :5].tolist()
    np.testing.assert_allclose(found.adjusted_scores, -np.sort(-products)[:, :5], rtol=1e-6)
    cosines = queries.unit() @ corpus.unit().T
    raw = np.take_along_axis(cosines, found.ids.astype(np.int64), 1)
    np.testing.assert_allclose(found.scores, raw, rtol=1e-5)
    assert (np.diff(found.scores) > 0).any()
    assert found.how["hubness"] == method
    found.save(tmp_path)
    loaded = Neighbors.load(tmp_path)
    assert loaded.adjusted_scores.tobytes() == found.adjusted_scores.tobytes()
    assert list(loaded.frame().columns)[-1] == "adjusted_score"


def test_adjusted_rows_go_to_a_folder_where_memory_is_short(tmp_path):
    queries, corpus = captions(normal(300, 600)), sounds(normal(200, 600, 1))
    held = find_neighbors(queries, corpus, 3, hubness="csls")
    mapped = find_neighbors(queries, corpus, 3, hubness="csls", memory=1 << 20, scratch=tmp_path)
    assert held.ids.tolist() == mapped.ids.tolist()
    assert not any(tmp_path.iterdir())


def test_hubness_is_of_cosines_and_natives_can_be_put_first_in_it():
    queries, corpus = captions(normal(60, 6)), sounds(normal(40, 6, 1))
    with pytest.raises(InputError, match="adjusts cosines only"):
        find_neighbors(queries, corpus, 3, hubness="csls", metric="dot")
    with pytest.raises(UnknownName, match="'center'"):
        find_neighbors(queries, corpus, 3, hubness="centre")
    found = find_neighbors(queries, corpus, 3, hubness="csls", pairs=[(7, 3)], native="first")
    assert found.ids[7, 0] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recall": 0}, "recall must be above 0 and at most 1; got 0"),
        ({"recall": 1.5}, "recall must be above 0"),
        ({"memory": 1000}, "memory must be at least 1 MiB; got 1000 bytes"),
        ({"neighborhood": 0}, "neighborhood must be at least 1; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        find_neighbors(captions(normal(2, 2)), sounds(normal(2, 2)), 1, **options)


def test_an_index_is_kept_and_used_again(tmp_path, monkeypatch):
    queries, corpus = captions(normal(200, 8)), sounds(normal(2000, 8, 1))
    options = {"backend": "ivf", "recall": 0.9, "scratch": tmp_path}
    first = find_neighbors(queries, corpus, 5, **options)
    assert first.how["backend"] == "ivf"
    assert first.how["recall"] >= 0.85
    assert (tmp_path / "index" / "index.faiss").exists()

    def refuse(*_, **__):
        raise RuntimeError("built again")

    monkeypatch.setattr("pentad.neighbors.approximate.search.build_ivf", refuse)
    again = find_neighbors(queries, corpus, 5, **options)
    assert again.ids.tobytes() == first.ids.tobytes()
    with pytest.raises(RuntimeError, match="built again"):
        find_neighbors(queries, sounds(normal(2000, 8, 2)), 5, **options)


def test_only_exact_search_runs_elsewhere():
    with pytest.raises(InputError, match="only exact search runs on other devices"):
        find_neighbors(
            captions(normal(2, 2)), sounds(normal(2, 2)), 1, backend="ivf", device="cuda"
        )


def test_auto_is_approximate_beyond_a_million_items_for_many_queries():
    exact, ivf = get_backend("exact"), get_backend("ivf")
    assert get_backend("auto", queries=10_000, items=1_000_000) is exact
    assert get_backend("auto", queries=10_000, items=1_000_001) is ivf
    assert get_backend("auto", queries=999, items=9_000_000) is exact
    cluster = Settings(engine=LocalEngine())
    assert get_backend("auto", 10_000, 9_000_000, cluster) is exact


@pytest.mark.parametrize("hubness", ["none", "center"])
def test_a_vector_that_is_not_finite_is_named_by_its_id(hubness):
    queries, corpus = captions(normal(5, 3), ids=[2, 4, 6, 8, 10]), sounds(normal(4, 3))
    corpus.vectors[2, 1] = np.nan
    with pytest.raises(InputError, match="the vector of audio 2 is not finite; embed it again"):
        find_neighbors(queries, corpus, 1, hubness=hubness)
    queries.vectors[3, 1] = np.inf
    with pytest.raises(InputError, match="the vector of text 8 is not finite"):
        find_neighbors(queries, sounds(normal(4, 3)), 1, hubness=hubness)


def test_a_grid_of_shards_gives_the_same_bytes(tmp_path, monkeypatch):
    queries, corpus = captions(normal(60, 300)), sounds(normal(3000, 300, 1))
    plain = find_neighbors(queries, corpus, 4)
    spread = find_neighbors(queries, corpus, 4, engine=LocalEngine(), memory=1 << 20)
    assert spread.how["engine"] == "local"
    monkeypatch.setattr(backends, "_LONG", 0)
    kept = find_neighbors(queries, corpus, 4, scratch=tmp_path, memory=1 << 20)
    assert any((tmp_path / "products").iterdir())
    for found in (spread, kept):
        assert found.ids.tobytes() == plain.ids.tobytes()
        assert found.scores.tobytes() == plain.scores.tobytes()


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(InputError, match="cuda:77"):
        find_neighbors(captions(normal(2, 2)), sounds(normal(2, 2)), 1, device="cuda:77")
    with pytest.raises(InputError, match="an engine searches on processors; got device cuda"):
        find_neighbors(
            captions(normal(2, 2)), sounds(normal(2, 2)), 1, device="cuda", engine=LocalEngine()
        )


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_native_pairs_of_long_ids_are_found_whatever_their_type(dtype):
    base = 1 << 60
    queries = captions(normal(3, 4), ids=np.arange(3, dtype=np.uint64) + base)
    corpus = sounds(normal(9, 4, 1), ids=np.arange(9, dtype=np.uint64) + base)
    pairs = np.array([[base + 1, base + 7], [base + 2, base + 3]], dtype=dtype)
    found = find_neighbors(queries, corpus, 2, pairs=pairs, native="first")
    assert found.how["native"] == {"treatment": "first", "pairs": 2, "found": 2}
    assert (found.ids[1:, 0] - base).tolist() == [7, 3]
    assert found.take(pairs[:1, 0]).query_ids.tolist() == [base + 1]


def test_native_pairs_are_integers_or_none_at_all():
    sides = captions(normal(2, 2)), sounds(normal(3, 2))
    assert find_neighbors(*sides, 1, pairs=[]).how["native"]["pairs"] == 0
    for pairs in ([["a", "b"]], [[0.5, 1.0]], [[None, 1]]):
        with pytest.raises(InputError, match="ids must be integers"):
            find_neighbors(*sides, 1, pairs=pairs)


def test_k_may_be_a_number_of_numpy_and_no_float():
    sides = captions(normal(2, 2)), sounds(normal(30, 2))
    assert find_neighbors(*sides, np.int64(3)).k == 3
    with pytest.raises(InputError, match=r"k must be a whole number; got 2\.0"):
        find_neighbors(*sides, 2.0)


def test_scratch_may_be_text(tmp_path):
    assert Settings(scratch=str(tmp_path)).scratch == tmp_path
