"""From runs to a `Comparison`: rows, averages over the tasks that all have, and tests."""

from __future__ import annotations

from collections.abc import Sequence

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MODALITIES
from pentad.core.progress import SILENT, Progress
from pentad.core.seeds import generator
from pentad.evaluation.intervals import RESAMPLES, Interval
from pentad.evaluation.results.comparison.comparison import (
    ALL_TASKS,
    PART_OF,
    Average,
    Comparison,
    PairTest,
    pairs_of,
    unique_names,
)
from pentad.evaluation.results.comparison.rows import RowValues, gather_rows
from pentad.evaluation.results.names import pair_of, people_direction
from pentad.evaluation.results.store import Run
from pentad.evaluation.significance.flips import PERMUTATIONS
from pentad.evaluation.significance.holm import Family, holm, permutations_for
from pentad.evaluation.significance.medians import bootstrap_medians
from pentad.evaluation.significance.permutation import median_swap_test
from pentad.evaluation.significance.suite import (
    DirectionValues,
    SuiteAverage,
    TaskValues,
    average_suite,
)

MODALITY_PAIRS = tuple(
    f"{a}-{b}" for number, a in enumerate(MODALITIES) for b in MODALITIES[number + 1 :]
)
_Pairs = list[tuple[int, int]]


def compare_runs(
    runs: Sequence[Run],
    *,
    metric: str | None = None,
    baseline: str | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    progress: Progress = SILENT,
) -> Comparison:
    """Return several runs side by side, with tests of the differences between them.

    An average is over those tasks alone that every run has whole, so that no run gains by what it
    leaves out; it says how many of how many they are. Ranks (``medr``, ``mr1``) have no average:
    they depend on the size of each pool.

    Tests of rows are one family, tests of averages another, each corrected by Holm's method.

    Args:
        runs: At least one.
        metric: Name in the metric grammar; None for the main metric of each direction.
        baseline: Name or folder of a run that all others are tested against; None for all pairs.
        seed: Of resamples and swaps.
        resamples: Of each interval.
        permutations: The least number of random swaps; large families get more, as
            `permutations_for` says.
        progress: Where rows are counted.

    Raises:
        InputError: There is no run, one is given twice, or none has the metric.
        UnknownName: There is no such metric, or no run of the baseline's name.
    """
    if not runs:
        raise InputError("name at least one run")
    folders = [str(run.folder) for run in runs]
    if len({run.folder.resolve() for run in runs}) < len(runs):
        raise InputError("a run is given twice", seen=", ".join(folders))
    names = unique_names([run.info.name for run in runs], folders)
    reference = None if baseline is None else _find(baseline, names, runs)
    pairs = pairs_of(len(runs), reference)
    rows = gather_rows(runs, metric)
    work = _Work(pairs, seed, resamples, permutations)
    tests, families = work.row_tests(rows, progress)
    averages, more, family = work.averages(rows, len(runs))
    return Comparison(
        names=tuple(names),
        infos=tuple(run.info for run in runs),
        rows=tuple(each.row for each in rows),
        averages=tuple(averages),
        tests=(*tests, *more),
        families=tuple(f for f in (families, family) if f.tests),
        gaps=tuple(_gaps(names, rows)),
        baseline=reference,
        seed=seed,
    )


