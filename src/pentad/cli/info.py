"""``pentad info``: what is in a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, WorkspaceArgument


def info(
    workspace: WorkspaceArgument,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="A data card: sources, licenses, groups, a sample."),
    ] = False,
    screening: Annotated[
        bool,
        typer.Option("--screening", help="What each source kept and refused, by reason."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Count items, captions, embeddings, groups, models and rejections."""
    from pentad.cli.output import emit
    from pentad.cli.results import print_info
    from pentad.pipeline.groups_card import workspace_card
    from pentad.pipeline.info import describe

    if markdown and (json or screening):
        raise typer.BadParameter("--markdown excludes --json and --screening")
    if screening:
        _screen(workspace, json)
        return
    if markdown:
        typer.echo(workspace_card(workspace), nl=False)
        return
    facts = describe(workspace)
    if json:
        emit(facts)
    else:
        print_info(facts)


def _screen(workspace: Path, json: bool) -> None:
    from pentad.cli.output import emit, print_table
    from pentad.pipeline.screening import screen

    found = screen(workspace)
    if json:
        for each in found:
            emit(each.to_json())
    else:
        print_table(("source", "modality", "what", "count"), [r for f in found for r in f.rows()])
