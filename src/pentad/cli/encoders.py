"""``pentad encoders``: trying an encoder before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption

encoders_app = typer.Typer(
    name="encoders",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Try an encoder before it is used; 'pentad list encoders' names them.",
)

_SIGNS = {True: "ok", False: "FAILED", None: "-"}


@encoders_app.callback()
def _root() -> None:
    pass


@encoders_app.command()
def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A registered name, hf:USER/NAME, onnx:FOLDER, or the path of a folder.",
        ),
    ],
    device: Annotated[
        str | None,
        typer.Option("--device", help="cpu, cuda, cuda:1, mps, or auto; default as it loads."),
    ] = None,
    dtype: Annotated[
        str | None, typer.Option("--dtype", help="float32, bfloat16 or float16.")
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            "--root", metavar="FOLDER", help="Where the inputs of an ONNX golden.json lie."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Try shapes, norms, determinism, batches, files, speed and meaning with made-up inputs.

    One line a check: ok, FAILED, or - for what is only told. Exit code 1 where one failed.
    """
    from pentad.cli.output import emit, print_table
    from pentad.encoders.check import check_encoder
    from pentad.encoders.protocol import place_encoder
    from pentad.encoders.registry import get_encoder

    encoder = get_encoder(name)
    place_encoder(encoder, device, dtype)
    report = check_encoder(encoder, root=root)
    if json:
        emit(report.to_json())
    else:
        rows = [[_SIGNS[c.passed], c.modality, c.name, c.detail] for c in report.checks]
        print_table(["", "modality", "check", report.space], rows)
    if not report.passed:
        raise typer.Exit(1)
