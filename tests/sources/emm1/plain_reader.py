"""The data set read with the csv module alone, row by row: slow, short, and independent.

Whatever is odd makes it fail; a table that it reads is read right.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.emm1_trees import MEDIA

LIMIT = 2**32 - 1


class Odd(Exception):
    """A table that nobody should read without a word."""


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise Odd(str(error)) from None
    try:
        lines = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise Odd(str(error)) from None
    if not lines or len(set(lines[0])) < len(lines[0]):
        raise Odd("header")
    if any(len(row) != len(lines[0]) for row in lines):
        raise Odd("width")
    return [dict(zip(lines[0], row, strict=True)) for row in lines[1:]]


def number(cell: str) -> int | None:
    """Return an id, None for an empty cell."""
    if not cell:
        return None
    if not (cell.isascii() and cell.strip(" \t").isdigit() and int(cell) < LIMIT):
        raise Odd(f"id {cell!r}")
    return int(cell)


def clean(cell: str) -> str:
    """Return a text that is UTF-8."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        raise Odd(f"text {cell!r}") from None
    return cell


def items(path: Path, modality: str, columns: tuple[str, ...]) -> dict[int, dict[str, str]]:
    """Return id -> chosen columns of an infos table."""
    found: dict[int, dict[str, str]] = {}
    for row in read(path):
        key = number(row[f"encord_{modality}_id"])
        if key is None or found.get(key, row) != row:
            raise Odd(f"id {key}")
        found[key] = row
    return {key: {c: clean(row[c]) for c in columns} for key, row in found.items()}


def groups(
    folder: Path, root: Path, rank: int, table: Path, modalities: tuple[str, ...] = MEDIA
) -> list[tuple]:
    """Return ``text id, rank, caption, ids .., paths ..`` of every group."""
    texts = items(folder / "infos" / "text.csv", "text", ("caption",))
    places = ("file_name", "save_folder")
    media = {m: items(folder / "infos" / f"{m}.csv", m, places) for m in modalities}
    rows = []
    for row in read(table):
        text = number(row["encord_text_id"])
        if text is None or ("nn_index" in row and number(row["nn_index"]) != rank):
            raise Odd("row")
        ids = {m: number(row[f"encord_{m}_id"]) for m in modalities}
        paths = [path_of(root, m, media[m].get(n)) for m, n in ids.items()]
        caption = texts[text]["caption"] if text in texts else None
        rows.append((text, rank, caption, *ids.values(), *paths))
    return rows


def path_of(root: Path, modality: str, item: dict[str, str] | None) -> str | None:
    """Return where a file belongs: sounds lie in ``video`` unless they are in ``audio``."""
    if item is None:
        return None
    folder = "video" if modality == "audio" else modality
    if modality == "audio":
        there = root / item["save_folder"] / "audio" / item["file_name"]
        folder = "audio" if "\0" not in str(there) and there.is_file() else folder
    return f"{root}/{item['save_folder']}/{folder}/{item['file_name']}"


def triplets(table: Path) -> list[tuple]:
    """Return the rows of ``triplets.csv`` with the final header."""
    rows = []
    for row in read(table):
        ids = [
            number(row[c]) for c in ("encord_text_id", "encord_paired_id", "encord_annotated_id")
        ]
        kinds = [row["paired_modality"], row["annotated_modality"]]
        if None in ids or not set(kinds) <= set(MEDIA) or row["annotation"] not in ("1", "2", "3"):
            raise Odd("row")
        rows.append((ids[0], *kinds, ids[1], ids[2], int(row["annotation"])))
    return rows


LABELS = {1: "Good Match", 2: "Partial Match", 3: "Bad Match"}


def labels(table: Path) -> dict[int, str]:
    """Return code -> label by the two columns of ``annotation_mapping.csv``."""
    found: dict[int, str] = {}
    for row in read(table) if table.exists() else ():
        code, label, *_ = row.values()
        key = number(code)
        if key not in LABELS or found.get(key, label) != clean(label):
            raise Odd(f"code {code!r}")
        found[key] = label
    ours = {"good": 1, "partial": 2, "bad": 3, "no": 3}
    words = {key: label.lower().removesuffix("match").strip() for key, label in found.items()}
    if any(ours.get(word, key) != key for key, word in words.items()):
        raise Odd("another code")
    return LABELS | {key: label for key, label in found.items() if words[key] not in ours}


def rated(folder: Path, root: Path) -> list[tuple]:
    """Return the rows of ``triplets.csv`` with caption, label and both paths."""
    texts = items(folder / "infos" / "text.csv", "text", ("caption",))
    places = ("file_name", "save_folder")
    media = {m: items(folder / "infos" / f"{m}.csv", m, places) for m in MEDIA}
    named = labels(folder / "annotation_mapping.csv")
    rows = []
    for text, one, two, first, second, code in triplets(folder / "triplets.csv"):
        caption = texts[text]["caption"] if text in texts else None
        paths = [path_of(root, m, media[m].get(n)) for m, n in ((one, first), (two, second))]
        rows.append((text, caption, one, two, first, second, code, named[code], *paths))
    return rows


def infos(table: Path, own: str, *, repeats: bool = True) -> list[tuple]:
    """Return every column of a table of items: its id, times as numbers, all others as text."""
    found: dict[int, dict[str, str]] = {}
    for row in read(table):
        key = number(row[own])
        if key is None or found.get(key, row) != row or (key in found and not repeats):
            raise Odd(f"id {key}")
        found[key] = row
    times = ("start_time", "end_time")
    return [
        tuple(
            key if name == own else _time(cell) if name in times else clean(cell)
            for name, cell in row.items()
        )
        for key, row in found.items()
    ]


def _time(cell: str) -> float | None:
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        raise Odd(f"time {cell!r}") from None
