"""Classes by examples: few-shot classification, and how well a number of examples does.

The vector of a class is the direction of the mean of its examples. To say what ``k`` examples are
worth, ``k`` of each class are drawn, all others are classified, and this is repeated. Draws are
nested: the example of k = 1 is among those of k = 2.

**Intervals.** Both the draws and the classes are resampled, each with replacement, since another
draw, as well as other classes, would have given another score. They are percentile intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.class_vectors import (
    ClassVectors,
    Matrix,
    Rows,
    class_vector,
    own_ranks,
    used_rows,
)
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval, resample_weights

SHOTS = (1, 2, 4, 8, 16)
DRAWS = 10


@dataclass(frozen=True)
class FewShot:
    """What a number of examples a class is worth.

    Attributes:
        shots: Examples a class.
        draws: How often they were drawn.
        micro: Share of correct queries over all draws, with its 95 % interval.
        macro: Mean over draws and classes of their share, with its 95 % interval.
        per_draw: The micro share of every draw.
        classes: How many classes were told apart.
        queries: How many items a draw classifies.
        chance: What a random order of the classes would score.
        left_out: Classes with too few items for so many examples and a query.
    """

    shots: int
    draws: int
    micro: Interval
    macro: Interval
    per_draw: tuple[float, ...]
    classes: int
    queries: int
    chance: float
    left_out: tuple[str, ...] = ()


def prototypes(
    vectors: NDArray[Any], rows: Mapping[str, Rows], *, normalize_members: bool = False
) -> ClassVectors:
    """Return a vector for each class, made of examples.

    Args:
        vectors: (examples, dim), of any length.
        rows: Class -> its rows, at least one.
        normalize_members: Give examples length 1 before their mean is taken.

    Raises:
        InputError: There are fewer than two classes, one has no example, or its examples are not
            finite or cancel out.
    """
    empty = next((name for name, own in rows.items() if not len(own)), None)
    if empty is not None:
        raise InputError(f"the class {empty!r} has no example")
    matrix = [class_vector(vectors, own, name, normalize_members) for name, own in rows.items()]
    made = {
        "from": "examples",
        "examples": sum(map(len, rows.values())),
        "normalize_members": normalize_members,
    }
    return ClassVectors.of(list(rows), np.array(matrix), made)


def blend(prompts: ClassVectors, examples: ClassVectors, alpha: float) -> ClassVectors:
    """Return the direction of ``alpha * prompts + (1 - alpha) * examples`` for each class.

    Raises:
        InputError: The classes or dimensions differ, alpha is not within 0..1, or the two vectors
            of a class cancel out.
    """
    if not 0 <= alpha <= 1:
        raise InputError("alpha is the weight of prompts", expected="0 to 1", seen=alpha)
    if prompts.names != examples.names:
        differing = sorted({*prompts.names} ^ {*examples.names})
        raise InputError("a class is known on one side only", seen=repr(differing[0]))
    if prompts.vectors.shape != examples.vectors.shape:
        raise InputError(
            "prompts and examples need vectors of one length",
            expected=prompts.vectors.shape[1],
            seen=examples.vectors.shape[1],
        )
    mixed = alpha * prompts.vectors + (1 - alpha) * examples.vectors
    made = {**prompts.made, **examples.made, "from": "prompts and examples", "alpha": alpha}
    return ClassVectors.of(prompts.names, mixed, made)


def few_shot(
    vectors: NDArray[Any],
    rows: Mapping[str, Rows],
    *,
    shots: Sequence[int] = SHOTS,
    draws: int = DRAWS,
    seed: int = 0,
    normalize_members: bool = False,
    prompts: ClassVectors | None = None,
    alpha: float = 0.5,
    resamples: int = RESAMPLES,
) -> list[FewShot]:
    """Return how well classes are told apart by a few examples of each, drawn again and again.

    Args:
        vectors: (items, dim), of any length.
        rows: Class -> its rows. A class takes part where it has more than ``k`` rows.
        shots: Numbers of examples a class.
        draws: How often examples are drawn.
        seed: Seed of the draws and the intervals; a class's draws do not depend on the others.
        normalize_members: Give examples length 1 before their mean is taken.
        prompts: Vectors of the same classes from sentences, to be blended with the examples.
        alpha: Their weight; see `blend`.
        resamples: How many resamples the intervals have.

    Raises:
        InputError: A number is below 1, vectors are not usable, or fewer than two classes have
            items enough for the fewest examples.
    """
    _check(shots, draws, resamples)
    orders = {name: _orders(own, name, draws, seed) for name, own in sorted(rows.items())}
    found = []
    for k in sorted(set(shots)):
        kept = {name: order for name, order in orders.items() if order.shape[1] > k}
        if len(kept) < 2:
            continue
        known = None if prompts is None else _some(prompts, kept)
        tries = [
            _hits(vectors, kept, draw, k, normalize_members, known, alpha) for draw in range(draws)
        ]
        left = tuple(name for name in orders if name not in kept)
        found.append(_result(np.array(tries), kept, k, left, seed, resamples))
    if not found:
        raise InputError(
            "too few items to draw examples",
            expected=f"two classes with more than {min(shots)} items each",
        )
    return found


def _check(shots: Sequence[int], draws: int, resamples: int) -> None:
    if not shots or min(shots) < 1 or draws < 1 or resamples < 1:
        seen = f"shots {list(shots)}, draws {draws}, resamples {resamples}"
        raise InputError("shots, draws and resamples are 1 or more", seen=seen)


def _orders(rows: Rows, name: str, draws: int, seed: int) -> Rows:
    """Return int64 (draws, rows of the class), each row a random order."""
    own = np.sort(np.asarray(rows, np.int64))
    orders = [generator(seed, "few-shot", name, draw).permutation(own) for draw in range(draws)]
    return np.array(orders, np.int64).reshape(draws, len(own))


def _some(prompts: ClassVectors, kept: Mapping[str, Rows]) -> ClassVectors:
    missing = sorted(kept.keys() - set(prompts.names))
    if missing:
        raise InputError("a class has no prompts", seen=repr(missing[0]))
    places = [prompts.names.index(name) for name in kept]
    return ClassVectors(tuple(kept), prompts.vectors[places], prompts.made)


def _hits(
    vectors: NDArray[Any],
    kept: Mapping[str, Rows],
    draw: int,
    k: int,
    normalize_members: bool,
    prompts: ClassVectors | None,
    alpha: float,
) -> NDArray[np.float64]:
    """Return float64 (classes,): how many queries of each are correct in one draw."""
    drawn = {name: order[draw, :k] for name, order in kept.items()}
    classes = prototypes(vectors, drawn, normalize_members=normalize_members)
    if prompts is not None:
        classes = blend(prompts, classes, alpha)
    asked = [order[draw, k:] for order in kept.values()]
    labels = np.repeat(np.arange(len(kept)), [len(part) for part in asked])
    queries = used_rows(vectors, np.concatenate(asked), "query")
    right = labels[own_ranks(queries, classes.vectors, labels) == 0]
    return np.bincount(right, minlength=len(kept)).astype(np.float64)


def _result(
    hits: Matrix, kept: Mapping[str, Rows], k: int, left: tuple[str, ...], seed: int, resamples: int
) -> FewShot:
    counts = np.array([order.shape[1] - k for order in kept.values()], np.float64)
    micro, macro = _intervals(hits, counts, k, seed, resamples)
    per_draw = tuple((hits.sum(axis=1) / counts.sum()).tolist())
    size, total = len(kept), int(counts.sum())
    return FewShot(k, len(hits), micro, macro, per_draw, size, total, 1 / size, left)


def _intervals(
    hits: Matrix, counts: Matrix, k: int, seed: int, resamples: int
) -> tuple[Interval, Interval]:
    """Return micro and macro shares with their intervals, draws and classes both resampled."""
    rng = [generator(seed, "few-shot", k, what) for what in ("draws", "classes")]
    draws = np.concatenate(list(resample_weights(rng[0], resamples, len(hits)))) / len(hits)
    shares = hits / counts
    micro, macro, start = [], [], 0
    for weights in resample_weights(rng[1], resamples, len(counts)):
        of_draws = draws[start : start + len(weights)]
        micro.append(((of_draws @ hits) * weights).sum(axis=1) / (weights @ counts))
        macro.append(((of_draws @ shares) * weights).mean(axis=1))
        start += len(weights)
    return (
        _interval(hits.mean(axis=0).sum() / counts.sum(), np.concatenate(micro)),
        _interval(shares.mean(), np.concatenate(macro)),
    )


def _interval(value: float, resampled: Matrix) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(float(value), float(low), float(high))
