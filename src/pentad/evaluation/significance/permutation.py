r"""The paired permutation test, whole units swapped together.

If two systems are equally good, then swapping their values on all queries of a unit changes nothing
but the sign of chance. The test asks how often random swaps give a difference as large, either way,
as the one observed: p-values are two-sided. It is Fisher's randomization test (Noreen 1989,
"Computer-Intensive Methods for Testing Hypotheses"; for retrieval Smucker, Allan and Carterette,
CIKM 2007) with units in the place of queries: queries of one unit are no independent trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.significance.aligned import aligned
from pentad.evaluation.significance.bootstrap import median_rows
from pentad.evaluation.significance.flips import PERMUTATIONS, flips, p_values
from pentad.evaluation.significance.medians import minus_infinite, weighted_medians

if TYPE_CHECKING:
    from pentad.evaluation.scores import QueryScores

Floats = NDArray[np.float64]
# Sums of the same numbers in another order differ by rounding; that must not break a tie.
_SLACK = 1e-12


def permutation_test(
    first: QueryScores,
    second: QueryScores,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> list[float]:
    """Return the two-sided p-value of each of ``first.metrics``.

    Args:
        first: Scores of one system.
        second: Scores of another over the same queries and the same corpus, in any order.
        seed: The run's seed; of no matter where all ways to swap are tried.
        permutations: How many random ways to swap; where there are no more than so many in all,
            each is tried once and the p-value is exact.

    Raises:
        InputError: The directions, queries, units, pools or metrics differ, or a mean is infinite.
    """
    one, two = aligned([first, second])
    medians = median_rows(one.metrics)
    found = np.ones(len(one.metrics))
    if (~medians).any():
        shares = unit_shares(one.values[~medians], one.units)
        shares -= unit_shares(two.values[~medians], one.units)
        rng = generator(seed, "permutation", one.query.value, one.corpus.value)
        found[~medians] = sign_flip_test(shares, rng, permutations=permutations)
    for row in np.flatnonzero(medians):
        rng = generator(seed, "permutation", one.query.value, one.corpus.value, int(row))
        pair = (one.values[row], two.values[row])
        found[row] = median_swap_test(*pair, one.units, rng, permutations=permutations)
    return [float(p) for p in found]


def unit_shares(values: NDArray[Any], units: NDArray[Any]) -> Floats:
    """Return what each unit adds to the mean of each row: float64 (units, rows).

    Args:
        values: Numbers (rows, queries); what is NaN is left out.
        units: (queries,) labels.

    Raises:
        InputError: A value is infinite, or a row has none.
    """
    defined = ~np.isnan(values)
    if not defined.any(axis=1).all():
        raise InputError("there is no query to take a mean over")
    if np.isinf(values).any():
        raise InputError("the value of a query is infinite, so that means cannot be compared")
    _, codes = np.unique(units, return_inverse=True)
    known = np.where(defined, values, 0)
    sums = np.stack([np.bincount(codes, weights=row) for row in known], axis=1)
    shares: Floats = sums / defined.sum(axis=1)
    return shares


def sign_flip_test(
    shares: NDArray[Any], rng: np.random.Generator, *, permutations: int = PERMUTATIONS
) -> Floats:
    r"""Return the two-sided p-value that each column of ``shares`` adds up to 0 but for chance.

    With $d_u$ the difference of a unit, the statistic is $|\sum_u d_u|$ and its distribution that
    of $|\sum_u s_u d_u|$ with independent signs $s_u$. Units in which no column differs are left
    out, for their sign changes nothing.

    Args:
        shares: Finite numbers (units, tests): differences, as shares of the whole.
        rng: Where random swaps come from; all tests see the same ones.
        permutations: How many random swaps.

    Returns:
        float64 (tests,).
    """
    live = np.asarray(shares, np.float64)[(shares != 0).any(axis=1)]
    observed = np.abs(live.sum(axis=0)) - _SLACK * np.abs(live).sum(axis=0)
    reached = np.zeros(live.shape[1], np.int64)
    for block in flips(len(live), rng, permutations):
        signed = (1.0 - 2.0 * block) @ live
        reached += np.count_nonzero(np.abs(signed) >= observed, axis=0)
    return p_values(reached, len(live), permutations)


def median_swap_test(
    first: NDArray[Any],
    second: NDArray[Any],
    units: NDArray[Any],
    rng: np.random.Generator,
    *,
    permutations: int = PERMUTATIONS,
) -> float:
    """Return the two-sided p-value of the difference of the medians of two systems.

    Args:
        first: Numbers (queries,), infinite ones allowed; NaN ones are left out.
        second: Numbers (queries,) of the other system, NaN where the first is.
        units: (queries,) labels; the queries of a unit are swapped together.
        rng: Where random swaps come from.
        permutations: How many random swaps.
    """
    defined = ~np.isnan(first)
    first, second, units = first[defined], second[defined], units[defined]
    differing = np.unique(units[first != second])
    places = np.searchsorted(differing, units)
    places = np.where(np.isin(units, differing), places, len(differing))
    both = np.concatenate([first, second])
    observed = abs(_gap(both, np.zeros((1, len(first)), np.uint8))[0])
    slack = _SLACK * observed if np.isfinite(observed) else 0.0
    reached = 0
    for block in flips(len(differing), rng, permutations):
        fixed = np.zeros((len(block), 1), np.uint8)
        swapped = np.hstack([block, fixed])[:, places]
        reached += int(np.count_nonzero(np.abs(_gap(both, swapped)) >= observed - slack))
    return float(p_values(np.array(reached), len(differing), permutations))


def _gap(both: NDArray[Any], swapped: NDArray[np.uint8]) -> Floats:
    """Return the median of the first less that of the second, where some queries are swapped."""
    other = np.hstack([swapped, 1 - swapped])
    return minus_infinite(weighted_medians(both, 1 - other), weighted_medians(both, other))
