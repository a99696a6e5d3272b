"""``pentad add``: items from a folder or a table, or all that is present of E-MM1."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, ModalityName, WorkspaceArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pentad.pipeline.add_emm1 import AddEmm1Summary

_EMM1 = "emm1:"


class PublishedSplit(StrEnum):
    """The parts of E-MM1 that have groups or ratings."""

    groups = "100m"
    triplets = "1m"


def add(
    workspace: WorkspaceArgument,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Folder or table to read, or emm1:ROOT.")
    ],
    modality: Annotated[
        ModalityName | None,
        typer.Option("--modality", help="What the files are; default by layout."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="Name of the source; default its folder's.")
    ] = "",
    nn: Annotated[
        list[int],
        typer.Option("--nn", min=1, help="emm1: which groups of 100m; default 1. Repeatable."),
    ] = [],  # noqa: B006  (typer copies it)
    split: Annotated[
        list[PublishedSplit],
        typer.Option("--split", help="emm1: which part; default all that are there. Repeatable."),
    ] = [],  # noqa: B006
    media_root: Annotated[
        Path | None,
        typer.Option(help="emm1: where the media are; default $ROOT_DATA_PATH, else ROOT."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Register the items of a source; known ones keep their ids.

    With emm1:ROOT the published groups and ratings come along, as far as their media are present.
    """
    from pentad.cli.output import emit, next_step, print_table

    if source.startswith(_EMM1):
        _refuse(modality or name, "--modality and --name", "a folder or a table")
        _add_emm1(workspace, source.removeprefix(_EMM1), media_root, nn, split, json)
        return
    from pentad.pipeline.add import add_source

    _refuse(nn or split or media_root, "--nn, --split and --media-root", f"{_EMM1}ROOT")
    summary = add_source(
        workspace, source, modality=modality.value if modality else None, name=name or None
    )
    if json:
        emit(summary.to_json())
    else:
        print_table(("modality", "items", "rejected"), summary.rows())
    next_step(f"pentad embed {workspace}")


def _add_emm1(
    workspace: Path,
    root: str,
    media_root: Path | None,
    nn: list[int],
    split: list[PublishedSplit],
    json: bool,
) -> None:
    from pentad.cli.output import emit, next_step
    from pentad.pipeline.add_emm1 import add_emm1

    summary = add_emm1(
        workspace,
        root or None,
        media_root=media_root,
        nn=nn or (1,),
        splits=[name.value for name in split] or None,
    )
    if json:
        emit(summary.to_json())
    else:
        _print(summary)
    next_step(f"pentad embed {workspace}")


def _print(summary: AddEmm1Summary) -> None:
    from pentad.cli.output import print_table

    rows = [(*row, row[2] - row[3]) for row in summary.rows()]
    print_table(("split", "modality", "listed", "present", "absent"), rows)
    if summary.rejected:
        typer.echo(f"{summary.rejected} of the files cannot be read; see logs/rejected.parquet")
    for folder, counts in (*summary.groups.items(), *summary.triplets.items()):
        typer.echo(f"{folder}: {_counts(counts)}")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _refuse(given: object, options: str, where: str) -> None:
    from pentad.core.errors import InputError

    if given:
        raise InputError(f"{options} belong to {where}; leave them out")
