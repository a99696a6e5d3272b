"""Labels and families from files: a table of names and labels, and a JSON object of families.

fname,labels,mids
64760,"Electric_guitar,Guitar,Music","/m/02sgy,..."
"""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from pentad.core.errors import InputError
from pentad.evaluation.similarity.labels import LabelTable

_NAMES = ("fname", "filename", "file", "name", "id")
_LABELS = ("labels", "label", "category", "concept", "class")
_MAX_JSON = 1 << 26
_SHOWN = 120


def read_labels(
    path: str | Path, *, name: str | None = None, labels: str | None = None
) -> LabelTable:
    """Return the labels of a CSV file; several of one item are separated by commas.

    Args:
        path: A CSV file with a header.
        name: Column of the item's name; default ``fname`` or the like.
        labels: Column of the labels; default ``labels`` or the like.

    Raises:
        InputError: The file cannot be read, a column is missing, or a row is wrong: without name,
            without label, or of an item that another row has.
    """
    file = Path(path)
    rows = csv.DictReader(io.StringIO(_text(file), newline=""), strict=True)
    try:
        header = _header(rows, file)
        columns = _column(header, name, _NAMES, file), _column(header, labels, _LABELS, file)
        found: dict[str, tuple[str, ...]] = {}
        for key, own in _cells(rows, columns, file):
            if key in found:
                raise InputError(
                    "an item has two rows",
                    file=file,
                    row=rows.line_num,
                    column=columns[0],
                    seen=key,
                )
            found[key] = own
    except csv.Error as error:
        raise InputError(f"no CSV ({error})", file=file, row=rows.line_num) from None
    if not found:
        raise InputError("there is no row of labels", file=file)
    return LabelTable.from_labels(found)


def read_names(path: str | Path) -> list[str]:
    """Return the names in a CSV file, each once; its other columns do not matter.

    Raises:
        InputError: The file cannot be read, or has no column of names.
    """
    file = Path(path)
    rows = csv.DictReader(io.StringIO(_text(file), newline=""), strict=True)
    try:
        column = _column(_header(rows, file), None, _NAMES, file)
        names = dict.fromkeys((row[column] or "").strip() for row in rows)
    except csv.Error as error:
        raise InputError(f"no CSV ({error})", file=file, row=rows.line_num) from None
    names.pop("", None)
    if not names:
        raise InputError("there is no name in it", file=file)
    return list(names)


def read_families(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Return family -> labels of a JSON object.

    Raises:
        InputError: It is no such object, or a label is in two families.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _MAX_JSON:
            raise InputError(f"families of more than {_MAX_JSON} bytes", file=file)
        found = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON ({error})", file=file) from None
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=file) from None
    expected = '{"family": ["label", ...], ...}'
    if not isinstance(found, dict):
        raise InputError("no families", file=file, expected=expected, seen=type(found).__name__)
    for family, labels in found.items():
        if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
            raise InputError(f"family {family!r} has no labels", file=file, expected=expected)
    _require_one_family(found, file)
    return {family: tuple(labels) for family, labels in found.items()}


def _require_one_family(families: Mapping[str, list[str]], file: Path) -> None:
    owner: dict[str, str] = {}
    for family, labels in families.items():
        for label in labels:
            if owner.setdefault(label, family) != family:
                both = f"{owner[label]!r} and {family!r}"
                raise InputError(f"label {label!r} is in two families, {both}", file=file)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 (byte {error.start})", file=file) from None
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=file) from None


def _header(rows: csv.DictReader[str], file: Path) -> list[str]:
    """Return the names of the columns, and have the rows use them."""
    header = [cell.strip() for cell in rows.fieldnames or []]
    if not header:
        raise InputError("the file is empty", file=file, expected="a CSV file with a header")
    rows.fieldnames = header
    return header


def _column(header: list[str], wanted: str | None, usual: tuple[str, ...], file: Path) -> str:
    names = usual if wanted is None else (wanted,)
    found = next((name for name in names if name in header), None)
    if found is None:
        expected = " or ".join(names)
        seen = textwrap.shorten(", ".join(header), _SHOWN, placeholder=" ...")
        raise InputError("a column is missing", file=file, expected=expected, seen=seen)
    if header.count(found) > 1:
        raise InputError("two columns have the same name", file=file, row=1, seen=found)
    return found


def _cells(
    rows: csv.DictReader[str], columns: tuple[str, str], file: Path
) -> Iterator[tuple[str, tuple[str, ...]]]:
    name, labels = columns
    for row in rows:
        if None in row or None in row.values():
            raise InputError(
                "another number of cells than the header", file=file, row=rows.line_num
            )
        key = row[name].strip()
        own = tuple(each.strip() for each in row[labels].split(","))
        if not key:
            raise InputError("the name is empty", file=file, row=rows.line_num, column=name)
        if not all(own):
            raise InputError("a label is empty", file=file, row=rows.line_num, column=labels)
        yield key, own
