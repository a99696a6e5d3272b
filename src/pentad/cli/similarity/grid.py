"""``pentad similarity grid``: every combination of preparing and searching, in one table."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkersOption
from pentad.cli.similarity.options import (
    CompatOption,
    FamiliesOption,
    MetricOption,
    ModalityOption,
    SourceArgument,
    SpaceOption,
    TruthOption,
)


class Lengths(StrEnum):
    """Whether vectors get length 1 in the end."""

    yes = "yes"
    no = "no"
    both = "both"


_LENGTHS = {Lengths.yes: (True,), Lengths.no: (False,), Lengths.both: (False, True)}


def grid(  # noqa: PLR0913, PLR0917  (one for each option)
    source: SourceArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", "--output-dir", metavar="DIR", help="Of the grid.")
    ],
    ground_truth: TruthOption,
    families: FamiliesOption = None,
    aggregate: Annotated[
        list[str], typer.Option("--aggregate", "-a", help="Repeatable; default all that apply.")
    ] = [],  # noqa: B006  (typer copies it)
    pca: Annotated[
        list[int],
        typer.Option("--pca", "-N", help="Repeatable; -1 for none. Default 100, 200, -1."),
    ] = [],  # noqa: B006
    search: Annotated[
        list[str],
        typer.Option("--search", "-s", help="Repeatable; default dot, cosine, euclidean."),
    ] = [],  # noqa: B006
    normalize: Annotated[
        Lengths, typer.Option("--normalize", help="Length 1 in the end: yes, no, or both.")
    ] = Lengths.no,
    metric: MetricOption = [],  # noqa: B006
    compat: CompatOption = None,
    modality: ModalityOption = None,
    space: SpaceOption = None,
    workers: WorkersOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Judge aggregation x PCA x normalisation x search; run again, it does only what is missing.

    Writes results.csv, .parquet, .json, .tex, classes.csv and figures into the folder.
    """
    from pentad.cli.output import emit, print_table
    from pentad.cli.progress import make_progress
    from pentad.pipeline.similarity.grid import METRICS, Axes, Settings, run_grid
    from pentad.pipeline.similarity.grid_tables import result_rows, table_rows, write_grid
    from pentad.pipeline.similarity.steps import Truth

    ways = tuple(search) or Axes().search
    axes = Axes(tuple(aggregate), tuple(pca), _LENGTHS[normalize], ways)
    settings = Settings(Truth(ground_truth, families), tuple(metric) or METRICS, compat, seed)
    results = run_grid(
        source,
        out,
        axes,
        settings,
        modality=modality,
        space=space,
        workers=workers,
        progress=make_progress(),
    )
    written = write_grid(results, out)
    if json:
        for row in result_rows(results):
            emit(row)
    else:
        header, *rows = table_rows(results)
        print_table(header, rows)
        typer.echo(f"\n{len(results)} cells; {', '.join(written)} in {out}")
