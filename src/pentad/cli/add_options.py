"""Options of ``pentad add``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pentad.cli.options import ModalityName


class PublishedSplit(StrEnum):
    """The parts of E-MM1 that have groups or ratings."""

    groups = "100m"
    triplets = "1m"


class Rejectable(StrEnum):
    """What else can be refused when it is added."""

    vfr = "vfr"


SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="Folder, table, tar or pattern of tars to read, or emm1:ROOT."
    ),
]
WhatOption = Annotated[
    ModalityName | None, typer.Option("--modality", help="What the files are; default by layout.")
]
NameOption = Annotated[
    str, typer.Option("--name", help="Name of the source; default its folder's.")
]
RanksOption = Annotated[
    list[int],
    typer.Option("--nn", min=1, help="emm1: which groups of 100m; default 1. Repeatable."),
]
SplitsOption = Annotated[
    list[PublishedSplit],
    typer.Option("--split", help="emm1: which part; default all that are there. Repeatable."),
]
FormatOption = Annotated[
    str, typer.Option("--format", metavar="NAME", help="Layout of SOURCE; see 'list sources'.")
]
FilesAtOption = Annotated[
    str | None,
    typer.Option(
        "--media-root",
        help="Where the files lie, or go that are fetched; emm1: default $ROOT_DATA_PATH.",
    ),
]
RejectOption = Annotated[
    list[Rejectable],
    typer.Option("--reject", help="vfr: refuse videos of a variable frame rate. Repeatable."),
]
RetryOption = Annotated[
    bool, typer.Option("--retry-failed", help="Fetch again what failed for good.")
]
