import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pentad.core.errors import InputError, SpaceMismatch, UnknownName
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors.backends import BACKENDS
from pentad.neighbors.find import find_neighbors
from pentad.neighbors.neighbors import Neighbors
from tests.progress_recorder import Recorder

backends = pytest.mark.parametrize("backend", sorted(BACKENDS))


def captions(vectors, **options):
    return Embeddings.from_array(vectors, modality="text", space="toy", **options)


def sounds(vectors, **options):
    return Embeddings.from_array(vectors, modality="audio", space="toy", **options)


EAST, NORTH, BETWEEN = [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]


@backends
def test_neighbors_come_closest_first_with_their_own_ids(backend):
    found = find_neighbors(
        captions([EAST, NORTH], ids=[7, 9]),
        sounds([NORTH, EAST, BETWEEN], ids=[30, 10, 20]),
        k=2,
        backend=backend,
    )
    assert found.query_ids.tolist() == [7, 9]
    assert found.ids.tolist() == [[10, 20], [30, 20]]
    np.testing.assert_allclose(found.scores, [[1, 0.5**0.5], [1, 0.5**0.5]], rtol=1e-7)
    assert (found.query_modality, found.modality, found.space) == ("text", "audio", "toy")
    assert (found.k, found.columns, found.corpus_size) == (2, 2, 3)
    assert (found.ids.dtype, found.scores.dtype) == (np.uint32, np.float32)


@backends
def test_scores_are_greater_when_closer_for_every_metric(backend):
    corpus = sounds([[2.0, 0.0], [4.0, 3.0]])
    expected = {
        "cosine": [[0, 1], [1.0, 0.8]],
        "dot": [[1, 0], [4.0, 2.0]],
        "euclidean": [[0, 1], [-1.0, -(18**0.5)]],
    }
    for metric, (ids, scores) in expected.items():
        found = find_neighbors(captions([EAST]), corpus, 2, metric=metric, backend=backend)
        assert found.ids.tolist() == [ids]
        np.testing.assert_allclose(found.scores, [scores], rtol=1e-6)
        assert found.metric == metric


@backends
def test_ties_are_broken_by_id_whatever_the_order_of_the_corpus(backend):
    ids = [5, 3, 8, 1]
    found = find_neighbors(captions([EAST]), sounds([EAST] * 4, ids=ids), 3, backend=backend)
    assert found.ids.tolist() == [[1, 3, 5]]


@backends
@given(
    vectors=arrays(np.float32, (40, 4), elements=st.floats(-2, 2, width=16)),
    order=st.permutations(range(40)),
)
@settings(max_examples=40, deadline=None)
def test_permuting_the_corpus_changes_nothing(backend, vectors, order):
    queries = captions(vectors[:7])
    straight = find_neighbors(queries, sounds(vectors), 9, backend=backend)
    mixed = find_neighbors(queries, sounds(vectors[order], ids=order), 9, backend=backend)
    assert straight.ids.tobytes() == mixed.ids.tobytes()
    assert straight.scores.tobytes() == mixed.scores.tobytes()


