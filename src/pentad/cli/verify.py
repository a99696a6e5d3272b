"""``pentad verify``: every damaged file by name."""

from __future__ import annotations

import typer

from pentad.cli.options import JsonOption, WorkspaceArgument


def verify(workspace: WorkspaceArgument, json: JsonOption = False) -> None:
    """Hash every recorded file; exit code 1 when one is damaged."""
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.store.verify import verify as run
    from pentad.store.workspace import Workspace

    damages = run(Workspace.open(workspace), progress=make_progress(quiet=True))
    for damage in damages:
        if json:
            emit({"file": str(damage.path), "problem": damage.problem})
        else:
            typer.echo(f"{damage.path}: {damage.problem}")
    if damages:
        typer.echo(f"error: {len(damages)} damaged; run the command that made them again", err=True)
        raise typer.Exit(1)
    typer.echo("all files are as recorded", err=True)
