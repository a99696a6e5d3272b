"""Captions on disk as they are written: chunk n holds the ids from ``n * CHUNK_ITEMS`` on.

captions/<captioner>-<8 digits>/generator.json    who writes, asked what
                                00000.parquet     one row an item: its caption, or why it has none
                                00000.json        the record, written last

A folder belongs to one generator (model, revision, prompt, settings) and one modality. What is in
it is not thrown away when a file is missing for a while: captions cost more than the bytes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import Reason
from pentad.store.atomic import json_bytes, write_json
from pentad.store.records import committing, read_record

if TYPE_CHECKING:
    from pentad.store.items import Schema

CHUNK_ITEMS = 1024


@dataclass(frozen=True)
class Row:
    """What became of one item.

    Attributes:
        item_id: The item.
        item_fingerprint: Its content when it was described.
        caption: Its caption, None where it was refused.
        reason: Why it was refused, None where it was not.
        detail: One line for people.
    """

    item_id: int
    item_fingerprint: str
    caption: str | None
    reason: Reason | None = None
    detail: str = ""


class ChunkFolder:
    """The chunks of one generator."""

    def __init__(self, folder: Path, generator: str) -> None:
        self.folder = folder
        self._generator = generator

    def describe(self, facts: Mapping[str, object]) -> None:
        """Write ``generator.json`` where it is not there as it should be."""
        path = self.folder / "generator.json"
        if not path.exists() or path.read_bytes() != json_bytes(facts):
            write_json(path, facts)

    def read(self) -> dict[int, Row]:
        """Return item -> row over all chunks; a damaged chunk counts as not written."""
        names = sorted(p.stem for p in self.folder.glob("*.json") if p.stem.isdigit())
        rows = (row for name in names for row in self._chunk(int(name)))
        return {row.item_id: row for row in rows}

    def add(self, number: int, rows: Sequence[Row]) -> None:
        """Put rows into a chunk, in place of what it said of those items."""
        import polars as pl

        merged = {row.item_id: row for row in [*self._chunk(number), *rows]}
        table = [_plain(merged[item]) for item in sorted(merged)]
        frame = pl.DataFrame(table, schema=_schema(), orient="row")
        with committing(self.folder / f"{number:05d}.json") as commit:
            frame.write_parquet(commit.path(f"{number:05d}.parquet"))
            commit.finish(
                {
                    "generator": self._generator,
                    "rows": frame.height,
                    "refused": frame["caption"].null_count(),
                }
            )

    def _chunk(self, number: int) -> list[Row]:
        import polars as pl

        record = read_record(self.folder / f"{number:05d}.json")
        if record is None or record.damaged() or record.fields.get("generator") != self._generator:
            return []
        try:
            frame = pl.read_parquet(self.folder / f"{number:05d}.parquet").select(*_schema())
            return [_row(*values) for values in frame.iter_rows()]
        except (OSError, ValueError, pl.exceptions.PolarsError):
            return []


def _schema() -> Schema:
    import polars as pl

    names = ("item_fingerprint", "caption", "reason", "detail")
    return {"item_id": pl.UInt32, **dict.fromkeys(names, pl.String)}


def _plain(row: Row) -> tuple[int, str, str | None, str | None, str]:
    reason = None if row.reason is None else row.reason.value
    return row.item_id, row.item_fingerprint, row.caption, reason, row.detail


def _row(
    item_id: int, fingerprint: str, caption: str | None, reason: str | None, detail: str
) -> Row:
    return Row(item_id, fingerprint, caption, None if reason is None else Reason(reason), detail)