@backends
@given(powers=st.lists(st.integers(-8, 8), min_size=50, max_size=50), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_scaling_vectors_changes_no_cosine_ranking(backend, powers, seed):
    """By powers of two, so that the scaled vectors point in exactly the same direction."""
    vectors = np.random.default_rng(seed).integers(-5, 6, (50, 5)).astype(np.float32)
    scaled = vectors * np.exp2(powers).astype(np.float32)[:, None]
    plain = find_neighbors(captions(vectors), sounds(vectors), 10, backend=backend)
    other = find_neighbors(captions(scaled), sounds(scaled), 10, backend=backend)
    assert plain.ids.tolist() == other.ids.tolist()
    assert plain.scores.tolist() == other.scores.tolist()


@backends
@given(vectors=arrays(np.float16, (60, 3), elements=st.integers(-2, 2)), k=st.integers(1, 59))
@settings(max_examples=40, deadline=None)
def test_a_longer_list_begins_with_the_shorter_one(backend, vectors, k):
    short = find_neighbors(captions(vectors[:5]), sounds(vectors), k, backend=backend)
    long = find_neighbors(captions(vectors[:5]), sounds(vectors), k + 1, backend=backend)
    assert long.ids[:, :k].tolist() == short.ids.tolist()


@backends
def test_progress_counts_the_queries(backend):
    progress = Recorder()
    find_neighbors(
        captions([EAST, NORTH]), sounds([EAST] * 3), 2, backend=backend, progress=progress
    )
    assert (progress.done, progress.total) == (2, 2)


@backends
def test_a_memory_mapped_float16_corpus_gives_what_it_gives_in_memory(backend, tmp_path):
    rng = np.random.default_rng(0)
    corpus = sounds(rng.standard_normal((500, 16)).astype(np.float16))
    queries = captions(rng.standard_normal((30, 16)).astype(np.float32))
    corpus.save(tmp_path)
    mapped = Embeddings.load(tmp_path)
    assert isinstance(mapped.vectors, np.memmap)
    left = find_neighbors(queries, corpus, backend=backend)
    right = find_neighbors(queries, mapped, backend=backend)
    assert left.ids.tobytes() == right.ids.tobytes()
    assert left.scores.tobytes() == right.scores.tobytes()


@backends
def test_no_queries_give_an_empty_list(backend):
    found = find_neighbors(captions(np.empty((0, 2))), sounds([EAST, NORTH]), 2, backend=backend)
    assert found.ids.shape == found.scores.shape == (0, 2)


def test_ids_past_four_billion_stay_64_bits_wide():
    found = find_neighbors(captions([EAST]), sounds([EAST, NORTH], ids=[2**40, 3]), 1)
    assert found.ids.tolist() == [[2**40]]
    assert found.ids.dtype == np.uint64


def test_scores_beyond_float32_keep_their_order():
    found = find_neighbors(captions([[3e38]]), sounds([[1e38], [2e38], [-1.0]]), 3, metric="dot")
    assert found.ids.tolist() == [[1, 0, 2]]
    assert found.scores[0, 0] == np.inf


def test_two_spaces_are_not_compared():
    other = Embeddings.from_array([EAST], modality="audio", space="other")
    with pytest.raises(SpaceMismatch, match=r"'toy'.*'other'"):
        find_neighbors(captions([EAST]), other)


@pytest.mark.parametrize(
    ("queries", "corpus", "k", "message"),
    [
        ([EAST], np.empty((0, 2)), 1, "no audio items"),
        ([EAST], [EAST], 0, "k must be at least 1; got 0"),
        ([EAST], [EAST, NORTH], 3, "k is more than there are audio items; expected <= 2, got 3"),
        ([EAST], [[1.0]], 1, "one length; expected 1, got 2"),
        (np.empty((1, 0)), np.empty((1, 0)), 1, "at least one value"),
    ],
)
def test_what_cannot_be_searched_is_refused(queries, corpus, k, message):
    with pytest.raises(InputError, match=message):
        find_neighbors(captions(queries), sounds(corpus), k)


def test_unknown_names_say_what_was_meant():
    with pytest.raises(UnknownName, match="'cosine'"):
        find_neighbors(captions([EAST]), sounds([EAST]), 1, metric="cosin")
    with pytest.raises(UnknownName, match="'exact'"):
        find_neighbors(captions([EAST]), sounds([EAST]), 1, backend="exakt")


def test_locations_of_the_vectors_are_remembered():
    queries = Embeddings(
        np.eye(2, dtype=np.float32),
        np.arange(2, dtype=np.uint32),
        captions([EAST]).modality,
        "toy",
        "embeddings/toy/text",
    )
    found = find_neighbors(queries, sounds([EAST]), 1)
    assert (found.query_location, found.location) == ("embeddings/toy/text", "")


@backends
def test_neighbors_say_how_they_were_found_and_keep_it_on_disk(backend, tmp_path):
    found = find_neighbors(captions([EAST, NORTH]), sounds([EAST] * 40), 2, backend=backend)
    assert found.how["backend"] == "exact"  # of so few items no index is built
    found.save(tmp_path)
    assert Neighbors.load(tmp_path).how == found.how


def test_exact_search_counts_the_queries_by_path():
    found = find_neighbors(captions([EAST, NORTH]), sounds([EAST] * 40), 2)
    paths = {name: found.how[name] for name in ("backend", "int8", "float32", "redone")}
    assert paths == {"backend": "exact", "int8": 0, "float32": 2, "redone": 2}
