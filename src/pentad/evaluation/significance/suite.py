r"""Averages over tasks: what several systems score on a whole suite, and how sure that is.

The average of a suite is a macro average: each task counts once, whatever its number of queries,
and within a task each direction counts once. A resample draws the units *within* each task, as many
as it has, and averages over tasks. The tasks themselves are fixed: an interval says how the average
would change with other queries, not with other benchmarks.

One unit number in several directions of a task is one unit: the sound that is searched for by its
caption, and that searches for it. Units are drawn together with those that occur in the same
directions, so that every direction keeps its number of units, and all systems see the same draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval, resample_weights
from pentad.evaluation.significance.flips import PERMUTATIONS
from pentad.evaluation.significance.medians import percentile_ends
from pentad.evaluation.significance.permutation import sign_flip_test

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DirectionValues:
    """One metric of one direction of a task, of several systems over the same queries.

    Attributes:
        values: Finite numbers (systems, queries).
        units: int64 (queries,).
    """

    values: NDArray[Any]
    units: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check that there is a finite value of every system for every query."""
        if self.values.ndim != 2 or self.units.shape != self.values.shape[1:]:
            expected = "values (systems, queries) and units (queries,)"
            raise InputError("suite", expected=expected, seen=(self.values.shape, self.units.shape))
        if not self.values.shape[1]:
            raise InputError("there is no query to take a mean over")
        if not np.isfinite(self.values).all():
            raise InputError("a query has no finite value, so that means cannot be compared")


@dataclass(frozen=True, eq=False)
class TaskValues:
    """One task of a suite.

    Attributes:
        name: Its name; the draws depend on it, and on no other task.
        directions: At least one, all of the same systems.
    """

    name: str
    directions: tuple[DirectionValues, ...]


@dataclass(frozen=True, eq=False)
class SuiteAverage:
    """The average of several systems over some tasks. Made by `average_suite`.

    Attributes:
        values: float64 (systems,).
        draws: float64 (resamples, systems), the averages of the resamples.
        shares: float64 (units, systems), what each unit of each task adds to ``values``.
    """

    values: Floats
    draws: Floats
    shares: Floats

    def interval(self, system: int, *, confidence: float = CONFIDENCE) -> Interval:
        """Return the average of one system with its percentile interval."""
        ends = percentile_ends(self.draws[:, system], confidence)
        return Interval(float(self.values[system]), *ends)

    def difference(self, first: int, second: int, *, confidence: float = CONFIDENCE) -> Interval:
        """Return first minus second with the interval of the paired difference."""
        ends = percentile_ends(self.draws[:, first] - self.draws[:, second], confidence)
        return Interval(float(self.values[first] - self.values[second]), *ends)

    def test(
        self,
        pairs: Sequence[tuple[int, int]],
        *,
        name: str,
        seed: int = 0,
        permutations: int = PERMUTATIONS,
    ) -> list[float]:
        """Return the two-sided p-value of the difference of each pair of systems.

        The two systems are swapped unit by unit, in all directions of a task at once; see
        `pentad.evaluation.significance.permutation`.

        Args:
            pairs: Numbers of two systems each.
            name: Of this average; random swaps depend on it.
            seed: The run's seed.
            permutations: How many random swaps; all ways are tried where they are no more.
        """
        if not pairs:
            return []
        first, second = np.array(pairs).T
        rng = generator(seed, "suite-permutation", name)
        shares = self.shares[:, first] - self.shares[:, second]
        found = sign_flip_test(shares, rng, permutations=permutations)
        return [float(p) for p in found]


def average_suite(
    tasks: Sequence[TaskValues], *, seed: int = 0, resamples: int = RESAMPLES
) -> SuiteAverage:
    """Return the average over ``tasks``, each counted once.

    Args:
        tasks: At least one, all of the same systems.
        seed: The run's seed; the draws of a task depend on it and on the task's name.
        resamples: How many resamples to draw.

    Raises:
        InputError: There is no task, or they are not of the same number of systems.
    """
    systems = {len(d.values) for task in tasks for d in task.directions}
    if len(systems) != 1 or not all(task.directions for task in tasks):
        raise InputError("a suite needs tasks, all of the same systems", seen=sorted(systems))
    if resamples < 1:
        raise InputError("resamples must be at least 1", seen=resamples)
    parts = [_Part.of(task) for task in tasks]
    shares = np.concatenate([part.shares for part in parts]) / len(parts)
    draws = sum(
        (part.draws(generator(seed, "suite", task.name), resamples) / len(parts))
        for part, task in zip(parts, tasks, strict=True)
    )
    return SuiteAverage(shares.sum(axis=0), np.asarray(draws), shares)


@dataclass(frozen=True, eq=False)
class _Part:
    """One task, added up by unit.

    Attributes:
        sums: By direction, float64 (units, systems).
        counts: By direction, int64 (units,).
    """

    sums: tuple[Floats, ...]
    counts: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, task: TaskValues) -> _Part:
        units = np.unique(np.concatenate([d.units for d in task.directions]))
        sums: list[Floats] = []
        counts: list[NDArray[np.int64]] = []
        for one in task.directions:
            codes = np.searchsorted(units, one.units)
            rows = [np.bincount(codes, weights=r, minlength=len(units)) for r in one.values]
            sums.append(np.stack(rows, axis=1))
            counts.append(np.bincount(codes, minlength=len(units)).astype(np.int64))
        return cls(tuple(sums), tuple(counts))

    @property
    def shares(self) -> Floats:
        """float64 (units, systems): what each unit adds to the task's average."""
        each = [s / c.sum() for s, c in zip(self.sums, self.counts, strict=True)]
        return np.asarray(sum(each) / len(each))

    def draws(self, rng: np.random.Generator, resamples: int) -> Floats:
        """Return float64 (resamples, systems)."""
        systems = self.sums[0].shape[1]
        tops = np.zeros((len(self.sums), resamples, systems))
        bottoms = np.zeros((len(self.sums), resamples, 1))
        for members in self._strata():
            start = 0
            for weights in resample_weights(rng, resamples, len(members)):
                rows = slice(start, start + len(weights))
                start = rows.stop
                for number, (sums, counts) in enumerate(zip(self.sums, self.counts, strict=True)):
                    tops[number, rows] += weights @ sums[members]
                    bottoms[number, rows] += (weights @ counts[members])[:, None]
        return np.asarray((tops / bottoms).mean(axis=0))

    def _strata(self) -> Iterator[NDArray[np.int64]]:
        """Yield the units that occur in the same directions."""
        there = np.stack([counts > 0 for counts in self.counts])
        _, codes = np.unique(there, axis=1, return_inverse=True)
        for code in range(int(codes.max()) + 1):
            yield np.flatnonzero(codes.ravel() == code)
