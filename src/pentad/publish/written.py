"""What a writer says it has written; cards, Croissant and the record are made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

INTEGER, NUMBER, TEXT = "integer", "number", "text"


@dataclass(frozen=True)
class Column:
    """One column: its name, `INTEGER`, `NUMBER` or `TEXT`, and what it holds."""

    name: str
    kind: str
    about: str = ""


@dataclass(frozen=True)
class Written:
    """One table as it was written.

    Attributes:
        name: Such as ``nn_1``, ``triplets`` or ``infos_image``.
        files: Relative names, in order.
        form: ``csv``, ``parquet`` or ``tar``.
        columns: Of the rows; for ``tar`` the parts of a sample.
        rows: How many were written.
        dropped: Reason -> rows left out; each row counts once.
    """

    name: str
    files: tuple[str, ...]
    form: str
    columns: tuple[Column, ...]
    rows: int
    dropped: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what the record remembers."""
        return {
            "files": list(self.files),
            "form": self.form,
            "columns": [[c.name, c.kind] for c in self.columns],
            "rows": self.rows,
            "dropped": dict(self.dropped),
        }


def add_up(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sum of counts by reason, in the order of their names."""
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items()))


def kind_of(name: str) -> str:
    """Return the kind of a column of E-MM1 by its name."""
    if name in ("start_time", "end_time"):
        return NUMBER
    return INTEGER if name.endswith("_id") and name.startswith("encord_") else _other(name)


def _other(name: str) -> str:
    return INTEGER if name in ("nn_index", "annotation") else TEXT
