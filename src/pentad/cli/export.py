"""``pentad export``: vectors of a workspace for another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, ModalityName, WorkspaceArgument


def export(
    workspace: WorkspaceArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder, or .parquet file, to write.")],
    space: Annotated[str, typer.Option("--space", help="Which vectors; 'pentad info' lists them.")],
    modality: Annotated[ModalityName, typer.Option("--modality", help="What they are of.")],
    format_: Annotated[
        str,
        typer.Option("--format", help="clip-retrieval, json, huggingface, faiss or atlas."),
    ],
    aggregate: Annotated[
        str | None,
        typer.Option("--aggregate", help="Items with several vectors: mean, median, max or none."),
    ] = None,
    if_exists: Annotated[
        str, typer.Option("--if-exists", help="error, or replace: an earlier export.")
    ] = "error",
    json: JsonOption = False,
) -> None:
    """Write vectors with the files or captions that they are of."""
    from pentad.cli.output import emit, next_step, print_table
    from pentad.cli.progress import make_progress
    from pentad.pipeline.export import export_embeddings

    summary = export_embeddings(
        workspace,
        out,
        space=space,
        modality=modality.value,
        format=format_,
        aggregation=aggregate,
        if_exists=if_exists,
        progress=make_progress(),
    )
    row = summary.to_json()
    if json:
        emit(row)
    else:
        header = ("format", "space", "modality", "items", "dim", "removed", "path")
        print_table(header, [tuple(row[name] for name in header)])
    if format_ == "atlas":
        next_step(f"embedding-atlas {out} --vector embedding --text caption")
    else:
        next_step(f"pentad import WS {out} --modality {modality.value} --space {row['space']}")
