"""The names of classes: from a line, a list, a text file or a table, each checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.store.captions import caption_key, clean_caption

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_FILES = (".txt", ".json", *_TABLES)
_NAMES = ("name", "label", "class", "concept")
_BETWEEN = "|"


@dataclass(frozen=True)
class ClassLabel:
    """One class.

    Attributes:
        name: What it is called, and what results say.
        prompts: Sentences that stand for it in place of the templates; none for the templates.
        description: One more sentence about it, beside the others; may be empty.
    """

    name: str
    prompts: tuple[str, ...] = ()
    description: str = ""


Labels = str | Path | Sequence[str | ClassLabel]
"""A line ``a,b,c``, a file, or the labels themselves."""


def as_labels(given: Labels) -> tuple[ClassLabel, ...]:
    """Return the classes that somebody named, in their order.

    Args:
        given: ``"cat,dog,cow"``; a file: text with a class a line, a table (CSV, TSV, JSON Lines,
            Parquet) with a column ``name`` (or ``label``, ``class``, ``concept``) and perhaps
            ``prompts`` (in a CSV parted by ``|``) and ``description``, or JSON: a list of names
            or of objects with these keys, or an object from names to prompts; or a list.

    Raises:
        InputError: A file cannot be read; a name is empty or there twice, also where two differ in
            case, punctuation or an article only; or there are fewer than two.
    """
    if isinstance(given, str | Path):
        path = _file(given)
        if path is not None:
            return _checked(_from_file(path), path)
        given = str(given).split(",")
    return _checked(((n, each) for n, each in enumerate(given, 1)), None)


def label_keys(names: Iterable[str]) -> dict[str, str]:
    """Return, for every class, what looser names of it have in common -> its name."""
    return {caption_key(name): name for name in names}


def _file(given: str | Path) -> Path | None:
    path = Path(given).expanduser()
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # a long line of labels is no path
        pass
    if isinstance(given, Path) or path.suffix.lower() in _FILES:
        raise InputError("there is no such file of labels", file=given)
    return None


def _from_file(path: Path) -> Iterator[tuple[int, object]]:
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    if path.suffix.lower() in _TABLES:
        return _rows(path)
    text = read_utf8(path)
    if path.suffix.lower() == ".json":
        return _json(path, text)
    return enumerate(text.rstrip().splitlines(), 1)


def read_utf8(path: Path) -> str:
    """Return the text of a file.

    Raises:
        InputError: It cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", file=path) from None
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=path) from None


def parse_json(path: Path, text: str) -> Any:
    """Return the value of a JSON file.

    Raises:
        InputError: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON ({error})", file=path) from None


def _json(path: Path, text: str) -> Iterator[tuple[int, object]]:
    value = parse_json(path, text)
    if isinstance(value, dict):
        value = [{"name": name, "prompts": prompts} for name, prompts in value.items()]
    if not isinstance(value, list):
        raise InputError("labels are a list or an object", file=path, seen=type(value).__name__)
    return enumerate(value, 1)


def _rows(path: Path) -> Iterator[tuple[int, object]]:
    from pentad.sources.refusal import Refused
    from pentad.sources.rows import open_table

    try:
        table = open_table(path)
        for row in table.rows:
            if isinstance(row, Refused):
                raise InputError(row.detail, file=path, row=row.line)
            yield row.line, dict(zip(row.columns, row.values, strict=False))
    except Refused as refused:
        raise InputError(refused.detail, file=path, row=refused.line) from None


def _parquet(path: Path) -> Iterator[tuple[int, object]]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"is not a Parquet file ({str(error)[:80]})", file=path) from None
    return enumerate(frame.iter_rows(named=True), 1)


def _checked(found: Iterable[tuple[int, object]], path: Path | None) -> tuple[ClassLabel, ...]:
    labels: dict[str, ClassLabel] = {}
    for row, each in found:
        label = each if isinstance(each, ClassLabel) else _label(each, row, path)
        if not label.name:
            raise InputError("a label is empty", file=path, row=row)
        other = labels.setdefault(caption_key(label.name), label)
        if other is not label:
            same = "is there twice" if other.name == label.name else f"is also {label.name!r}"
            hint = "; labels need to differ in more than case, punctuation or an article"
            raise InputError(f"the label {other.name!r} {same}{hint}", file=path, row=row)
    if len(labels) < 2:
        raise InputError(
            "there is nothing to choose from",
            file=path,
            expected="two labels or more, such as cat,dog",
            seen=next((repr(label.name) for label in labels.values()), "none"),
        )
    return tuple(labels.values())


def _label(value: object, row: int, path: Path | None) -> ClassLabel:
    if isinstance(value, str):
        return ClassLabel(_text(value, None, row, path))
    if not isinstance(value, dict):
        raise InputError("is no label", file=path, row=row, seen=repr(value)[:40])
    key = next((name for name in _NAMES if name in value), None)
    if key is None:
        seen = ", ".join(map(repr, value)) or "none"
        raise InputError("no column of labels", file=path, expected=" or ".join(_NAMES), seen=seen)
    name, description = (_text(value.get(k), k, row, path) for k in (key, "description"))
    return ClassLabel(name, _prompts(value.get("prompts"), row, path), description)


def _prompts(value: object, row: int, path: Path | None) -> tuple[str, ...]:
    parts = value.split(_BETWEEN) if isinstance(value, str) else value
    if parts is None:
        return ()
    if not isinstance(parts, list | tuple):
        raise InputError(
            "prompts are a list of sentences", file=path, row=row, seen=repr(value)[:40]
        )
    texts = [_text(part, "prompts", row, path) for part in parts]
    return tuple(dict.fromkeys(text for text in texts if text))


def _text(value: object, column: str | None, row: int, path: Path | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        seen = repr(value)[:40]
        raise InputError("is no text", file=path, row=row, column=column, seen=seen)
    try:
        value.encode()
    except UnicodeEncodeError:  # a byte of another encoding
        raise InputError("is not UTF-8 text", file=path, row=row, column=column) from None
    return clean_caption(value)
