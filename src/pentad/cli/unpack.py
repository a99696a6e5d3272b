"""``pentad unpack``: forms of clouds that only data sets use, as files that benchmarks read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


def unpack(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of the data set; only read.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Folder to write to, outside SOURCE.")
    ],
    json: JsonOption = False,
) -> None:
    """Turn clouds of ScanObjectNN and ModelNet40 (.h5, .bin, .txt) into files that benchmarks read.

    Run it again to go on where it stopped. Of .h5 files the test parts are read.
    .h5 needs: pip install 'pentad[hdf5]'.
    """
    import shlex

    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.core.errors import InputError
    from pentad.evaluation.tasks.labels.clouds import unpack_clouds

    if target.exists() and not target.is_dir():
        raise InputError("this is a file; name a folder", file=target)
    done = unpack_clouds(source, target, progress=make_progress())
    if json:
        emit({"written": done.clouds, "kept": done.kept, "refused": dict(done.refused)})
    else:
        typer.echo(f"{done.clouds} written, {done.kept} were there, {len(done.refused)} refused")
        for name, reason in done.refused[:10]:
            typer.echo(f"refused {name}: {reason}", err=True)
        if len(done.refused) > 10:
            typer.echo("all that were refused: --json", err=True)
    next_step(f"pentad benchmark {shlex.quote(str(target))} -m MODEL")