class _Work:
    """The options that every test of a comparison shares."""

    def __init__(self, pairs: _Pairs, seed: int, resamples: int, permutations: int) -> None:
        self._pairs = pairs
        self._seed = seed
        self._resamples = resamples
        self._permutations = permutations

    def row_tests(
        self, rows: Sequence[RowValues], progress: Progress
    ) -> tuple[list[PairTest], Family]:
        """Return the tests of every complete row, and their family."""
        whole = [(each, self._pairs_in(each)) for each in rows if each.values is not None]
        whole = [(each, pairs) for each, pairs in whole if pairs]
        count = sum(len(pairs) for _, pairs in whole)
        swaps = permutations_for(count, self._permutations)
        found: list[PairTest] = []
        if count:
            with progress.task("compare", len(whole)) as bar:
                for each, pairs in whole:
                    one = self._of_median if each.median else self._of_mean
                    found += one(each, pairs, swaps)
                    bar.advance()
        what = _product("row", len(whole), len(self._pairs), count)
        return _corrected(found), Family("tasks", count, what, permutations=swaps)

    def averages(
        self, rows: Sequence[RowValues], runs: int
    ) -> tuple[list[Average], list[PairTest], Family]:
        """Return every average, its tests, and their family."""
        made = []
        for name in (ALL_TASKS, *_pairs_of_modalities(rows)):
            inside = [e for e in rows if name in (ALL_TASKS, pair_of(e.row.subset))]
            made.append(self._average(name, inside, runs))
        suites = [(average, suite) for average, suite in made if suite is not None]
        count = len(suites) * len(self._pairs)
        swaps = permutations_for(count, self._permutations)
        places = range(runs)
        found = [
            test
            for average, suite in suites
            for test in self._tests(average.name, suite, places, self._pairs, swaps)
        ]
        what = _product("average", len(suites), len(self._pairs), count)
        family = Family("averages", count, what, permutations=swaps)
        return [average for average, _ in made], _corrected(found), family

    def _average(
        self, name: str, rows: Sequence[RowValues], runs: int
    ) -> tuple[Average, SuiteAverage | None]:
        by_task: dict[str, list[RowValues]] = {}
        for each in rows:
            by_task.setdefault(each.row.task, []).append(each)
        why = {task: _why_left_out(of) for task, of in by_task.items()}
        for task, whole in PART_OF.items():
            if task in why and why.get(whole) == "":
                why[task] = f"its items are those of {whole}"
        used = [task for task in by_task if not why[task]]
        lines = tuple(f"{task}: {text}" for task, text in why.items() if text)
        if not used:
            return Average(name, (), len(by_task), (None,) * runs, lines), None
        suite = average_suite(
            [TaskValues(task, tuple(map(_values, by_task[task]))) for task in used],
            seed=self._seed,
            resamples=self._resamples,
        )
        intervals = tuple(suite.interval(run) for run in range(runs))
        return Average(name, tuple(used), len(by_task), intervals, lines), suite

    def _pairs_in(self, each: RowValues) -> _Pairs:
        """Return the pairs of runs that both have a row."""
        return [pair for pair in self._pairs if set(pair) <= set(each.runs)]

    def _of_mean(self, each: RowValues, pairs: _Pairs, swaps: int) -> list[PairTest]:
        row = each.row
        suite = average_suite(
            [TaskValues(row.name, (_values(each),))], seed=self._seed, resamples=self._resamples
        )
        return self._tests(row.name, suite, each.runs, pairs, swaps, higher=row.higher)

    def _tests(
        self,
        name: str,
        suite: SuiteAverage,
        runs: Sequence[int],
        pairs: _Pairs,
        swaps: int,
        *,
        higher: bool = True,
    ) -> list[PairTest]:
        """Return the tests of pairs of runs; ``runs`` says which ones the suite is of."""
        places = [(runs.index(a), runs.index(b)) for a, b in pairs]
        found = suite.test(places, name=name, seed=self._seed, permutations=swaps)
        return [
            PairTest(name, a, b, suite.difference(*place), p, p, higher)
            for (a, b), place, p in zip(pairs, places, found, strict=True)
        ]

    def _of_median(self, each: RowValues, pairs: _Pairs, swaps: int) -> list[PairTest]:
        values, units = each.values, each.units
        if values is None or units is None:
            return []
        found = []
        for a, b in pairs:
            one, two = values[each.runs.index(a)], values[each.runs.index(b)]
            names = (self._seed, "compare", each.row.name)
            difference: Interval = bootstrap_medians(
                one[None],
                units,
                generator(*names, "bootstrap"),
                minus=two[None],
                resamples=self._resamples,
            )[0]
            p = median_swap_test(one, two, units, generator(*names, "swaps"), permutations=swaps)
            found.append(PairTest(each.row.name, a, b, difference, p, p, each.row.higher))
        return found


def _corrected(tests: Sequence[PairTest]) -> list[PairTest]:
    from dataclasses import replace

    adjusted = holm([test.p for test in tests])
    return [replace(t, adjusted=float(p)) for t, p in zip(tests, adjusted, strict=True)]


def _values(each: RowValues) -> DirectionValues:
    if each.values is None or each.units is None:
        raise InputError(f"{each.row.name}: not every run has it")
    return DirectionValues(each.values, each.units)


def _why_left_out(rows: Sequence[RowValues]) -> str:
    """Return why a task is not in an average; empty where it is."""
    for each in rows:
        way = people_direction(each.row.subset)
        if each.row.unlike:
            return f"{way}: {each.row.unlike}"
        if any(each.row.missing):
            return f"{way}: not every run has it"
        if not each.row.higher:
            return f"{each.row.metric} depends on the size of the pool"
    return ""


def _pairs_of_modalities(rows: Sequence[RowValues]) -> list[str]:
    """Return the ten pairs, and pairs of one modality with itself that there are."""
    there = dict.fromkeys(pair_of(each.row.subset) for each in rows)
    return [*MODALITY_PAIRS, *(pair for pair in there if pair not in MODALITY_PAIRS)]


def _gaps(names: Sequence[str], rows: Sequence[RowValues]) -> list[str]:
    """Return which runs miss what, run by run, and what is there but cannot be compared."""
    tasks = list(dict.fromkeys(each.row.task for each in rows))
    lines = []
    for number, name in enumerate(names):
        there = {e.row.task for e in rows if e.row.missing[number] != "no result"}
        absent = [task for task in tasks if task not in there]
        if absent:
            lines.append(f"{name} has no result of {len(absent)} of {len(tasks)} tasks: "
                         + ", ".join(absent))  # fmt: skip
        lines += [
            f"{name}, {each.row.task}, {people_direction(each.row.subset)}: {why}"
            for each in rows
            if (why := each.row.missing[number]) not in ("", "no result")
        ]
    lines += [
        f"{each.row.task}, {people_direction(each.row.subset)}: not compared; {each.row.unlike}"
        for each in rows
        if each.row.unlike
    ]
    return lines


def _find(wanted: str, names: Sequence[str], runs: Sequence[Run]) -> int:
    """Return the number of the run that is called so, or lies in a folder called so."""
    called = [[name, run.info.name, str(run.folder), run.folder.name]
              for name, run in zip(names, runs, strict=True)]  # fmt: skip
    for column in zip(*called, strict=True):
        if column.count(wanted) == 1:
            return column.index(wanted)
    if any(wanted in each for each in called):
        raise InputError(
            f"several runs are called {wanted!r}", expected=" or ".join(str(r.folder) for r in runs)
        )
    raise UnknownName("run", wanted, names)


def _product(what: str, count: int, pairs: int, tests: int) -> str:
    """Return out of what the tests of a family come."""
    said = f"{_many(count, what)} x {_many(pairs, 'pair')} of runs"
    left_out = count * pairs - tests
    return f"{said}, less {left_out} of runs without a score" if left_out else said


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
