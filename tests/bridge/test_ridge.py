from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Reference

from pentad.bridge.ridge import make_ridge

STRENGTH = 0.7


def planted(rows: int, dim: int = 6, out: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, dim))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = x @ rng.normal(size=(dim, out)) + 0.1 * rng.normal(size=(rows, out))
    return x, y, np.arange(rows) % 4


@pytest.mark.parametrize("rows", [5, 60], ids=["fewer rows than columns", "more rows than columns"])
def test_the_map_is_that_of_an_independent_ridge_regression(rows: int) -> None:
    x, y, fold = planted(rows)

    found = make_ridge([(x, y, fold)], 4).solve(STRENGTH)

    expected = Reference(alpha=STRENGTH, fit_intercept=False).fit(x, y).coef_.T
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("rows", [5, 60], ids=["fewer rows than columns", "more rows than columns"])
def test_a_fold_left_out_takes_no_part(rows: int) -> None:
    x, y, fold = planted(rows)
    kept = fold != 2

    found = make_ridge([(x, y, fold)], 4).predict(STRENGTH, 2, x[~kept])

    refitted = Reference(alpha=STRENGTH, fit_intercept=False).fit(x[kept], y[kept])
    np.testing.assert_allclose(found, refitted.predict(x[~kept]), rtol=1e-8, atol=1e-10)


def test_asking_for_another_strength_does_not_return_the_last_answer() -> None:
    x, y, fold = planted(60)
    ridge = make_ridge([(x, y, fold)], 4)

    weak = ridge.predict(0.1, 0, x)
    strong = ridge.predict(100.0, 0, x)

    assert np.abs(strong).max() < 0.2 * np.abs(weak).max()
    np.testing.assert_array_equal(ridge.predict(0.1, 0, x), weak)


def test_parts_are_pooled() -> None:
    x, y, fold = planted(60)

    split = make_ridge([(x[:20], y[:20], fold[:20]), (x[20:], y[20:], fold[20:])], 4)

    np.testing.assert_allclose(
        split.solve(STRENGTH), make_ridge([(x, y, fold)], 4).solve(STRENGTH), rtol=1e-9
    )
