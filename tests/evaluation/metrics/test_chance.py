from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.evaluation.metrics.chance import chance_of_hit


def exact(total: int, relevant: int, drawn: int) -> float:
    return float(1 - Fraction(comb(total - relevant, drawn), comb(total, drawn)))


@pytest.mark.parametrize(
    ("total", "relevant", "drawn", "chance"),
    [
        (10, 1, 1, 0.1),
        (10, 1, 5, 0.5),
        (4, 2, 2, 1 - 1 / 6),  # of the six pairs out of four items, one misses both relevant items
        (5, 0, 3, 0.0),
        (5, 2, 0, 0.0),
        (5, 3, 3, 1.0),  # only two items are not relevant
        (5, 1, 9, 1.0),  # more drawn than there are
        (0, 0, 5, 0.0),
    ],
)
def test_chance_by_hand(total: int, relevant: int, drawn: int, chance: float) -> None:
    assert chance_of_hit(total, relevant, drawn) == pytest.approx(chance, abs=1e-15)


@given(st.data())
def test_chance_is_the_binomial_ratio(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 300))
    relevant, drawn = data.draw(st.integers(0, total)), data.draw(st.integers(0, total))
    expected = exact(total, relevant, drawn)
    assert chance_of_hit(total, relevant, drawn) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("total", [10**6, 10**9, 10**12])
def test_a_tiny_chance_keeps_its_digits(total: int) -> None:
    expected = 1 - Fraction((total - 3) * (total - 4), total * (total - 1))  # three relevant, k = 2
    assert chance_of_hit(total, 3, 2) == pytest.approx(float(expected), rel=1e-14, abs=0)


def test_arguments_are_broadcast() -> None:
    found = chance_of_hit(10, np.array([1, 2]), np.array([[1], [10]]))
    np.testing.assert_allclose(found, [[0.1, 0.2], [1.0, 1.0]])


@pytest.mark.parametrize("arguments", [(3, 4, 1), (3, -1, 1), (3, 1, -1)])
def test_impossible_numbers_are_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="relevant"):
        chance_of_hit(*arguments)
