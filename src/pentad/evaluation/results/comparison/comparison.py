"""`Comparison`: the values of which everything that ``pentad compare`` writes is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pentad.evaluation.intervals import Interval
from pentad.evaluation.results.info import RunInfo
from pentad.evaluation.scores import Score
from pentad.evaluation.significance.holm import ALPHA, Family

ALL_TASKS = "all tasks"
PART_OF = {"esc10": "esc50"}
"""Task -> the one that has all its items; an average counts them once."""


@dataclass(frozen=True)
class Row:
    """One metric of one direction of one task.

    Attributes:
        task: Its name.
        subset: The direction, such as ``text_to_audio``.
        metric: Name in the metric grammar.
        higher: Whether more is better.
        cells: By run, its score; None where it has none.
        missing: By run, why it has none; empty where it has one.
        unlike: Why the scores cannot be compared; empty where they can.
        seen: By run, the share of queries that its training has; None where nobody looked.
    """

    task: str
    subset: str
    metric: str
    higher: bool
    cells: tuple[Score | None, ...]
    missing: tuple[str, ...]
    unlike: str = ""
    seen: tuple[float | None, ...] = ()

    @property
    def name(self) -> str:
        """What tests of this row are called."""
        return f"{self.task} {self.subset} {self.metric}"

    @property
    def complete(self) -> bool:
        """Whether every run has a score and all of them can be compared."""
        return not self.unlike and all(cell is not None for cell in self.cells)


@dataclass(frozen=True)
class Average:
    """The average over some tasks, of all runs over the same ones.

    Attributes:
        name: ``all tasks``, or a pair of modalities such as ``text-audio``.
        tasks: Those it is over: every run has them whole.
        of: How many tasks any run has.
        intervals: By run; None where no task is left.
        why: Why tasks are not in it, one line each.
    """

    name: str
    tasks: tuple[str, ...]
    of: int
    intervals: tuple[Interval | None, ...]
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairTest:
    """Whether two runs differ in a row, or in an average.

    Attributes:
        where: Name of the row or average.
        first: Number of a run.
        second: Number of another.
        difference: First minus second, with its paired 95 % interval.
        p: Two-sided.
        adjusted: After Holm's correction within its family.
        higher: Whether more is better.
    """

    where: str
    first: int
    second: int
    difference: Interval
    p: float
    adjusted: float
    higher: bool = True

    def better(self, alpha: float = ALPHA) -> int | None:
        """Return the number of the run that is better; None where neither is for certain."""
        if self.adjusted >= alpha or self.difference.value == 0:
            return None
        return self.first if (self.difference.value > 0) == self.higher else self.second


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side. Made by `compare_runs`.

    Attributes:
        names: Of the runs, no two equal.
        infos: By run.
        rows: Every task and direction that any run has.
        averages: Over all tasks first, then by pair of modalities.
        tests: Of rows and averages.
        families: What the tests were corrected with.
        gaps: Which runs miss which tasks, and what could not be compared, one line each.
        baseline: Number of the run that others are compared with; None for all pairs.
        seed: Of resamples and swaps.
    """

    names: tuple[str, ...]
    infos: tuple[RunInfo, ...]
    rows: tuple[Row, ...]
    averages: tuple[Average, ...]
    tests: tuple[PairTest, ...]
    families: tuple[Family, ...]
    gaps: tuple[str, ...]
    baseline: int | None
    seed: int

    def best(self, where: str) -> int | None:
        """Return the run that is better than every other one with a score, beyond chance.

        None where there is none, or where not all pairs of those runs were tested.
        """
        tests = [test for test in self.tests if test.where == where]
        runs = {run for test in tests for run in (test.first, test.second)}
        if len(tests) != len(runs) * (len(runs) - 1) // 2:
            return None
        winners = [test.better() for test in tests]
        return next((run for run in runs if winners.count(run) == len(runs) - 1), None)

    def against_baseline(self, where: str, run: int) -> str:
        """Return ``+`` or ``-`` where a run is better or worse than the baseline beyond chance."""
        for test in self.tests:
            if test.where == where and {test.first, test.second} == {run, self.baseline}:
                better = test.better()
                return "" if better is None else "+" if better == run else "-"
        return ""


def pairs_of(runs: int, baseline: int | None) -> list[tuple[int, int]]:
    """Return the pairs of runs to test: all, or every other one against the baseline."""
    if baseline is not None:
        return [(run, baseline) for run in range(runs) if run != baseline]
    return [(first, second) for first in range(runs) for second in range(first + 1, runs)]


def unique_names(names: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Return names of runs, with their folder where two have one name."""
    if len(set(names)) == len(names):
        return list(names)
    return [
        name if names.count(name) == 1 else f"{name} ({folder})"
        for name, folder in zip(names, folders, strict=True)
    ]
