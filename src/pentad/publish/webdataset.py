"""Tar shards for streaming readers such as ``webdataset``: one sample a group, media included.

    nn_1-000000.tar
      nn1_000000012.video.mp4  .audio.mp4  .image.jpg  .points.npy  .txt  .json
    nn_1-000000.json           record of the shard: rows, what was dropped, SHA-256

The number in a key is the place of the row in its table, so it is the same whatever was left out.
A shard holds a fixed run of chosen rows, less those whose files are missing: shards do not depend
on one another, and a run that was stopped goes on with the first shard that is not whole.

A file that many groups name is stored in each of them. That is how the format works: a reader sees
one sample after the other and never looks back.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pentad.core.fingerprint import canonical_json
from pentad.core.modality import Modality
from pentad.core.progress import Progress
from pentad.publish.bundle import ANNOTATED, PAIRED, RANK, TRIPLETS
from pentad.publish.chunks import in_chunks
from pentad.publish.info_table import CAPTION, FILE, FOLDER, LICENSE, NO_ID, SOURCE, is_safe
from pentad.publish.select import ROW, Chosen, Selection
from pentad.publish.tar import PlainTar
from pentad.publish.written import TEXT, Column, Written, add_up
from pentad.store.records import committing, read_record

SHARD_ROWS = 1000
_FACTS = (SOURCE, LICENSE, FILE, FOLDER)
_SUFFIXES = {".jpeg": ".jpg"}
_LONGEST_SUFFIX = 6


@dataclass(frozen=True, eq=False)
class ShardWriter:
    """Writes the shards of one table.

    Attributes:
        selection: What is written; items of whole samples are marked.
        out: The folder of the shards.
        table: Its name.
        allow_partial: Whether a sample is written without the files that are missing.
    """

    selection: Selection
    out: Path
    table: str
    allow_partial: bool = False

    def write(self, shard_rows: int, progress: Progress) -> Written:
        """Write what is not there yet and return what there is."""
        records: list[Mapping[str, Any]] = []
        dropped: list[Mapping[str, int]] = []
        files: list[str] = []
        with progress.task(f"write {self.table}") as task:
            for number, chunk in enumerate(in_chunks(self.selection.of(self.table), shard_rows)):
                dropped.append(chunk.dropped)
                if not len(chunk):
                    continue
                name = f"{self.table}-{number:06d}"
                record = self._shard(name, chunk)
                records.append(record)
                files.append(f"{name}.tar")
                self._mark(chunk, record)
                task.advance(record["samples"])
        parts = sorted({part for record in records for part in record["parts"]})
        missing = [record["dropped"] for record in records]
        columns = tuple(Column(part, TEXT) for part in parts)
        samples = sum(record["samples"] for record in records)
        return Written(
            self.table, tuple(files), "tar", columns, samples, add_up([*dropped, *missing])
        )

    def _mark(self, chunk: Chosen, record: Mapping[str, Any]) -> None:
        kept = np.ones(len(chunk), dtype=bool)
        kept[record["dropped_rows"]] = False
        self.selection.mark(chunk.only(kept))

    def _shard(self, name: str, chunk: Chosen) -> Mapping[str, Any]:
        path = self.out / f"{name}.json"
        rows = chunk.frame[ROW]
        place = {"table": self.table, "first_row": int(rows[0]), "last_row": int(rows[-1])}
        known = read_record(path)
        if known is not None and known.intact() and place.items() <= known.fields.items():
            return known.fields
        with committing(path) as commit:
            coming = commit.path(f"{name}.tar")
            with PlainTar(coming) as tar:
                fields = {**place, **self._fill(tar, chunk)}
            return commit.finish(fields).fields

    def _fill(self, tar: PlainTar, chunk: Chosen) -> dict[str, Any]:
        dropped: Counter[str] = Counter()
        dropped_rows: list[int] = []
        parts: set[str] = set()
        for number, sample in enumerate(_samples(self.selection, self.table, chunk)):
            missing = self._add(tar, sample, parts)
            if missing:
                dropped[missing] += 1
                dropped_rows.append(number)
        return {
            "samples": len(chunk) - len(dropped_rows),
            "parts": sorted(parts),
            "dropped": dict(sorted(dropped.items())),
            "dropped_rows": dropped_rows,
        }

    def _add(self, tar: PlainTar, sample: Sample, parts: set[str]) -> str:
        """Add a sample as a whole, or return why it cannot be."""
        with ExitStack() as opened:
            files: list[tuple[str, BinaryIO]] = []
            for part in sample.parts:
                file = self._open(part) if part.file_name is not None else None
                if file is not None:
                    files.append((f"{part.modality}{_suffix(part)}", opened.enter_context(file)))
                elif not self.allow_partial:
                    return f"missing file: {part.role}"
            for name, file in files:
                tar.add_file(f"{sample.key}.{name}", file)
            tar.add(f"{sample.key}.txt", sample.caption.encode())
            tar.add(f"{sample.key}.json", (canonical_json(sample.facts) + "\n").encode())
            parts.update((*(name for name, _ in files), "txt", "json"))
        return ""

    def _open(self, part: Part) -> BinaryIO | None:
        """Open a file of the media; None where it is missing or its name leads elsewhere."""
        media = self.selection.bundle.media
        name, folder = part.file_name or "", part.save_folder or ""
        if media is None or not is_safe(folder, name):
            return None
        try:
            file = media.path(folder, part.modality, name).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            return None
        return file


@dataclass(frozen=True)
class Part:
    """A file of a sample, as its table names it."""

    role: str
    modality: Modality
    file_name: str | None
    save_folder: str | None


@dataclass(frozen=True)
class Sample:
    """A row with everything that is written of it."""

    key: str
    caption: str
    facts: dict[str, Any]
    parts: tuple[Part, ...]


def _samples(selection: Selection, table: str, chunk: Chosen) -> Iterator[Sample]:
    prefix = table.replace("_", "")
    captions = selection.column(chunk, "text", CAPTION).fill_null("").to_pylist()
    facts = {role: _facts(selection, chunk, role) for role in chunk.places}
    for number, row in enumerate(chunk.frame.iter_rows(named=True)):
        items = {role: found[number] for role, found in facts.items()}
        parts = tuple(
            Part(role, Modality(item["modality"]), item.get(FILE), item.get(FOLDER))
            for role, item in items.items()
            if role != "text"
        )
        said = {"table": table, "row": row[ROW], **items}
        said |= {name: row[name] for name in (RANK, "annotation") if name in row}
        if table == TRIPLETS:
            said["annotation_name"] = dict(selection.bundle.mapping).get(row["annotation"])
        yield Sample(f"{prefix}_{row[ROW]:09d}", captions[number], said, parts)


def _facts(selection: Selection, chunk: Chosen, role: str) -> list[dict[str, Any]]:
    """Return id, source, license and file of the items that a role has."""
    names = (SOURCE, LICENSE) if role == "text" else _FACTS
    columns = {name: selection.column(chunk, role, name).to_pylist() for name in names}
    ids = chunk.frame[selection.bundle.id_name(role)].to_list()
    kinds = (
        chunk.frame[f"{role}_modality"].to_list()
        if role in (PAIRED, ANNOTATED)
        else [role] * len(chunk)
    )
    none = (chunk.places[role] == NO_ID).tolist()
    return [
        {"id": ids[i], "modality": kinds[i]}
        | ({} if none[i] else {name: cells[i] or "" for name, cells in columns.items()})
        for i in range(len(chunk))
    ]


def _suffix(part: Part) -> str:
    """Return the file's ending where it is a plain one, so that readers know what to decode."""
    ending = Path(part.file_name or "").suffix.lower()
    if not ending[1:].isalnum() or not ending.isascii() or len(ending) > _LONGEST_SUFFIX:
        return ".bin"
    return _SUFFIXES.get(ending, ending)
