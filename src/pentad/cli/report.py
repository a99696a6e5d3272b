"""``pentad report``: a run as one page that can be sent to anyone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, WorkersOption


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that benchmark wrote.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The page; default RUN/report.html."),
    ] = None,
    queries: Annotated[
        int, typer.Option("--queries", min=0, help="So many best and worst of each direction.")
    ] = 6,
    media: Annotated[
        bool, typer.Option("--media/--no-media", help="Show pictures and sounds of queries.")
    ] = True,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Write a run as one HTML file: scores, classes, confusions, best and worst queries.

    It loads nothing from elsewhere. JSON, Markdown and figures as SVG stand beside it.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.pipeline.report.report import report as write

    found = write(
        run,
        out=out,
        queries=queries,
        media=media,
        workers=workers,
        progress=make_progress(),
    )
    size = found.page.stat().st_size
    for notice in found.notices:
        typer.echo(f"note: {notice}", err=True)
    if json:
        emit({"page": str(found.page), "bytes": size, "data": str(found.data),
              "markdown": str(found.markdown), "figures": [str(p) for p in found.figures],
              "notices": list(found.notices)})  # fmt: skip
        return
    typer.echo(f"{found.page} ({size / 1e6:.1f} MB)")
    for path in (found.data, found.markdown):
        typer.echo(str(path))
    typer.echo(f"{found.figures[0].parent} ({len(found.figures)} figures)")
