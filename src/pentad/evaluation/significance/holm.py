"""Holm's correction: many tests at once, and still few false alarms among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError

ALPHA = 0.05


@dataclass(frozen=True)
class Family:
    """Tests that are corrected together.

    Attributes:
        name: What they ask, such as ``tasks``.
        tests: How many there are.
        what: Out of what they come, such as ``12 rows x 3 pairs of runs``.
        alpha: The chance of even one false alarm among them, if no system is better than another.
        permutations: The most random swaps behind a p-value.
    """

    name: str
    tests: int
    what: str
    alpha: float = ALPHA
    permutations: int = 0

    def __str__(self) -> str:
        """Return the family in one sentence."""
        tests = "1 test" if self.tests == 1 else f"{self.tests} tests"
        return (
            f"{self.name}: {tests} ({self.what}), corrected together by Holm's method; with "
            f"probability {1 - self.alpha:.0%} not one of those called significant is a false alarm"
        )


def holm(p: ArrayLike) -> NDArray[np.float64]:
    r"""Return the adjusted p-values of a family of tests, float64 (tests,), in the order given.

    With $p_{(1)} \le \dots \le p_{(m)}$ the adjusted value of the i-th is

    $$ \tilde p_{(i)} = \min\bigl(1, \max_{j \le i} (m - j + 1)\, p_{(j)}\bigr) $$

    Calling those below alpha significant keeps the chance of even one false alarm below alpha,
    whatever the tests have to do with one another (Holm, "A simple sequentially rejective multiple
    test procedure", Scandinavian Journal of Statistics 6:65-70, 1979).

    Args:
        p: p-values (tests,), each from 0 to 1; there may be none.

    Raises:
        InputError: A value is not from 0 to 1.

    Examples:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise InputError("p-values are one row of numbers from 0 to 1")
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(values) else steps
    return adjusted


def permutations_for(tests: int, least: int, *, alpha: float = ALPHA) -> int:
    r"""Return how many random swaps let the smallest of ``tests`` p-values pass Holm's first step.

    The least p-value of $R$ random swaps is $1 / (R + 1)$, and the first step asks for
    $\alpha / m$: with fewer swaps no test of a large family could ever be significant. It is a
    quarter of that here, so that the noise of the swaps does not decide.

    Args:
        tests: m, the size of the family.
        least: The number for small families.
        alpha: Of the family.
    """
    return max(least, int(np.ceil(4 * tests / alpha)))


def significant(adjusted: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Return which adjusted p-values are below ``alpha``."""
    return [p < alpha for p in adjusted]
