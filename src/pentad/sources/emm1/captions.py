"""Captions by id, read in one pass beside the groups: never all of them in memory if avoidable.

Both tables are ascending in the caption's id as they are published, so a window that moves over
``text.csv`` has every caption that a block of groups needs. Where that does not hold, all captions
are read into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.sources.emm1.csv_table import read_table, stream_table
from pentad.sources.emm1.items import first_rows, one_chunk, require_ids
from pentad.sources.emm1.lookup import ABSENT, IdLookup

if TYPE_CHECKING:
    import pyarrow as pa

OWN = "encord_text_id"
_SMALL = 64 << 20
_KINDS = {OWN: "id", "caption": "text"}

Ids = NDArray[np.uint32]


class CaptionCursor(Protocol):
    """Captions for blocks of ids, best asked for in ascending order."""

    def take(self, ids: Ids) -> pa.Array:
        """Return a string for each id, null where the id is unknown."""


@dataclass(frozen=True)
class CsvCaptions:
    """The captions of ``infos/text.csv``.

    Attributes:
        path: The table.
    """

    path: Path

    def cursor(self) -> CaptionCursor:
        """Start to read captions.

        Raises:
            InputError: The table cannot be read, or rows of one id disagree.
        """
        return _Window(self) if self.ascending else self.everything

    @cached_property
    def ascending(self) -> bool:
        """Whether the table is large and its ids only go up, so that it can be read in passing."""
        if self.path.exists() and self.path.stat().st_size < _SMALL:
            return False
        last = -1
        for batch in stream_table(self.path, {OWN: "id"}):
            ids = batch.column(0)
            if ids.null_count or not len(ids):
                return False
            numbers = ids.to_numpy().astype(np.int64)
            if numbers[0] <= last or (np.diff(numbers) <= 0).any():
                return False
            last = int(numbers[-1])
        return True

    @cached_property
    def everything(self) -> Everything:
        """All captions, in memory."""
        import pyarrow as pa

        table = read_table(self.path, _KINDS)
        require_ids(self.path, OWN, table.column(0))
        ids = table.column(0).to_numpy()
        keep = first_rows(self.path, OWN, ids)
        captions = one_chunk(table.column(1).cast(pa.large_string()))
        if keep is not None:
            ids, captions = ids[keep], captions.take(pa.array(keep))
        return Everything(ids, captions)


@dataclass(frozen=True, eq=False)
class Everything:
    """All captions in memory.

    Attributes:
        ids: u32 (captions,).
        captions: Arrow large strings.
    """

    ids: Ids
    captions: pa.Array

    @cached_property
    def _lookup(self) -> IdLookup:
        return IdLookup.of(self.ids)

    def take(self, ids: Ids) -> pa.Array:
        """Return a string for each id, null where the id is unknown."""
        return take_rows(self.captions, self._lookup.rows(ids))


@dataclass(eq=False)
class _Window:
    """The part of an ascending table that covers the ids asked for last."""

    source: CsvCaptions
    ids: list[Ids] = field(default_factory=list)
    captions: list[Any] = field(default_factory=list)
    passed: int = -1
    rest: Iterator[Any] | None = None

    def take(self, ids: Ids) -> pa.Array:
        """Return a string for each id, null where the id is unknown."""
        import pyarrow as pa

        if not len(ids):
            return pa.array([], pa.string())
        lowest, highest = int(ids.min()), int(ids.max())
        if lowest <= self.passed:
            self.ids, self.captions, self.passed, self.rest = [], [], -1, None
        self._forget(lowest)
        self._read_to(highest)
        if not self.ids:
            return pa.nulls(len(ids), pa.string())
        known = np.concatenate(self.ids)
        place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        rows = np.where(known[place] == ids, place, ABSENT)
        return take_rows(pa.concat_arrays(self.captions), rows)

    def _forget(self, lowest: int) -> None:
        while self.ids and self.ids[0][-1] < lowest:
            self.passed = int(self.ids.pop(0)[-1])
            self.captions.pop(0)

    def _read_to(self, highest: int) -> None:
        if self.rest is None:
            self.rest = stream_table(self.source.path, _KINDS, block=1 << 22)
        while not self.ids or self.ids[-1][-1] < highest:
            batch = next(self.rest, None)
            if batch is None:
                return
            if batch.num_rows:
                self.ids.append(batch.column(0).to_numpy())
                self.captions.append(batch.column(1))


def take_rows(strings: pa.Array, rows: NDArray[Any]) -> pa.Array:
    """Return the strings of rows, null where a row is -1."""
    import pyarrow as pa

    absent = rows == ABSENT
    return strings.take(pa.array(rows, mask=absent if absent.any() else None))
