"""The 100m split as it is published: ``infos/*.csv`` and ``nn_<k>/data_groups.csv``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.captions import OWN, CaptionCursor, CsvCaptions
from pentad.sources.emm1.csv_table import ID_LIMIT, header_of, require_columns, stream_table
from pentad.sources.emm1.groups import IdBlock
from pentad.sources.emm1.items import FACTS, ItemTable, read_items
from pentad.sources.emm1.text_facts import read_text_facts

if TYPE_CHECKING:
    import pyarrow as pa

_RANK = "nn_index"
_log = logging.getLogger("pentad.sources.emm1")
_BLOCK = 1 << 22
_COLUMN_ROWS = 1 << 20


@dataclass(eq=False)
class CsvTables:
    """Groups and items of the published tables; what is read is kept.

    Attributes:
        folder: The split's folder.
        ranks: Rank -> its table.
    """

    folder: Path
    ranks: Mapping[int, Path]
    _items: dict[Modality, ItemTable] = field(default_factory=dict)

    def info_path(self, modality: Modality) -> Path:
        """Return the table of a modality's items."""
        return self.folder / "infos" / f"{modality}.csv"

    def items(self, modality: Modality) -> ItemTable:
        """Return the items of a modality.

        Raises:
            InputError: The table cannot be read.
        """
        if modality not in self._items:
            path = self.info_path(modality)
            there = header_of(path)
            facts = [name for name in FACTS if name in there]
            self._items[modality] = read_items(path, modality, facts)
        return self._items[modality]

    def captions(self) -> CaptionCursor:
        """Start to read captions."""
        return self._captions.cursor()

    def caption_facts(self) -> ItemTable:
        """Return source and licence of the captions, without the captions."""
        return read_text_facts(self.info_path(Modality.TEXT))

    @cached_property
    def _captions(self) -> CsvCaptions:
        return CsvCaptions(self.info_path(Modality.TEXT))

    def group_modalities(self, ranks: Sequence[int], *, tell: bool = True) -> list[Modality]:
        """Return the modalities that the groups of all these ranks have.

        Args:
            ranks: The ranks.
            tell: Whether one whose items infos list and that has no column is told in the log.

        Raises:
            InputError: There is none.
        """
        there = list(MEDIA_MODALITIES)
        for path in (self.ranks[rank] for rank in ranks):
            header = header_of(path)
            for modality in [m for m in there if f"encord_{m}_id" not in header]:
                there.remove(modality)
                if tell and self.info_path(modality).exists():
                    _log.warning("%s: there is no column encord_%s_id", path, modality)
            if not there:
                wanted = [f"encord_{m}_id" for m in MEDIA_MODALITIES]
                raise InputError(
                    "no column of items", file=path, column=" or ".join(wanted),
                    seen=f"columns {', '.join(header)}",
                )  # fmt: skip
        return there

    def require(self, modalities: Sequence[Modality], ranks: Sequence[int]) -> None:
        """Raise where the groups of a rank have no column of a modality.

        Raises:
            InputError: They have none; the table and the column are told.
        """
        for path in (self.ranks[rank] for rank in ranks):
            require_columns(path, header_of(path), [f"encord_{m}_id" for m in modalities])

    def blocks(self, rank: int, modalities: Sequence[Modality], rows: int) -> Iterator[IdBlock]:
        """Yield the groups of a rank in file order.

        Raises:
            InputError: The table cannot be read, or has rows of another rank.
        """
        path = self.ranks[rank]
        names = [OWN, *(f"encord_{m}_id" for m in modalities)]
        kinds = dict.fromkeys(names, "id")
        checked = _RANK in header_of(path)
        if checked:
            kinds[_RANK] = "id"
        seen = 0
        for table in _regrouped(stream_table(path, kinds, block=_BLOCK), rows):
            if checked:
                _check_rank(path, rank, table.column(_RANK), seen)
            _check_text(path, table.column(OWN), seen)
            seen += table.num_rows
            items = {m: _ids(table.column(f"encord_{m}_id")) for m in modalities}
            yield IdBlock(_ids(table.column(OWN)), items)

    def columns(self, rank: int) -> tuple[NDArray[np.uint32], dict[Modality, NDArray[np.uint32]]]:
        """Return all ids of a rank, in memory: captions, and items by modality."""
        header = header_of(self.ranks[rank])
        there = [m for m in MEDIA_MODALITIES if f"encord_{m}_id" in header]
        blocks = list(self.blocks(rank, there, _COLUMN_ROWS))
        none = np.empty(0, np.uint32)
        text = np.concatenate([none, *(b.text for b in blocks)])
        return text, {m: np.concatenate([none, *(b.items[m] for b in blocks)]) for m in there}


def _regrouped(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Yield tables of just ``rows`` rows, the last one shorter."""
    import pyarrow as pa

    kept: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        rest = batch
        while count + rest.num_rows >= rows:
            kept.append(rest.slice(0, rows - count))
            yield pa.Table.from_batches(kept)
            rest, kept, count = rest.slice(rows - count), [], 0
        if rest.num_rows:
            kept.append(rest)
            count += rest.num_rows
    if kept:
        yield pa.Table.from_batches(kept)


def _ids(column: pa.ChunkedArray) -> NDArray[np.uint32]:
    filled = column.fill_null(ID_LIMIT) if column.null_count else column
    numbers: NDArray[np.uint32] = filled.to_numpy()
    return numbers


def _check_rank(path: Path, rank: int, column: pa.ChunkedArray, before: int) -> None:
    numbers = _ids(column)
    wrong = np.flatnonzero(numbers != rank)
    if len(wrong):
        raise InputError(
            f"data row {before + int(wrong[0]) + 1} is of another rank",
            file=path, column=_RANK, expected=rank, seen=column[int(wrong[0])].as_py(),
        )  # fmt: skip


def _check_text(path: Path, column: pa.ChunkedArray, before: int) -> None:
    if column.null_count:
        row = int(np.flatnonzero(_ids(column) == ID_LIMIT)[0])
        raise InputError(f"data row {before + row + 1} names no caption", file=path, column=OWN)
