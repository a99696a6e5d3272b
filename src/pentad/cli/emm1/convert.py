"""``pentad emm1 convert``: the tables once into a form that opens at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


def convert(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="The data set as CSV tables.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write; goes on there.")],
    nn: Annotated[
        list[int] | None, typer.Option("--nn", min=1, help="Rank to convert; default all.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write ids, file names and captions so that later commands map them instead of parsing."""
    from dataclasses import asdict

    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.sources.emm1.convert import convert_emm1

    done = convert_emm1(root, out, nn=nn, progress=make_progress())
    if json:
        emit({"out": str(out), **asdict(done)})
    else:
        typer.echo(
            f"{len(done.written)} parts written, {len(done.kept)} were there; "
            f"{done.bytes / 1e9:.2f} GB in {out}"
        )
    next_step(f"pentad emm1 groups {out} --out groups.parquet")
