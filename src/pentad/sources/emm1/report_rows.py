"""`Count`: one line of the report on what is here, and counting by source and licence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.sources.emm1.items import FACTS, ItemTable, Labels

SECTIONS = ("items", "groups", "sources", "triplets", "eshot")
NOT_SAID = "(not said)"


@dataclass(frozen=True)
class Count:
    """How many rows of one kind there are.

    Attributes:
        section: One of `SECTIONS`.
        keys: What is counted, such as modality, source and license.
        rows: How many there are.
        present: How many of them have everything they need here.
    """

    section: str
    keys: Mapping[str, str | int]
    rows: int
    present: int

    def to_json(self) -> dict[str, Any]:
        """Return keys and numbers in one mapping."""
        return {**self.keys, "rows": self.rows, "present": self.present}


def by_source(table: ItemTable, numbers: Sequence[NDArray[Any]]) -> list[tuple[str, str, int, int]]:
    """Return (source, license, sum, sum) for two numbers an item, ordered by source and license.

    Args:
        table: The items.
        numbers: Two arrays (rows,): how often an item counts, and how often it counts as present.
    """
    sources, licenses = (labels_or_none(table, name) for name in FACTS)
    codes = sources.codes.astype(np.int64) * len(licenses.names) + licenses.codes
    size = len(sources.names) * len(licenses.names)
    rows, present = (np.bincount(codes, weights=n, minlength=size) for n in numbers)
    found = [
        (*_names(sources, licenses, code), int(rows[code]), int(present[code]))
        for code in np.flatnonzero(rows).tolist()
    ]
    return sorted(found)


def labels_or_none(table: ItemTable, name: str) -> Labels:
    """Return a column of labels, one that says nothing where the table does not have it."""
    if name in table.facts:
        return table.facts[name]
    return Labels(np.zeros(len(table), np.uint16), ("",))


def _names(sources: Labels, licenses: Labels, code: int) -> tuple[str, str]:
    source, license_ = divmod(code, len(licenses.names))
    return sources.names[source] or NOT_SAID, licenses.names[license_] or NOT_SAID
