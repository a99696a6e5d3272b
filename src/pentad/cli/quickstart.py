"""``pentad quickstart``: a generated world through the whole chain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption


def quickstart(
    workspace: Annotated[
        Path,
        typer.Argument(metavar="[WS]", help="Folder to make; holds the files and the workspace."),
    ] = Path("quickstart"),
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Generate a small world of pictures, sounds, videos and shapes, and run everything on it."""
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_quickstart
    from pentad.pipeline.quickstart import quickstart as run

    result = run(workspace, seed=seed, progress=make_progress())
    if json:
        emit(result.to_json())
    else:
        print_quickstart(result)
    next_step(result.next_command)
