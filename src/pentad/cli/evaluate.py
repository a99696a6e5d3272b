"""``pentad evaluate``: scores of a saved model, held out or on another folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkersOption, WorkspaceArgument


def evaluate(
    workspace: WorkspaceArgument,
    model: Annotated[
        str, typer.Option("-m", "--model", help="Saved model; default the last one.")
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="Folder the model has never seen; default the held-out concepts."
        ),
    ] = None,
    seed: SeedOption = 0,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Print hit@1, hit@5 and hit@10 in every direction, with chance, intervals and baselines.

    With --data the files of that folder are embedded in memory and scored; they never enter the
    workspace. Without it the scores of the held-out concepts from the last build are printed.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_report
    from pentad.pipeline.evaluate_folder import evaluate_folder, held_out_report

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
