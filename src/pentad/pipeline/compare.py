"""Runs on disk, side by side: read, compared, and written out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.results.comparison.compare import compare_runs
from pentad.evaluation.results.comparison.comparison import Comparison
from pentad.evaluation.results.comparison.write import write_comparison
from pentad.evaluation.results.store import read_run
from pentad.store.outputs import output_folder

PAIRS = ("all", "baseline")


def compare_folders(
    folders: Sequence[Path],
    *,
    metric: str | None = None,
    baseline: str | None = None,
    pairs: str | None = None,
    out: Path | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[Comparison, list[Path]]:
    """Compare runs, and write the comparison out where a folder is given.

    Args:
        folders: One a run.
        metric: Name in the metric grammar; None for the main metric of each direction.
        baseline: Name or folder of a run.
        pairs: ``all`` tests every pair of runs, ``baseline`` every other one against the baseline,
            which is the first run where none is named. None: ``baseline`` where one is named.
        out: Where files go; nothing is written without it.
        seed: Of resamples and swaps.
        progress: Where rows are counted.

    Returns:
        The comparison, and the paths of what was written.

    Raises:
        StoreError: A run is missing or damaged.
        InputError: A run is given twice, none has the metric, or ``pairs`` is something else.
        UnknownName: There is no such metric, or no run of the baseline's name.
    """
    if pairs not in (None, *PAIRS):
        raise InputError("which pairs?", expected=" or ".join(PAIRS), seen=repr(pairs))
    if out is not None:
        output_folder(out)
    runs = [read_run(folder) for folder in folders]
    if pairs == "all" and baseline is not None:
        raise InputError("--pairs all takes no baseline; leave one of the two out")
    if pairs == "baseline" and baseline is None and runs:
        baseline = str(runs[0].folder)
    found = compare_runs(runs, metric=metric, baseline=baseline, seed=seed, progress=progress)
    return found, [] if out is None else write_comparison(found, out)
