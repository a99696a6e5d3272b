"""``pentad similarity prepare``: frames aggregated, fewer dimensions, length 1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption
from pentad.cli.similarity.options import ModalityOption, SourceArgument, SpaceOption


def prepare(  # noqa: PLR0913, PLR0917  (one for each option)
    source: SourceArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", "--output-dir", metavar="DIR2", help="Folder to write.")
    ],
    aggregate: Annotated[
        str,
        typer.Option("--aggregate", "-a", help="Frames to one vector: mean, median, max, none."),
    ] = "mean",
    pca: Annotated[
        int, typer.Option("--pca", "-N", help="How many principal components; -1 for none.")
    ] = 100,
    normalize: Annotated[
        bool,
        typer.Option(
            "--normalize/--no-normalize",
            "--normalization/--no-normalization",
            help="Length 1 in the end; before PCA it always is.",
        ),
    ] = True,
    fit_on: Annotated[
        Path | None,
        typer.Option("--fit-on", metavar="DIR|WS", help="Fit PCA on these, not on the items."),
    ] = None,
    fit_sample: Annotated[
        int | None, typer.Option("--fit-sample", min=1, help="Fit PCA on so many, drawn by --seed.")
    ] = None,
    form: Annotated[
        str,
        typer.Option("--format", help="pentad, or json: one file an item, for other programs."),
    ] = "pentad",
    modality: ModalityOption = None,
    space: SpaceOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Aggregate, L2, PCA, L2: an embeddings folder that can be searched.

    PCA is fitted on the items themselves unless --fit-on names others, such as a training split.
    """
    from pentad.cli.output import emit, next_step
    from pentad.evaluation.similarity.prepare import Recipe
    from pentad.pipeline.similarity.steps import prepare_step

    recipe = Recipe(aggregate, pca, normalize, fit_sample, seed)
    made = prepare_step(
        source, out, recipe, modality=modality, space=space, fit_on=fit_on, form=form
    )
    dim = made.vectors.shape[1]
    if json:
        emit({"out": str(out), "items": len(made), "dim": dim, "recipe": dict(made.recipe)})
    else:
        kept = made.recipe.get("explained")
        share = "" if kept is None else f", {kept:.1%} of the variance"
        typer.echo(f"{len(made)} items of {dim} dimensions{share}: {out}")
    next_step(f"pentad similarity search {out} --metric cosine --out ranking.jsonl")
