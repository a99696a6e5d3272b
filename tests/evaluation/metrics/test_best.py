import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.evaluation.metrics.best import best_columns, torn_rows


def plain(scores: np.ndarray, k: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(
        [sorted(range(len(row)), key=lambda c: (-row[c], c))[:k] for row in scores.tolist()],
        np.int64,
    ).reshape(len(scores), min(k, scores.shape[1]))


@settings(max_examples=80)
@given(
    st.integers(0, 4),
    st.integers(1, 200),
    st.integers(0, 12),
    st.sampled_from([1, 2, 5, 1000]),
    st.integers(0, 99),
)
def test_the_best_come_first_and_equal_ones_by_column(
    rows: int, columns: int, k: int, levels: int, seed: int
) -> None:
    scores = np.random.default_rng(seed).integers(0, levels, (rows, columns)).astype(np.float32)
    np.testing.assert_array_equal(best_columns(scores, k), plain(scores, k))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 7, 40])
def test_long_rows(dtype: type, k: int) -> None:
    scores = np.random.default_rng(k).normal(size=(5, 4001)).astype(dtype)
    scores[1] = 0.5
    scores[2, ::3] = scores[2].max() + 1
    scores[3] = -np.inf
    scores[4, 100:] = -np.inf
    np.testing.assert_array_equal(best_columns(scores, k), plain(scores, k))


def test_rows_whose_last_tie_goes_on() -> None:
    scores = np.array([[3.0, 2, 2, 1], [3, 2, 1, 0], [1, 1, 1, 1]])
    values = np.take_along_axis(scores, best_columns(scores, 2), axis=1)
    assert torn_rows(scores, values).tolist() == [0, 2]
    assert torn_rows(scores, values[:, :0]).tolist() == []
