"""``pentad compare``: the results of several models side by side, with tests and a picture."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption


class Pairs(StrEnum):
    """Which runs are tested against which."""

    all = "all"
    baseline = "baseline"


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of results, one a model.")
    ],
    metric: Annotated[
        str,
        typer.Option(
            "--metric", help="Such as hit@5 or map@10; default the main one of each task."
        ),
    ] = "",
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="NAME", help="Run that others are tested against.")
    ] = "",
    pairs: Annotated[
        Pairs | None,
        typer.Option("--pairs", help="Test all pairs of runs, or each against the baseline."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where page, tables, JSON and picture go."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Print what each run scores on each task, and which differences are beyond chance.

    Averages are over the tasks that all runs have; what a run misses is said. Paired permutation
    tests are corrected for their number by Holm's method.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.evaluation.results.comparison.data import to_json
    from pentad.evaluation.results.comparison.tables import plain
    from pentad.pipeline.compare import compare_folders

    found, written = compare_folders(
        runs,
        metric=metric or None,
        baseline=baseline or None,
        pairs=None if pairs is None else pairs.value,
        out=out,
        seed=seed,
        progress=make_progress(),
    )
    if json:
        emit(to_json(found))
    else:
        typer.echo(plain(found).rstrip())
    for path in written:
        typer.echo(f"wrote {path}", err=True)
