"""``pentad map``: all items in two dimensions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkspaceArgument


class By(StrEnum):
    """What colors mean."""

    concept = "concept"
    modality = "modality"


class Method(StrEnum):
    """How vectors come into two dimensions."""

    pca = "pca"
    umap = "umap"


def map_items(
    workspace: WorkspaceArgument,
    model: Annotated[
        str, typer.Option("-m", "--model", help="Saved model; default the last one.")
    ] = "",
    space: Annotated[
        str, typer.Option("--space", help="A space of the workspace instead of a model.")
    ] = "",
    by: Annotated[By | None, typer.Option("--by", help="Color by this only; default both.")] = None,
    method: Annotated[
        Method, typer.Option("--method", help="umap needs: pip install 'pentad[map]'.")
    ] = Method.pca,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files; default WS/reports/map.")
    ] = None,
    most: Annotated[
        int, typer.Option("--max-points", min=1, help="More items than that are sampled.")
    ] = 5000,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Draw all items as a map, by concept and by modality: SVG, PNG and a table of places.

    A panel a class keeps fifty classes apart; only the largest are named on the whole map.
    """
    from pentad.cli.output import emit
    from pentad.pipeline.map import map_workspace

    found = map_workspace(
        workspace,
        model=model or None,
        space=space or None,
        by=by.value if by else None,
        method=method.value,
        out=out,
        most=most,
        seed=seed,
    )
    if json:
        emit(found.to_json())
        return
    typer.echo(f"{found.shown} of {found.items} items of {found.space} by {found.method}")
    for path in found.files:
        typer.echo(str(path))
