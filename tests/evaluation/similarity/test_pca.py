import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.decomposition import PCA

from pentad.core.errors import InputError
from pentad.evaluation.similarity.pca import fit_pca


def spread(rows: int, dim: int, dtype: str = "float64") -> np.ndarray:
    """Vectors whose variance differs plainly along every axis."""
    rng = np.random.default_rng(rows * 100 + dim)
    scales = np.linspace(1, 5, dim)
    return (rng.normal(size=(rows, dim)) * scales + rng.normal(size=dim)).astype(dtype)


@pytest.mark.parametrize("shape", [(60, 8), (8, 60), (20, 20), (2, 5), (5, 1)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_it_is_that_of_scikit_learn_but_for_signs(shape: tuple[int, int], dtype: str) -> None:
    vectors = spread(*shape, dtype)
    components = min(shape[0] - 1, shape[1])
    wide = vectors.astype(np.float64)
    reference = PCA(n_components=components, svd_solver="full").fit(wide)
    found = fit_pca(vectors, components)
    signs = np.sign((found.axes * reference.components_).sum(axis=1))
    np.testing.assert_allclose(found.axes, reference.components_ * signs[:, None], atol=1e-9)
    np.testing.assert_allclose(found.explained, reference.explained_variance_ratio_, atol=1e-12)
    np.testing.assert_allclose(found.apply(vectors), reference.transform(wide) * signs, atol=1e-8)


@settings(max_examples=50)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 12), st.integers(1, 12)),
        elements=st.integers(-9, 9).map(float),
    ),
    st.data(),
)
def test_axes_are_orthonormal_ordered_and_turned_the_same_way(
    vectors: np.ndarray, data: st.DataObject
) -> None:
    components = data.draw(st.integers(1, min(vectors.shape)))
    found = fit_pca(vectors, components)
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(components), atol=1e-9)
    strongest = np.abs(found.axes).argmax(axis=1)
    assert (found.axes[np.arange(components), strongest] > 0).all()
    assert (np.diff(found.explained) <= 1e-12).all()
    assert 0 <= found.explained.sum() <= 1 + 1e-9
    np.testing.assert_array_equal(fit_pca(vectors, components).axes, found.axes)
    variances = found.apply(vectors).var(axis=0, ddof=0).sum()
    assert variances == pytest.approx(found.explained.sum() * vectors.var(axis=0).sum(), abs=1e-8)


def test_all_components_keep_every_distance() -> None:
    vectors = spread(30, 6)
    moved = fit_pca(vectors, 6).apply(vectors)
    before = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.testing.assert_allclose(
        np.linalg.norm(moved[:, None] - moved[None], axis=2), before, atol=1e-9
    )


@pytest.mark.parametrize(
    ("shape", "components"), [((5, 3), 4), ((3, 5), 4), ((5, 3), 0), ((5, 3), -2)]
)
def test_as_many_components_as_cannot_be_are_refused(
    shape: tuple[int, int], components: int
) -> None:
    with pytest.raises(InputError, match="expected 1 to 3 for") as caught:
        fit_pca(spread(*shape), components)
    assert caught.value.seen == components


def test_vectors_that_are_all_equal_have_no_variance_and_give_zeros() -> None:
    found = fit_pca(np.ones((4, 3)), 2)
    np.testing.assert_array_equal(found.explained, [0, 0])
    np.testing.assert_array_equal(found.apply(np.ones((4, 3))), np.zeros((4, 2)))
    assert found.apply(np.empty((0, 3))).shape == (0, 2)
