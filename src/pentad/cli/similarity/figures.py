"""``pentad similarity figures``: several grids beside one another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


def figures(
    grids: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]GRID...", help="Folders of grid, one a model."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", "--output-dir", metavar="DIR", help="Folder to write.")
    ],
    metric: Annotated[
        list[str],
        typer.Option("--metric", help="Repeatable; the first decides what is best. Default all."),
    ] = [],  # noqa: B006  (typer copies it)
    aggregate: Annotated[
        str | None, typer.Option("--aggregate", "-a", help="Only cells with this aggregation.")
    ] = None,
    pca: Annotated[
        int | None, typer.Option("--pca", "-N", help="Only cells with as many components; -1 none.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", "-s", help="Only cells with this search.")
    ] = None,
    normalize: Annotated[
        bool | None,
        typer.Option(
            "--normalize/--no-normalize",
            "--normalization/--no-normalization",
            help="Only cells with, or without, length 1 in the end.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Draw models beside one another: by family, and their means, cutoffs side by side.

    Each model stands there with the cell of its grid that has the best macro mean of the first
    metric; models.csv and the figures say which that is.
    """
    from pentad.cli.output import emit, print_table
    from pentad.evaluation.similarity.models import Wanted
    from pentad.evaluation.similarity.scoring import as_search
    from pentad.pipeline.similarity.compare import compare_grids

    way = None if search is None else as_search(search).value
    wanted = Wanted(aggregate, pca, normalize, way)
    models, written = compare_grids(grids, out, metrics=metric, wanted=wanted)
    if json:
        for model in models:
            found = model.result
            emit({"model": model.name, "variant": found["variant"], "search": found["search"]})
    else:
        print_table(("model", "variant"), [(model.name, model.way) for model in models])
        typer.echo(f"\n{', '.join(written)} in {out}")
