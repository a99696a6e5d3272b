"""``pentad add``: items from a folder, a table or another layout, or what is present of E-MM1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pentad.cli.add_options import (
    FilesAtOption,
    FormatOption,
    NameOption,
    PublishedSplit,
    RanksOption,
    RejectOption,
    RetryOption,
    SourceArgument,
    SplitsOption,
    WhatOption,
)
from pentad.cli.emm1.download_options import ContactOption, RateOption
from pentad.cli.emm1.pull import AllowPrivateOption
from pentad.cli.options import JsonOption, WorkersOption, WorkspaceArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pentad.pipeline.add import AddSummary
    from pentad.pipeline.add_emm1 import AddEmm1Summary

_EMM1 = "emm1:"
_OF_OTHERS = "--modality, --name, --format, --reject and what is said of fetching"


def add(  # noqa: PLR0913, PLR0917
    workspace: WorkspaceArgument,
    source: SourceArgument,
    modality: WhatOption = None,
    name: NameOption = "",
    nn: RanksOption = [],  # noqa: B006  (typer copies it)
    split: SplitsOption = [],  # noqa: B006
    format: FormatOption = "",
    media_root: FilesAtOption = None,
    reject: RejectOption = [],  # noqa: B006
    retry_failed: RetryOption = False,
    rate: RateOption = None,
    contact: ContactOption = None,
    allow_private: AllowPrivateOption = [],  # noqa: B006
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Register the items of a source; known ones keep their ids.

    What it is, is told from what is there. The files of a table of addresses are fetched first.
    With emm1:ROOT the published groups and ratings come along, as far as their media are present.
    """
    from pentad.cli.output import next_step
    from pentad.cli.progress import make_progress
    from pentad.pipeline.add import add_source
    from pentad.sources.urls import FetchOptions

    if source.startswith(_EMM1):
        fetching = retry_failed or rate or contact or allow_private or workers
        given = modality or name or format or reject or fetching
        _refuse(given, _OF_OTHERS, "a folder or a table")
        _add_emm1(workspace, source.removeprefix(_EMM1), media_root, nn, split, json)
        return
    _refuse(nn or split, "--nn and --split", f"{_EMM1}ROOT")
    summary = add_source(
        workspace,
        source,
        modality=modality.value if modality else None,
        name=name or None,
        format=format or None,
        media_root=media_root,
        reject=[each.value for each in reject],
        fetch=FetchOptions(8, rate, contact, retry_failed, frozenset(allow_private)),
        workers=workers,
        progress=make_progress(),
    )
    _show(summary, json)
    next_step(f"pentad embed {workspace}")


def _show(summary: AddSummary, json: bool) -> None:
    from pentad.cli.output import emit, print_table

    if json:
        emit(summary.to_json())
    else:
        print_table(("modality", "items", "rejected"), summary.rows())


def _add_emm1(
    workspace: Path,
    root: str,
    media_root: str | None,
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
