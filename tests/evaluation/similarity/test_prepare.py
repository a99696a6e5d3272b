import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.similarity.frames import NamedFrames
from pentad.evaluation.similarity.prepare import Recipe, prepare


def items(vectors: object, counts: list[int] | None = None, space: str = "s") -> NamedFrames:
    array = np.asarray(vectors)
    offsets = np.cumsum([0, *(counts or [1] * len(array))])
    return NamedFrames(
        tuple(f"i{n}" for n in range(len(offsets) - 1)), array, offsets, "audio", space
    )


def random(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, dim))


@settings(max_examples=40)
@given(
    st.sampled_from(["mean", "median", "max"]),
    st.sampled_from([-1, 1, 3]),
    st.booleans(),
    st.sampled_from(["float64", "float32", "float16"]),
)
def test_the_four_steps(how: str, components: int, normalize: bool, dtype: str) -> None:
    counts = [1, 4, 2, 2, 3, 1, 5, 2]
    vectors = random(sum(counts), 6).astype(dtype)
    found = prepare(items(vectors, counts), Recipe(how, components, normalize))
    parts = np.split(vectors.astype(np.float64), np.cumsum(counts)[:-1])
    ones = np.array([getattr(np, how)(part, axis=0) for part in parts])
    ones /= np.linalg.norm(ones, axis=1, keepdims=True)
    if components > 0:
        ones = PCA(n_components=components, svd_solver="full").fit_transform(ones)
        ones *= np.sign((ones * found.vectors).sum(axis=0))
    if normalize:
        ones /= np.linalg.norm(ones, axis=1, keepdims=True)
    np.testing.assert_allclose(found.vectors, ones, atol=1e-9)
    assert found.vectors.dtype == np.float64
    assert ("explained" in found.recipe) == (components > 0)


def test_without_pca_vectors_have_length_1_whatever_is_said() -> None:
    frames = items(random(5, 3) * 7)
    for normalize in (True, False):
        found = prepare(frames, Recipe("none", -1, normalize)).vectors
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)


def test_pca_can_be_fitted_on_others() -> None:
    frames, others = items(random(6, 4)), items(random(40, 4, seed=1) + 3, space="train")
    found = prepare(frames, Recipe("none", 2, False), fit_on=others)
    units = others.vectors / np.linalg.norm(others.vectors, axis=1, keepdims=True)
    own = frames.vectors / np.linalg.norm(frames.vectors, axis=1, keepdims=True)
    expected = PCA(n_components=2).fit(units).transform(own)
    np.testing.assert_allclose(np.abs(found.vectors), np.abs(expected), atol=1e-9)
    assert found.recipe["fitted_on"] == "train"
    assert prepare(frames, Recipe("none", 2)).recipe["fitted_on"] == "these items"
    with pytest.raises(InputError, match="fitted on vectors of another length"):
        prepare(frames, Recipe("none", 2), fit_on=items(random(9, 5)))


def test_few_items_may_be_prepared_by_many_components_of_others() -> None:
    found = prepare(items(random(2, 6)), Recipe("none", 5), fit_on=items(random(30, 6, seed=2)))
    assert found.vectors.shape == (2, 5)


def test_a_sample_is_drawn_by_its_seed() -> None:
    frames = items(random(50, 4))
    first, again, other = (
        prepare(frames, Recipe("none", 2, fit_sample=10, seed=seed)).vectors for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(np.abs(first), np.abs(other))
    whole = prepare(frames, Recipe("none", 2)).vectors
    sampled = prepare(frames, Recipe("none", 2, fit_sample=50)).vectors
    np.testing.assert_array_equal(whole, sampled)


def test_items_without_a_direction_are_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    vectors = np.array([[1.0, 0], [0, 0], [0, 2], [1e300, 1e300]])
    with caplog.at_level(logging.WARNING):
        found = prepare(items(vectors), Recipe("none", -1))
    assert found.names == ("i0", "i2")
    np.testing.assert_array_equal(found.vectors, np.eye(2))
    assert caplog.messages == [
        "2 of 4 items are left out, their vectors have no direction: 'i1', 'i3'"
    ]
    with pytest.raises(InputError, match="no item has a vector with a direction"):
        prepare(items(np.zeros((3, 2))), Recipe("none", -1))


def test_many_items_without_a_direction_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    vectors = np.vstack([np.zeros((9, 2)), np.eye(2)])
    prepare(items(vectors), Recipe("none", -1))
    assert caplog.messages[0].startswith("9 of 11 items are left out")
    assert caplog.messages[0].endswith("'i4' ...")


def test_equal_items_have_no_direction_after_pca() -> None:
    frames = items(np.ones((4, 2)))
    with pytest.raises(InputError, match="'i0' is where the mean of all is"):
        prepare(frames, Recipe("none", 1))
    np.testing.assert_array_equal(
        prepare(frames, Recipe("none", 1, False)).vectors, np.zeros((4, 1))
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"pca": 0}, "components from 1, or -1 for none, got 0"),
        ({"pca": -2}, "got -2"),
        ({"fit_sample": 0}, "fit sample must be at least 1"),
    ],
)
def test_recipes_that_make_no_sense(values: dict, said: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError, match=said):
        Recipe(**values)
    with pytest.raises(UnknownName, match="aggregation 'average'"):
        Recipe("average")


def test_too_many_components() -> None:
    with pytest.raises(InputError, match="expected 1 to 3 for 9 items of 3 dimensions"):
        prepare(items(random(9, 3)), Recipe("none", 100))
    with pytest.raises(InputError, match="expected 1 to 2 for 2 items"):
        prepare(items(random(9, 3)), Recipe("none", 3, fit_sample=2))
