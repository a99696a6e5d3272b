"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pentad.core.errors import Reason
from pentad.sources.lines import checked_text, numbered_lines, open_text
from pentad.sources.refusal import Refused
from pentad.sources.rows import Row, Table


def json_table(path: Path) -> Table:
    """Open a file of JSON objects, one a line; blank lines are nothing."""
    return Table(None, _rows(path))


def _rows(path: Path) -> Iterator[Row | Refused]:
    with open_text(path, newline="\n") as text:
        for number, line in numbered_lines(text):
            if line is None:
                yield Refused(Reason.TOO_LARGE, "the line is too long to be a row", line=number)
            elif line.strip():
                yield _row(number, line)


def _row(number: int, line: str) -> Row | Refused:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _not_json(number, line, error)
    if not isinstance(value, dict):
        return Refused(Reason.BAD_ROW, "not a JSON object", line=number)
    return Row(number, tuple(value), tuple(value.values()))


def _not_json(number: int, line: str, error: Exception) -> Refused:
    try:
        checked_text(line.replace("\0", ""))
    except Refused as refused:
        return Refused(refused.reason, refused.detail, line=number)
    return Refused(Reason.BAD_ROW, f"not JSON ({error})", line=number)
