"""The score above which a nearest neighbor is too near to be chance, set from the training items.

An evaluation item that has nothing to do with the training set still has a nearest training item.
How near it comes can be seen within the training set: there, too, every item has a nearest other
one. So for a sample of training items the nearest other one is found, known duplicates left out
(same bytes, same caption key, same external id), and the distances ``d = 1 - cosine`` are described
by a Weibull law,

    P(d <= x) = 1 - exp(-(x / scale) ** shape),

which is the law of the least of many distances that are bounded below (extreme values; for points
spread evenly it holds exactly, with half the dimension that they fill as the shape). It is fitted
by least squares to ``log(-log(1 - p))`` over the quantiles from 5 % to 60 %. The very nearest ones,
among which copies hide that nobody knew of, do not enter: a first fit, to the quantiles from 40 %
to 90 %, says which they are, and what lies below the threshold of one fit is left out of the next,
but for the share that belongs there, until nothing changes. The threshold is the distance that an
unrelated item falls below with the probability that was asked for.

It holds as far as unrelated evaluation items are spread like training items. Where they crowd in a
corner that the training set fills densely there are more false alarms; where they lie outside there
are fewer. Beside the threshold stands the share of sampled training items that exceed it: these
are copies within the training set, or false alarms, so the rate of false alarms is at most about
this share, whatever their law is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors.find import find_neighbors

LEAST_SAMPLE = 50
"""Training items that are needed to set a threshold."""
SAMPLE = 4000
"""Training items of which the nearest other one is found, at most."""
_OTHERS = 8
_FIRST_FIT, _FIT = (0.4, 0.9), (0.05, 0.6)
_ROUNDS = 8
_EQUAL = 1e-6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Threshold:
    """A threshold of cosines, and how it was found.

    Attributes:
        value: The least cosine that counts.
        method: ``given`` or ``calibrated``.
        rate: Probability that an unrelated evaluation item reaches it; None if it was given.
        sample: Training items whose nearest other one was looked at; 0 if it was given.
        shape: Of the Weibull law; None if it was given.
        scale: Of the Weibull law.
        train_above: Share of the sampled training items that reach it, None if it was given.
        eval_above: Evaluation items that reach it.
        eval_items: Evaluation items that were compared.
    """

    value: float
    method: str
    rate: float | None = None
    sample: int = 0
    shape: float | None = None
    scale: float | None = None
    train_above: float | None = None
    eval_above: int = 0
    eval_items: int = 0

    @property
    def expected_false(self) -> float | None:
        """Evaluation items expected to reach it by chance; None if it was given."""
        return None if self.rate is None else self.rate * self.eval_items

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "expected_false": self.expected_false}


def calibrate(
    train: Embeddings,
    *,
    rate: float = 0.001,
    same: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Threshold:
    """Return the threshold that an unrelated item reaches with probability ``rate``.

    Args:
        train: Vectors of the training items.
        rate: Share of unrelated evaluation items that may reach the threshold by chance.
        same: int64 (items,): items with equal numbers are known to be duplicates.
        seed: Of the sample.

    Raises:
        InputError: The rate is not within 0..1, or there are too few items, or too few that differ.
    """
    if not 0 < rate < 1:
        raise InputError("the rate of false alarms is out of range", expected="0 to 1", seen=rate)
    _require(len(train))
    least = nearest_others(train, same=same, seed=seed)
    apart = np.sort(least[least > _EQUAL])
    surplus, quantiles = 0, _FIRST_FIT
    for _ in range(_ROUNDS):
        kept = apart[surplus:]
        _require(len(kept))
        shape, scale = fit_weibull(kept, quantiles)
        limit = scale * (-np.log1p(-rate)) ** (1 / shape)
        # A share ``rate`` below the limit belongs to the law; what is more is something else.
        before, quantiles = surplus, _FIT
        surplus = max(0, int((apart < limit).sum()) - int(np.ceil(rate * len(kept))))
        if surplus == before:
            break
    above = float((least <= limit).mean())
    return Threshold(
        float(1 - limit), "calibrated", rate, len(least), float(shape), float(scale), above
    )


def nearest_others(
    train: Embeddings, *, same: NDArray[np.int64] | None = None, seed: int = 0
) -> Floats:
    """Return 1 - cosine to the nearest other item, for a sample of items; float64 (sampled,).

    An item of which all the nearest ones are known duplicates is left out.
    """
    count = min(SAMPLE, len(train))
    rows = np.sort(generator(seed, "leakage", "sample").permutation(len(train))[:count])
    sample = train.take(train.ids[rows])
    near = find_neighbors(sample, train, min(1 + _OTHERS, len(train)))
    group = np.arange(len(train)) if same is None else same
    places = np.searchsorted(train.ids, near.ids)
    other = group[places] != group[rows][:, None]
    first = np.argmax(other, axis=1)
    scores = near.scores[np.arange(count), first].astype(np.float64)
    return np.asarray(np.maximum(1 - scores[other.any(axis=1)], 0.0))


def fit_weibull(values: Floats, quantiles: tuple[float, float] = _FIT) -> tuple[float, float]:
    """Return shape and scale of the Weibull law through some quantiles of positive values."""
    shares = np.linspace(*quantiles, 56)
    x = np.log(np.quantile(values, shares))
    y = np.log(-np.log1p(-shares))
    spread = x - x.mean()
    steepness = float(spread @ spread)
    if steepness <= 0:
        raise InputError("all training items are equally near to another; give a threshold")
    shape = float(spread @ (y - y.mean())) / steepness
    return shape, float(np.exp(x.mean() - y.mean() / shape))


def _require(count: int) -> None:
    if count < LEAST_SAMPLE:
        raise InputError(
            "too few different training items to set a threshold from; give one",
            expected=f"at least {LEAST_SAMPLE}",
            seen=count,
        )
