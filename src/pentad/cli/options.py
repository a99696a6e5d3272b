"""Options that several verbs share; the same flag means the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

WorkspaceArgument = Annotated[Path, typer.Argument(metavar="WS", help="Folder of the workspace.")]
ModelOption = Annotated[
    list[str],
    typer.Option(
        "-m",
        "--model",
        metavar="[MODALITY=]NAME",
        help="Encoder or model: a registered name, hf:USER/NAME, onnx:FOLDER, a path. Repeatable.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
KOption = Annotated[int, typer.Option("-k", min=1, help="How many nearest items.")]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Decoder processes; default one a processor."),
]
MemoryOption = Annotated[
    str, typer.Option("--memory", metavar="SIZE", help="What a search may hold, such as 2G.")
]
DeviceOption = Annotated[
    str, typer.Option("--device", help="cpu, or where torch finds a processor: cuda, cuda:1.")
]
EngineOption = Annotated[
    str, typer.Option("--engine", help="local, or ray: on a cluster that is running.")
]
AddressOption = Annotated[
    str | None, typer.Option("--address", help="Of the Ray cluster; default auto.")
]


GeneratedOption = Annotated[
    bool | None,
    typer.Option(
        "--generated/--no-generated",
        help="Whether captions that models wrote count; default as said last, else they do.",
    ),
]


class ModalityName(StrEnum):
    """The modalities as the command line spells them."""

    text = "text"
    image = "image"
    audio = "audio"
    video = "video"
    points = "points"


class GroupFormat(StrEnum):
    """How groups are written."""

    parquet = "parquet"
    csv = "csv"
