"""``pentad similarity``: do near vectors share labels? From files to tables."""

from __future__ import annotations

import typer

from pentad.cli.similarity.evaluate import evaluate
from pentad.cli.similarity.extract import extract
from pentad.cli.similarity.figures import figures
from pentad.cli.similarity.grid import grid
from pentad.cli.similarity.prepare import prepare
from pentad.cli.similarity.search import search

similarity_app = typer.Typer(
    name="similarity",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Similarity of items of one modality: extract, prepare, search, evaluate, grid, figures.",
)


@similarity_app.callback()
def _group() -> None:
    pass


for _step in (extract, prepare, search, evaluate, grid, figures):
    similarity_app.command()(_step)
