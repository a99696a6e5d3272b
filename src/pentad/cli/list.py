"""``pentad list``: the names that can be given elsewhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pentad.cli.options import JsonOption


class Kind(StrEnum):
    """What can be listed."""

    encoders = "encoders"
    metrics = "metrics"
    backends = "backends"
    sources = "sources"
    tasks = "tasks"


def list_names(
    kind: Annotated[Kind, typer.Argument(metavar="encoders|tasks|metrics|backends|sources")],
    json: JsonOption = False,
) -> None:
    """List encoders, benchmarks, metrics, neighbor backends or source layouts."""
    from pentad.cli.output import emit, print_table
    from pentad.pipeline.names import listing

    header, rows = listing(kind.value)
    if json:
        for row in rows:
            emit(dict(zip(header, row, strict=True)))
    else:
        print_table(header, rows)
