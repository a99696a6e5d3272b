"""``pentad emm1 clouds``: pickled point clouds as plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


def clouds(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of .npy clouds.")],
    out: Annotated[
        Path | None, typer.Argument(metavar="[OUT]", help="Where to; default in place.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write clouds that are pickled dictionaries as float32 (n, 6); nothing is unpickled.

    What other programs train on: x, y, z, then red, green, blue from 0 to 1. In place, whatever
    else a file held is dropped. To OUT, plain clouds are written too.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.core.errors import InputError
    from pentad.media.cloud_npy import convert_folder

    if out is not None and out.exists() and not out.is_dir():
        raise InputError("this is a file; name a folder", file=out)
    if folder.is_dir() and not any(folder.glob("*.npy")):
        raise InputError("there are no .npy files directly in this folder", file=folder)
    done = convert_folder(folder, out, progress=make_progress())
    if json:
        emit({"converted": done.converted, "kept": done.kept, "refused": dict(done.refused)})
    else:
        kept = "were plain" if out is None else "were there"
        typer.echo(f"{done.converted} written, {done.kept} {kept}, {len(done.refused)} refused")
