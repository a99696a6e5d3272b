import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.rankings import ALL, search_all, search_blocks
from pentad.evaluation.similarity.scoring import Search
from tests.evaluation.similarity.worlds import World, worlds


@settings(max_examples=60)
@given(worlds(), st.sampled_from(["dot", "euclidean"]), st.integers(1, 12))
def test_all_others_best_first_and_equal_ones_in_their_order(
    world: World, search: str, k: int
) -> None:
    found = search_all(world.named, Search(search), k)
    for query in range(len(world.vectors)):
        assert found.found[query].tolist() == world.ranking(query, search)[:k]
    assert found.whole == (k >= len(world.vectors) - 1)
    everything = search_all(world.named, Search(search), ALL)
    assert everything.whole
    np.testing.assert_array_equal(everything.found[:, :k], found.found)


def test_blocks_do_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    names = tuple(f"c{n}" for n in range(50))
    vectors = NamedVectors(names, rng.integers(-1, 2, (50, 3)).astype(np.float64))
    whole = search_all(vectors, Search.euclidean, 7)
    monkeypatch.setattr("pentad.evaluation.similarity.rankings._CELLS", 1)
    parts = list(search_blocks(vectors, Search.euclidean, 7))
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate([p.found for p in parts]), whole.found)
    np.testing.assert_array_equal(np.concatenate([p.scores for p in parts]), whole.scores)


def test_what_cannot_be_searched() -> None:
    two = NamedVectors(("a", "b"), np.eye(2))
    for k in (0, -2):
        with pytest.raises(InputError, match="a number from 1, or -1 for all"):
            search_all(two, Search.dot, k)
    with pytest.raises(InputError, match="a search needs two items"):
        search_all(two.take([0]), Search.dot, 1)
    assert search_all(two, Search.dot, 99).found.tolist() == [[1], [0]]
