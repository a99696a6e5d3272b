"""``pentad info``: what is in a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import JsonOption, WorkspaceArgument


def info(
    workspace: WorkspaceArgument,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="A data card: sources, licenses, groups, a sample."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Count items, captions, embeddings, groups, models and rejections."""
    from pentad.cli.output import emit
    from pentad.cli.results import print_info
    from pentad.pipeline.groups_card import workspace_card
    from pentad.pipeline.info import describe

    if markdown and json:
        raise typer.BadParameter("--markdown and --json exclude each other")
    if markdown:
        typer.echo(workspace_card(workspace), nl=False)
        return
    facts = describe(workspace)
    if json:
        emit(facts)
    else:
        print_info(facts)
