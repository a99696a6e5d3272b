"""``pentad benchmark``: a model on every benchmark that is on this disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, ModelOption, SeedOption, WorkersOption

if TYPE_CHECKING:
    from pentad.core.modality import Modality
    from pentad.evaluation.any_model import AnyModel
    from pentad.pipeline.benchmark import BenchmarkSummary


def benchmark(  # noqa: PLR0913, PLR0917  (one for each option)
    root: Annotated[
        Path, typer.Argument(metavar="DIR", help="A data set, or several beside one another.")
    ],
    model: ModelOption,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help="Folder of the run.")],
    task: Annotated[
        list[str], typer.Option("-t", "--task", help="Only these; see pentad list tasks.")
    ] = [],  # noqa: B006  (typer copies it)
    name: Annotated[str, typer.Option(help="Of the model in tables; default as -m says.")] = "",
    runs: Annotated[
        int, typer.Option("--runs", min=0, help="Write so many results a query as TREC runs.")
    ] = 0,
    train: Annotated[
        Path | None,
        typer.Option(
            metavar="WS|DIR", help="What the model was trained on: flag what it has seen."
        ),
    ] = None,
    drop_leaked: Annotated[
        bool, typer.Option("--drop-leaked", help="Leave out of the scores what --train has.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Score anew what is scored.")] = False,
    seed: SeedOption = 0,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Score a model on what lies in DIR: COCO, Clotho, ESC-50, ModelNet40, your own tasks, ...

    Data sets that are not there are listed, not counted. Run again, it scores only what is new.
    """
    from pentad.cli.output import next_step
    from pentad.cli.progress import make_progress
    from pentad.pipeline.benchmark import BenchmarkOptions, models_by_modality
    from pentad.pipeline.benchmark import benchmark as run

    summary = run(
        root,
        models_by_modality(_named(model)),
        out,
        name=name or " + ".join(model),
        tasks=task,
        options=BenchmarkOptions(seed, workers, again, runs, train, drop_leaked),
        progress=make_progress(),
    )
    emit_summary(summary) if json else print_summary(summary)
    next_step(f"pentad compare {out}")


def _named(specs: list[str]) -> list[tuple[Modality | None, AnyModel]]:
    """Return the models of ``[MODALITY=]NAME`` specs; NAME may be ``module:function``."""
    from pentad.cli.user_function import is_function, load_function
    from pentad.core.modality import as_modality
    from pentad.encoders.specs import split_spec
    from pentad.pipeline.plan import load_encoders

    named: list[tuple[Modality | None, AnyModel]] = []
    for spec in specs:
        modality, name = split_spec(spec)
        if is_function(name):
            kind = None if modality is None else as_modality(modality)
            named.append((kind, load_function(name)))
        else:
            named += [(kind, chosen.encoder) for kind, chosen in load_encoders([spec])]
    return named


def print_summary(summary: BenchmarkSummary) -> None:
    """Print the scores of these tasks, and what could not be scored and why."""
    from pentad.cli.output import print_table
    from pentad.evaluation.results.store import read_run
    from pentad.evaluation.results.tables import people_rows
    from pentad.evaluation.tables import plain_table

    typer.echo(plain_table(people_rows(read_run(summary.folder), tasks=summary.there)).rstrip())
    rest = [o for state in ("skipped", "missing") for o in summary.outcomes if o.state == state]
    if rest:
        typer.echo()
        print_table(("not scored", "why"), [(o.task, o.reason) for o in rest])
    typer.echo(f"\ntables and per-query values: {summary.folder}")
    _tell_kept(summary)


def emit_summary(summary: BenchmarkSummary) -> None:
    """Print the scores of these tasks as JSON lines; what was skipped is told on stderr."""
    from pentad.cli.output import emit
    from pentad.evaluation.results.store import read_run
    from pentad.evaluation.results.tables import result_rows

    for row in result_rows(read_run(summary.folder)):
        if row["task"] in summary.there:
            emit(row)
    for each in summary.outcomes:
        if each.state == "skipped":
            typer.echo(f"not scored: {each.task}: {each.reason}", err=True)
    _tell_kept(summary)


def _tell_kept(summary: BenchmarkSummary) -> None:
    kept = [each.task for each in summary.outcomes if each.state == "kept"]
    if kept:
        typer.echo(f"kept as scored before, --again scores anew: {', '.join(kept)}", err=True)
