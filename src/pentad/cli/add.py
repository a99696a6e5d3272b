"""``pentad add``: items from a folder or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, ModalityName, WorkspaceArgument


def add(
    workspace: WorkspaceArgument,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Folder or table to read.")],
    modality: Annotated[
        ModalityName | None,
        typer.Option("--modality", help="What the files are; default by layout."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="Name of the source; default its folder's.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Register the items of a source; known ones keep their ids."""
    from pentad.cli.output import emit, next_step, print_table
    from pentad.pipeline.add import add_source

    summary = add_source(
        workspace, source, modality=modality.value if modality else None, name=name or None
    )
    if json:
        emit(summary.to_json())
    else:
        print_table(("modality", "items", "rejected"), summary.rows())
    next_step(f"pentad embed {workspace}")
