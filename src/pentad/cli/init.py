"""``pentad init``: an empty workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import WorkspaceArgument


def init(
    workspace: WorkspaceArgument,
    name: Annotated[str, typer.Option("--name", help="Default: the folder's name.")] = "",
) -> None:
    """Make an empty workspace."""
    from pentad.cli.output import next_step
    from pentad.store.workspace import Workspace

    made = Workspace.create(workspace, name=name or None)
    typer.echo(f"workspace {made.name} at {workspace}")
    next_step(f"pentad add {workspace} DIR")
