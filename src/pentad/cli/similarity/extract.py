"""``pentad similarity extract``: the frame vectors of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, ModelOption, WorkersOption
from pentad.cli.similarity.options import ModalityOption


def extract(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="What to encode.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Workspace for the vectors.")
    ],
    model: ModelOption,
    names: Annotated[
        Path | None,
        typer.Option("--list", metavar="CSV", help="Only the files named in its column fname."),
    ] = None,
    modality: ModalityOption = None,
    device: Annotated[str | None, typer.Option("--device", help="cpu, auto, cuda, cuda:1.")] = None,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Encode files, one vector a frame; a run that was cut short goes on where it was.

    The vectors lie in a workspace, which prepare, search and everything else can open. Files that
    cannot be decoded are listed in logs/rejected.parquet of it.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.embeddings.work import EmbedOptions
    from pentad.pipeline.similarity.extract import extract as run

    done = run(
        source,
        out,
        models=model,
        modality=modality,
        names=names,
        options=EmbedOptions(workers),
        device=device,
        progress=make_progress(),
    )
    if json:
        emit(done.to_json())
    else:
        what = "frames" if done.frames else "one vector an item"
        typer.echo(
            f"{done.modality} in {done.space}, {what}: {done.encoded} encoded, "
            f"{done.kept} there before, {done.rejected} rejected"
        )
    next_step(f"pentad similarity prepare {out} --out prepared")
