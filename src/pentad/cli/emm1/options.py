"""Options that the verbs of ``pentad emm1`` share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import ModalityName


class Naming(StrEnum):
    """How columns are called."""

    pentad = "pentad"
    readme = "readme"


RootArgument = Annotated[
    Path | None,
    typer.Argument(metavar="ROOT", help="Folder of E-MM1, any layout; default $ROOT_DATA_PATH."),
]
MediaRootOption = Annotated[
    Path | None,
    typer.Option("--media-root", help="Where the media are; default $ROOT_DATA_PATH, else ROOT."),
]
ModalitiesOption = Annotated[
    list[ModalityName],
    typer.Option("--modality", help="Which items; default all that are there. Repeatable."),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write all rows: FILE.parquet or FILE.csv."),
]
HeadOption = Annotated[
    int, typer.Option("--head", min=0, metavar="N", help="Rows to print where there is no --out.")
]
PathsOption = Annotated[
    bool, typer.Option("--paths", help="Add the path of each file, whether or not it exists.")
]
OnlyPresentOption = Annotated[
    bool, typer.Option("--only-present", help="Keep rows whose files all exist.")
]
NamesOption = Annotated[
    Naming, typer.Option("--names", help="readme: columns and order of the data set's own example.")
]
