"""``pentad emm1 convert``: the tables once into a form that opens at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


def convert(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="The data set as CSV tables.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write, or to go on with.")],
    nn: Annotated[
        list[int] | None,
        typer.Option("--nn", help="Rank to convert; default all. Repeatable."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write ids, file names and captions so that later commands map them instead of parsing.

    A run that was stopped goes on; until all parts are there, other commands refuse OUT. Media stay
    where they are: name them with --media-root when OUT is used.
    """
    import os
    from dataclasses import asdict

    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.sources.emm1.convert import convert_emm1
    from pentad.sources.emm1.layout import ROOT_VARIABLE

    done = convert_emm1(root, out, nn=nn, progress=make_progress())
    if json:
        emit({"out": str(out), **asdict(done)})
    else:
        typer.echo(
            f"{len(done.written)} parts written, {len(done.kept)} were there; "
            f"{done.bytes:,} bytes in {out}"
        )
    media = os.environ.get(ROOT_VARIABLE) or root
    next_step(f"pentad emm1 groups {out} --media-root {media} --paths --out groups.parquet")
