"""Options that the steps of ``pentad similarity`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModalityOption = Annotated[
    str | None,
    typer.Option("--modality", help="Of what the vectors are, where that is not plain."),
]
SpaceOption = Annotated[
    str | None, typer.Option("--space", help="Which embeddings of a workspace; see pentad info.")
]
SourceArgument = Annotated[
    Path,
    typer.Argument(metavar="DIR|WS", help="Embeddings: JSON files, a folder, a workspace."),
]
TruthOption = Annotated[
    Path,
    typer.Option(
        "--ground-truth", metavar="CSV", help="Columns fname and labels, labels with commas."
    ),
]
FamiliesOption = Annotated[
    Path | None,
    typer.Option(
        "--families", "--families-json", metavar="JSON", help='{"family": ["label", ...], ...}'
    ),
]
MetricOption = Annotated[
    list[str],
    typer.Option(
        "--metric", help="Such as map@15, mr1, hit@5; repeatable. Default map@15 and mr1."
    ),
]
CompatOption = Annotated[
    str | None,
    typer.Option("--compat", metavar="sss", help="Definitions of the published program."),
]
