"""``pentad emm1 report``: what can be trained on here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption

if TYPE_CHECKING:
    from pentad.sources.emm1.report import TrainableReport
    from pentad.sources.emm1.report_rows import Count

_TITLES = {
    "items": "items by modality, source and licence",
    "groups": "groups by pair of modalities and rank",
    "sources": "groups by source and licence of one of their items",
    "triplets": "rated triplets by pair and annotation",
    "eshot": "EShot: a category is present when it has a sound and a cloud",
}


def report(
    root: Annotated[
        Path | None,
        typer.Argument(metavar="ROOT", help="Folder of E-MM1; default $ROOT_DATA_PATH."),
    ] = None,
    media_root: Annotated[
        Path | None,
        typer.Option(help="Where the media are; default $ROOT_DATA_PATH, else ROOT."),
    ] = None,
    nn: Annotated[
        list[int],
        typer.Option("--nn", help="Groups of which neighbors; default 1. Repeatable."),
    ] = [],  # noqa: B006  (typer copies it)
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the items too: FILE.png or FILE.svg."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Count what can be trained on here: listed in the tables, and with its media present."""
    from pentad.cli.output import emit
    from pentad.sources.emm1.dataset import open_emm1
    from pentad.sources.emm1.report import report_emm1
    from pentad.sources.emm1.report_figure import check_figure, draw_report

    if figure is not None:
        check_figure(figure)
    found = report_emm1(open_emm1(root, media_root=media_root), ranks=nn or None)
    if figure is not None:
        draw_report(found, figure)
        typer.echo(f"figure: {figure}", err=True)
    if json:
        emit(found.to_json())
    else:
        _print(found)


def _print(found: TrainableReport) -> None:
    typer.echo(f"tables: {found.root}")
    typer.echo(f"media: {found.media_root}")
    typer.echo(f"ranks counted: {_names(found.counted)} (here: {_names(found.ranks)})")
    for section, title in _TITLES.items():
        rows = found.section(section)
        if rows:
            typer.echo(f"\n{title}")
            _print_rows(rows)


def _print_rows(rows: list[Count]) -> None:
    from pentad.cli.output import print_table

    header = (*rows[0].keys, "rows", "present", "share")
    shares = [row.present / row.rows if row.rows else 0.0 for row in rows]
    print_table(
        header,
        [
            (*row.keys.values(), row.rows, row.present, share)
            for row, share in zip(rows, shares, strict=True)
        ],
    )


def _names(ranks: tuple[int, ...]) -> str:
    return ", ".join(f"nn_{rank}" for rank in ranks) or "none"
