"""``pentad build``: the whole chain, from a folder to a searchable model."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import (
    GeneratedOption,
    JsonOption,
    KOption,
    ModelOption,
    SeedOption,
    WorkersOption,
    WorkspaceArgument,
)


def build(
    directory: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder or table of captioned files, or s3://...")
    ],
    workspace: WorkspaceArgument,
    model: ModelOption = [],  # noqa: B006  (typer copies it)
    k: KOption = 16,
    seed: SeedOption = 0,
    workers: WorkersOption = None,
    generated: GeneratedOption = None,
    json: JsonOption = False,
) -> None:
    """From captioned files to groups, a model, its scores and a search.

    DIR is in the neutral layout (MODALITY/captions.csv), a folder with side-car .txt captions, or a
    table. Running it again does only what is missing.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_build
    from pentad.pipeline.build import build as run

    result = run(
        directory,
        workspace,
        models=model,
        k=k,
        seed=seed,
        workers=workers,
        generated=generated,
        progress=make_progress(),
    )
    if json:
        emit(result.to_json())
    else:
        print_build(result)
    next_step(f'pentad search {workspace} "a red bus"')
