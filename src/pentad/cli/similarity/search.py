"""``pentad similarity search``: the nearest items of every item."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


def search(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR2", help="What prepare wrote, or JSON clips.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="RANKING.jsonl", help="File to write.")
    ],
    metric: Annotated[
        str, typer.Option("--metric", "-s", "--search", help="dot, cosine, or euclidean (nn).")
    ] = "nn",
    k: Annotated[int, typer.Option("-k", "-N", help="How many results a query; -1 for all.")] = 15,
    ground_truth: Annotated[
        Path | None,
        typer.Option("--ground-truth", metavar="CSV", help="Only items that are in it."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Rank all other items for every item; a query does not find itself.

    Items of equal score are in the order of the folder.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.pipeline.similarity.steps import search_step

    queries, depth = search_step(
        folder, out, metric, k, truth=ground_truth, progress=make_progress()
    )
    if json:
        emit({"out": str(out), "queries": queries, "results": depth, "search": metric})
    else:
        typer.echo(f"{queries} queries with {depth} results each: {out}")
    next_step(f"pentad similarity evaluate {out} --ground-truth CSV")
