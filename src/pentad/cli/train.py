"""``pentad train``: a unified model from the groups."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import JsonOption, WorkspaceArgument


def train(
    workspace: WorkspaceArgument,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Seed of everything random; default that of the neighbors."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Train on the groups, score on held-out concepts, and save the model for all items."""
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_report
    from pentad.pipeline.verbs import train_step

    report = train_step(workspace, seed=seed, progress=make_progress())
    if json:
        emit(report.to_json())
    else:
        print_report(report)
    next_step(f"pentad search {workspace} QUERY")
