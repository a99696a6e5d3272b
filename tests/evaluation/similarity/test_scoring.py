import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.similarity.scoring import Scorer, Search, as_search


def test_names_of_searches() -> None:
    assert as_search("nn") is as_search("euclidean") is as_search("nearest_neighbour")
    assert as_search("dot_product") is Search.dot
    with pytest.raises(UnknownName, match="did you mean 'cosine'"):
        as_search("cosin")


@settings(max_examples=60)
@given(st.integers(2, 40), st.integers(1, 9), st.sampled_from(list(Search)), st.data())
def test_equal_vectors_score_exactly_the_same_wherever_they_lie(
    rows: int, dim: int, search: Search, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    vectors = rng.normal(size=(rows, dim)) + 0.1
    same = data.draw(st.lists(st.integers(0, rows - 1), min_size=2, max_size=rows, unique=True))
    vectors[same] = vectors[same[0]]
    scores = Scorer(vectors, search).block(np.arange(rows))
    for query in set(range(rows)) - set(same):
        assert len(set(scores[query, same])) == 1
    np.testing.assert_array_equal(np.diag(scores), -np.inf)


@settings(max_examples=60)
@given(st.integers(2, 20), st.integers(1, 5), st.integers(0, 99))
def test_order_is_that_of_the_definition(rows: int, dim: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)) * 3
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    closeness = {
        Search.dot: vectors @ vectors.T,
        Search.cosine: unit @ unit.T,
        Search.euclidean: -np.linalg.norm(vectors[:, None] - vectors[None], axis=2),
    }
    for search, expected in closeness.items():
        found = Scorer(vectors, search).block(np.arange(rows))
        for row in range(rows):
            order = np.argsort(-found[row], kind="stable")[:-1]
            assert (np.diff(expected[row, order]) <= 1e-9).all()


def test_what_is_written_is_the_distance_or_the_product() -> None:
    vectors = np.array([[3.0, 4.0], [0.0, 0.0], [6.0, 8.0]])
    rows, found = np.array([0]), np.array([[2, 1]])
    assert Scorer(vectors, Search.dot).published(rows, found).tolist() == [[50, 0]]
    assert Scorer(vectors, Search.euclidean).published(rows, found).tolist() == [[5, 5]]
    cosine = Scorer(vectors[[0, 2]], Search.cosine).published(rows, np.array([[1]]))
    np.testing.assert_allclose(cosine, [[1]])


def test_a_zero_vector_has_no_cosine_but_a_place() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(InputError, match="a zero vector has no cosine"):
        Scorer(vectors, Search.cosine)
    assert Scorer(vectors, Search.dot).block(np.array([0])).tolist() == [[-np.inf, 0]]


def test_minus_zero_is_zero() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, -0.0], [2.0, 1.0]])
    scores = Scorer(vectors, Search.euclidean).block(np.array([2]))[0]
    assert scores[0] == scores[1]
