"""Small sources written by the tests themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pentad.store.listing import Listing

Rows = Sequence[dict[str, str | None]]


def touch(*paths: Path) -> None:
    """Make files with their own name inside; nothing here is ever decoded."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode("utf-8", "surrogateescape"))


def write_csv(path: Path, *lines: str | bytes, end: bytes = b"\n") -> Path:
    """Write a table line by line, as it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join((x.encode() if isinstance(x, str) else x) + end for x in lines))
    return path


def write_table(path: Path, rows: Rows) -> Path:
    """Write rows in the format that the file name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(rows)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        frame.write_csv(path, separator={".csv": ",", ".tsv": "\t"}[path.suffix])
    return path


def rows_of(listing: Listing) -> list[tuple[str, str, str | None]]:
    """Return (modality, file, caption) of every row."""
    return listing.rows.select("modality", "file", "caption").rows()


def refusals(listing: Listing) -> list[tuple[str, int | None, str | None, str]]:
    """Return (path, line, column, reason) of every rejection."""
    return [(r.path, r.row, r.column, r.reason.value) for r in listing.rejections]
