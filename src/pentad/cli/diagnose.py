"""``pentad diagnose``: what a unified space is like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkspaceArgument


def diagnose(
    workspace: WorkspaceArgument,
    model: Annotated[
        str, typer.Option("-m", "--model", help="Saved model; default the last one.")
    ] = "",
    space: Annotated[
        str, typer.Option("--space", help="A space of the workspace instead of a model.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the files; default WS/reports/diagnosis."),
    ] = None,
    queries: Annotated[
        int, typer.Option("--max-queries", min=1, help="Of each modality; more are sampled.")
    ] = 2000,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Print every direction, who is in mixed lists, gaps between modalities, and hubs.

    Tables as Markdown and LaTeX, figures as SVG and PNG, and all numbers as JSON are written.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.evaluation.diagnostics.tables import all_tables
    from pentad.evaluation.tables import plain_table
    from pentad.pipeline.diagnose import diagnose as run

    found, files = run(
        workspace,
        model=model or None,
        space=space or None,
        out=out,
        queries=queries,
        seed=seed,
        progress=make_progress(),
    )
    if json:
        emit(found.to_json())
        return
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    for table in all_tables(found):
        typer.echo(
            f"\n{table.title}. {table.about}\n\n{plain_table(table.rows, table.words)}", nl=False
        )
    typer.echo(f"\nwritten to {files[0].parent}")
