"""Options of ``pentad emm1 download`` that no other verb has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.emm1.pull import SplitName
from pentad.cli.options import ModalityName

MediaToOption = Annotated[
    Path | None,
    typer.Option(
        "--media-root", metavar="DIR", help="Where media go; default $ROOT_DATA_PATH, else ROOT."
    ),
]
OnlyModalityOption = Annotated[
    list[ModalityName], typer.Option("--modality", help="Only these. Repeatable.")
]
OnlySourceOption = Annotated[
    list[str], typer.Option("--source", help="Only these source data sets. Repeatable.")
]
OneSplitOption = Annotated[
    SplitName | None,
    typer.Option("--split", help="Which part; default what else is named."),
]
UsedByOption = Annotated[
    list[int], typer.Option("--nn", min=1, help="Only what these groups use. Repeatable.")
]
PairOption = Annotated[
    str | None,
    typer.Option("--pair", metavar="M-M", help="Only what is rated, such as points-audio."),
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many files.")]
LimitGroupsOption = Annotated[
    int | None,
    typer.Option("--limit-groups", min=1, help="So many complete groups or triplets."),
]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, help="Threads.")]
RateOption = Annotated[float | None, typer.Option("--rate", help="Requests a second to one host.")]
ContactOption = Annotated[
    str | None,
    typer.Option("--contact", metavar="TEXT", help="Address that site owners see in requests."),
]
CookiesOption = Annotated[
    Path | None, typer.Option("--cookies", metavar="FILE", help="cookies.txt for yt-dlp.")
]
SourcesFileOption = Annotated[
    Path | None,
    typer.Option("--sources", metavar="FILE", help="TOML that says where sources lie."),
]
RetryFailedOption = Annotated[
    bool, typer.Option("--retry-failed", help="Try again what failed for good, or is gone.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
