"""``pentad emm1 export``: the data set in a form that others read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption

if TYPE_CHECKING:
    from pentad.publish.publish import PublishSummary


class ExportForm(StrEnum):
    """What is written."""

    emm1 = "emm1"
    webdataset = "webdataset"
    huggingface = "huggingface"


class ExportSplit(StrEnum):
    """Which part of the data set."""

    groups = "100m"
    rated = "1m"


class ExportPolicy(StrEnum):
    """What is kept by its license."""

    any = "any"
    redistributable = "redistributable"


class ExportModality(StrEnum):
    """Media that may be chosen."""

    image = "image"
    audio = "audio"
    video = "video"
    points = "points"


class IfExists(StrEnum):
    """What to do with a folder that holds something."""

    go_on = "skip"
    renew = "replace"
    refuse = "error"


RootArgument = Annotated[Path, typer.Argument(metavar="ROOT", help="Folder of E-MM1, any layout.")]
OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="New or empty folder.")]
FormOption = Annotated[
    ExportForm,
    typer.Option(
        "--to", help="emm1: its own tables; webdataset: tar with media; huggingface: Parquet."
    ),
]
CroissantOption = Annotated[
    bool, typer.Option("--croissant/--no-croissant", help="Describe the files in Croissant.")
]
SplitOption = Annotated[
    ExportSplit | None, typer.Option("--split", help="Default the first that is there.")
]
RankOption = Annotated[
    list[int] | None,
    typer.Option("--nn", metavar="K", help="Rank; default all. Repeatable."),
]
MediaOption = Annotated[
    list[ExportModality] | None, typer.Option("--modality", help="Default all. Repeatable.")
]
MediaRootOption = Annotated[
    Path | None,
    typer.Option("--media-root", help="Where media lie; default $ROOT_DATA_PATH, else ROOT."),
]
PolicyOption = Annotated[
    ExportPolicy, typer.Option("--license-policy", help="Leave out what may not be shared.")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="The most rows of each table.")
]
ShardOption = Annotated[
    int | None, typer.Option("--shard-size", min=1, help="Rows of a tar or Parquet file.")
]
PresentOption = Annotated[
    bool, typer.Option("--only-present", help="Only rows whose files are all there.")
]
PartialOption = Annotated[bool, typer.Option("--allow-partial", help="Tar samples may lack files.")]
ExistsOption = Annotated[
    IfExists,
    typer.Option("--if-exists", help="skip: go on with the same job, refuse another."),
]


def export(  # noqa: PLR0913, PLR0917
    root: RootArgument,
    out: OutArgument,
    to: FormOption,
    croissant: CroissantOption = True,
    split: SplitOption = None,
    nn: RankOption = None,
    modality: MediaOption = None,
    media_root: MediaRootOption = None,
    license_policy: PolicyOption = ExportPolicy.any,
    limit: LimitOption = None,
    shard_size: ShardOption = None,
    only_present: PresentOption = False,
    allow_partial: PartialOption = False,
    if_exists: ExistsOption = IfExists.go_on,
    json: JsonOption = False,
) -> None:
    """Write one split, or a part of it, with licenses, sources and a record of every file."""
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.publish.publish import publish_emm1
    from pentad.sources.emm1.dataset import open_emm1

    summary = publish_emm1(
        open_emm1(root, media_root=media_root),
        out,
        to=to.value,
        croissant=croissant,
        split=split.value if split else None,
        nn=nn,
        modalities=[m.value for m in modality or ()],
        license_policy=license_policy.value,
        limit=limit,
        shard_size=shard_size,
        only_present=only_present,
        allow_partial=allow_partial,
        if_exists=if_exists.value,
        progress=make_progress(),
    )
    if json:
        emit(summary.to_json())
    else:
        _print(summary)


def _print(summary: PublishSummary) -> None:
    from pentad.cli.output import print_table

    lost = {name: sum(reasons.values()) for name, reasons in summary.dropped.items()}
    rows = [(name, rows, lost.get(name, 0)) for name, rows in summary.tables.items()]
    print_table(("table", "rows", "left out"), rows)
    for name, reasons in summary.dropped.items():
        for reason, count in reasons.items():
            typer.echo(f"{name}: {count} left out, {reason}")
    for row in summary.refused:
        source, text = row["source_dataset"], row["dataset_license"] or "none"
        typer.echo(f"refused: {row['items']} {row['modality']} of {source!r}, license {text!r}")
    size = f"{summary.files} files, {summary.bytes:,} bytes"
    typer.echo(f"{summary.out}: {size}" + (", already there" if summary.already_there else ""))
