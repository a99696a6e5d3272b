import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.intervals import resample_weights
from pentad.evaluation.significance import medians
from pentad.evaluation.significance.medians import (
    bootstrap_medians,
    percentile_ends,
    weighted_medians,
)

SIZES = st.integers(1, 12)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), size=SIZES, rows=st.integers(1, 4))
def test_a_weight_of_two_is_two_values(data: st.DataObject, size: int, rows: int) -> None:
    values = data.draw(arrays(np.float64, size, elements=st.integers(1, 6).map(float)))
    weights = data.draw(arrays(np.int64, (rows, size), elements=st.integers(0, 3)))
    weights[:, 0] = np.maximum(weights[:, 0], 1)
    found = weighted_medians(values, weights)
    for row, median in zip(weights, found, strict=True):
        assert median == np.median(np.repeat(values, row))


def test_infinite_values_are_values_and_nan_is_none() -> None:
    values = np.array([1.0, np.inf, np.inf, np.nan])
    weights = np.array([[1, 1, 1, 1], [2, 1, 0, 5], [1, 1, 0, 9], [0, 0, 0, 1]])
    np.testing.assert_array_equal(weighted_medians(values, weights), [np.inf, 1, np.inf, np.nan])
    assert np.isnan(weighted_medians(np.array([np.nan]), np.ones((1, 1)))[0])


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.random(20), rng.integers(0, 3, (30, 20))
    whole = weighted_medians(values, weights)
    monkeypatch.setattr(medians, "_CELLS", 45)
    np.testing.assert_array_equal(weighted_medians(values, weights), whole)


def test_weights_must_fit() -> None:
    with pytest.raises(InputError, match="one weight a value"):
        weighted_medians(np.ones(3), np.ones((2, 4)))


def test_the_interval_is_that_of_a_plain_loop_over_the_same_draws() -> None:
    rng = np.random.default_rng(3)
    values, units = rng.integers(1, 30, (2, 40)), rng.integers(0, 9, 40)
    found = bootstrap_medians(values, units, generator(1), resamples=300)
    paired = bootstrap_medians(values[:1], units, generator(1), minus=values[1:], resamples=300)
    weights = np.concatenate(list(resample_weights(generator(1), 300, 9))).astype(int)
    drawn = np.array([[np.median(np.repeat(v, w[units])) for w in weights] for v in values])
    for row, interval, draws in zip(values, found, drawn, strict=True):
        assert interval.value == np.median(row)
        assert (interval.low, interval.high) == tuple(np.quantile(draws, [0.025, 0.975]))
    ends = tuple(np.quantile(drawn[0] - drawn[1], [0.025, 0.975]))
    assert paired[0] == (np.median(values[0]) - np.median(values[1]), *ends)


def test_one_unit_says_nothing_about_spread() -> None:
    values = np.array([[1.0, 5.0, 9.0]])
    assert bootstrap_medians(values, np.zeros(3), generator(0)) == [(5.0, 5.0, 5.0)]
    with pytest.raises(InputError, match="no query"):
        bootstrap_medians(np.ones((1, 0)), np.zeros(0), generator(0))


def test_equal_systems_differ_by_nothing_even_at_infinity() -> None:
    values = np.array([[1.0, np.inf, np.inf, np.inf]])
    found = bootstrap_medians(values, np.arange(4), generator(0), minus=values)
    assert found == [(0.0, 0.0, 0.0)]


def test_ends_beside_infinity_and_nan() -> None:
    draws = np.concatenate([np.arange(97.0), [np.inf] * 3])
    assert percentile_ends(draws, 0.9) == (4.0, 94.0)
    assert percentile_ends(draws, 0.95)[1] == np.inf
    assert percentile_ends(np.array([np.nan, 2.0, 2.0]), 0.95) == (2.0, 2.0)
    assert np.isnan(percentile_ends(np.array([np.nan]), 0.95)).all()
