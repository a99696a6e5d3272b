import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, UnknownName
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.evaluation.similarity.frames import NamedFrames, aggregated

WAYS = {"mean": np.mean, "median": np.median, "max": np.max}


@settings(max_examples=50)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=8),
    st.sampled_from(sorted(WAYS)),
    st.sampled_from(["float16", "float32", "float64"]),
)
def test_each_item_is_reduced_by_itself_in_float64(counts: list[int], how: str, dtype: str) -> None:
    rng = np.random.default_rng(sum(counts))
    vectors = rng.normal(size=(sum(counts), 3)).astype(dtype)
    offsets = np.cumsum([0, *counts])
    frames = NamedFrames(tuple(map(str, range(len(counts)))), vectors, offsets)
    found = aggregated(frames, how)
    assert found.dtype == np.float64
    for row, (start, end) in enumerate(itertools.pairwise(offsets)):
        expected = WAYS[how](vectors[start:end].astype(np.float64), axis=0)
        np.testing.assert_allclose(found[row], expected, atol=1e-12)


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 4))
    frames = NamedFrames(tuple(map(str, range(10))), vectors, np.arange(0, 41, 4))
    whole = aggregated(frames, "median")
    monkeypatch.setattr("pentad.evaluation.similarity.frames._BLOCK", 1)
    np.testing.assert_array_equal(aggregated(frames, "median"), whole)


def test_one_frame_an_item_passes_any_way_as_it_is() -> None:
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    frames = NamedFrames(("a", "b", "c"), vectors, np.arange(4))
    for how in (*WAYS, "none"):
        np.testing.assert_array_equal(aggregated(frames, how), vectors)


def test_none_of_several_frames_is_refused_and_names_the_item() -> None:
    frames = NamedFrames(("a", "b"), np.ones((3, 2)), np.array([0, 1, 3]))
    with pytest.raises(InputError, match="'b' has 2 frames; aggregate by"):
        aggregated(frames, "none")
    with pytest.raises(UnknownName, match="did you mean 'median'"):
        aggregated(frames, "medain")


@pytest.mark.parametrize(
    ("names", "offsets", "said"),
    [
        (("a",), [0, 1, 2], "one name an item"),
        (("a", "a"), [0, 1, 2], "two items have the same name; got 'a'"),
        (("a", "b"), [0, 2, 2], "'b' has no frame"),
    ],
)
def test_what_does_not_fit_is_refused(
    names: tuple[str, ...], offsets: list[int], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        NamedFrames(names, np.ones((2, 2)), np.array(offsets))


def test_embeddings_of_either_kind() -> None:
    one = Embeddings.from_array(np.eye(2, dtype=np.float32), modality="image", space="s")
    several = FrameEmbeddings.from_list([np.ones((2, 3)), np.ones(3)], modality="audio", space="t")
    found = NamedFrames.of(one, ("a", "b"))
    assert (found.offsets.tolist(), found.modality, found.space) == ([0, 1, 2], "image", "s")
    assert NamedFrames.of(several, ("a", "b")).offsets.tolist() == [0, 2, 3]
