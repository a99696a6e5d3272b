"""Tables of published data sets, whose columns are known by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.sources.collect import Collector
from pentad.sources.lines import checked_text
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.rows import Row, open_table


def published_rows(
    collector: Collector, table: str, columns: Sequence[str], modality: Modality
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line and cells of every row; rows that are none are listed and passed over.

    Args:
        collector: Takes what is refused; the table lies below its root.
        table: The table, relative to the root.
        columns: Columns that it must have; others are not read.
        modality: What its rows are, for rejections.
    """
    try:
        opened = open_table(collector.root / table)
        for name in columns:
            if name not in (opened.columns or ()):
                seen = ", ".join(map(repr, (opened.columns or ())[:12])) or "none"
                detail = f"column {name} is missing; the columns are {seen}"
                raise Refused(Reason.MISSING_COLUMN, detail, column=name)
        for row in opened.rows:
            try:
                if isinstance(row, Refused):
                    raise row
                yield row.line, _cells(row, columns)
            except Refused as refused:
                collector.refuse(table, refused, modality=modality, line=row.line)
    except OSError as error:
        collector.refuse(table, unreadable(error), modality=modality)
    except Refused as refused:
        collector.refuse(table, refused, modality=modality)


def _cells(row: Row, columns: Sequence[str]) -> dict[str, str]:
    values = dict(zip(row.columns, row.values, strict=True))
    return {name: (checked_text(values[name], name) or "").strip() for name in columns}


def published_json(path: Path, keep: Sequence[str] | None = None) -> dict[str, Any]:
    """Return a JSON object of a data set.

    Args:
        path: The file.
        keep: Keys that are kept, at any depth; None keeps all. Spares memory.

    Raises:
        InputError: It cannot be read, or is no JSON object.
    """
    wanted = None if keep is None else frozenset(keep)

    def chosen(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in pairs if wanted is None or key in wanted}

    try:
        value = json.loads(path.read_bytes(), object_pairs_hook=chosen)
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=path) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})", file=path) from None
    if not isinstance(value, dict):
        raise InputError("not a JSON object", file=path)
    return value


def only(modality: Modality | None, kind: Modality, layout: str, root: Path) -> None:
    """Raise `InputError` where another modality is asked for than a data set has."""
    if modality not in (None, kind):
        raise InputError(f"{layout} holds {kind.value} and no {modality}", file=root)
