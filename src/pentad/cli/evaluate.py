"""``pentad evaluate``: scores of a model, on held-out concepts, new files or benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkersOption, WorkspaceArgument


def evaluate(
    workspace: WorkspaceArgument,
    model: Annotated[str, typer.Option("-m", "--model", help="Saved model; default final.")] = "",
    task: Annotated[
        list[str],
        typer.Option("-t", "--task", help="Benchmarks in --data; see pentad list tasks."),
    ] = [],  # noqa: B006  (typer copies it)
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder of captioned files, or with -t of benchmarks."),
    ] = None,
    seed: SeedOption = 0,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Score retrieval in every direction, with chance, intervals and baselines.

    With --data the files of that folder are embedded in memory and scored; they never enter the
    workspace. With -t it holds benchmarks, whose results go to reports/ of the workspace, with a
    flag for what the workspace has of them. Without --data the scores of the held-out concepts from
    the last build are printed.
    """
    from pentad.cli.benchmark import emit_summary, print_summary
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_report
    from pentad.core.errors import InputError
    from pentad.pipeline.evaluate_folder import evaluate_folder, held_out_report
    from pentad.pipeline.evaluate_tasks import evaluate_tasks

    if task:
        if data is None:
            raise InputError("where are the benchmarks?", expected="--data DIR")
        summary = evaluate_tasks(
            workspace, data, task, model=model or None, seed=seed, workers=workers,
            progress=make_progress(),
        )  # fmt: skip
        emit_summary(summary) if json else print_summary(summary)
        return
    if data is None:
        report = held_out_report(workspace, model or None)
    else:
        report = evaluate_folder(
            workspace,
            data,
            model=model or None,
            seed=seed,
            workers=workers,
            progress=make_progress(),
        )
    if json:
        emit(report.to_json())
    else:
        print_report(report)
