"""Tables of items as they are stored: a few columns at once, or every column in blocks.

A table of two million items with all its texts takes a gigabyte as a frame, so nobody holds one:
what is looked up while rows are streamed is read in compact columns, everything else in passing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import StoreError
from pentad.core.modality import Modality
from pentad.publish.bundle import BLOCK_ROWS, InfoRows
from pentad.sources.emm1.captions import CaptionCursor, CsvCaptions
from pentad.sources.emm1.converted import open_captions, read_item_folder
from pentad.sources.emm1.csv_table import header_of, read_table, stream_table
from pentad.sources.emm1.info_tables import infos_kinds
from pentad.sources.emm1.items import FACTS, first_rows, require_ids

if TYPE_CHECKING:
    import pyarrow as pa

_OWN_TEXT = "encord_text_id"
_CAPTION = "caption"
_LABELS = [*FACTS, "save_folder"]
_BYTES = 1 << 22


def rows_of(folder: Path, modality: Modality, *, converted: bool) -> InfoRows:
    """Return the items of a modality from an ``infos`` folder."""
    if not converted:
        return CsvRows(folder / f"{modality}.csv", modality)
    if modality is Modality.TEXT:
        return ConvertedCaptions(folder / "text")
    return ConvertedRows(folder / f"{modality}.parquet")


def captions_of(folder: Path, *, converted: bool) -> CaptionCursor:
    """Return the captions of an ``infos`` folder, best asked for in ascending order."""
    if converted:
        return open_captions(folder / "text")
    return CsvCaptions(folder / "text.csv").cursor()


@dataclass(eq=False)
class CsvRows:
    """``infos/<modality>.csv`` as published.

    Attributes:
        path: The table.
        modality: Whose items it lists.
    """

    path: Path
    modality: Modality

    def columns(self) -> list[str]:
        """Return the names of all columns, in order."""
        return header_of(self.path)

    def read(self, names: Sequence[str]) -> pa.Table:
        """Return some columns, labels as dictionaries; equal repeated rows once, in file order.

        Raises:
            InputError: The table cannot be read, or two rows of one id disagree.
        """
        table = read_table(self.path, {name: self._kinds[name] for name in names})
        return table if self._first is None else table.take(self._first)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all columns in blocks, the same rows as `read`."""
        kinds = {n: "text" if kind == "label" else kind for n, kind in self._kinds.items()}
        first, start = self._first, 0
        for batch in stream_table(self.path, kinds, block=_BYTES):
            stop = start + batch.num_rows
            if first is None:
                yield batch
            else:
                low, high = np.searchsorted(first, (start, stop))
                yield batch.take(_array(first[low:high] - start))
            start = stop

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return infos_kinds(self.path, self.modality)

    @cached_property
    def _first(self) -> NDArray[np.int64] | None:
        """The rows that count where ids are repeated, ascending; None where none is."""
        own = f"encord_{self.modality}_id"
        ids = read_table(self.path, {own: "id"}).column(0)
        require_ids(self.path, own, ids)
        return first_rows(self.path, own, ids.to_numpy())


@dataclass(eq=False)
class ConvertedRows:
    """``infos/<modality>.parquet`` as `convert` writes it.

    Attributes:
        path: The table.
    """

    path: Path

    def columns(self) -> list[str]:
        """Return the names of all columns, in order."""
        return list(self._open().schema_arrow.names)

    def read(self, names: Sequence[str]) -> pa.Table:
        """Return some columns, labels as dictionaries, in file order."""
        return self._open().read(columns=list(names))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all columns in blocks, the same rows as `read`."""
        return iter(self._open(labels=()).iter_batches(BLOCK_ROWS))

    def _open(self, labels: Sequence[str] = _LABELS) -> pa.parquet.ParquetFile:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return parquet.ParquetFile(self.path, read_dictionary=list(labels))
        except (OSError, pa.ArrowException) as error:
            why = " ".join(str(error).split())
            raise StoreError(f"{self.path}: cannot be read ({why}); convert again") from None


@dataclass(eq=False)
class ConvertedCaptions:
    """``infos/text`` as `convert` writes it: captions in id order, mapped.

    Attributes:
        folder: Where it is.
    """

    folder: Path

    def columns(self) -> list[str]:
        """Return the names of all columns, in order."""
        return [_OWN_TEXT, *self._labels, _CAPTION]

    def read(self, names: Sequence[str]) -> pa.Table:
        """Return ids, sources and licenses; captions are not among them."""
        import pyarrow as pa

        made = {_OWN_TEXT: _array(np.array(self._ids)), **self._labels}
        return pa.table({name: made[name] for name in names})

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all columns in blocks, the same rows as `read`."""
        import pyarrow as pa

        strings = open_captions(self.folder).strings
        for start in range(0, len(self._ids), BLOCK_ROWS):
            part = np.arange(start, min(start + BLOCK_ROWS, len(self._ids)))
            labels = [column.slice(start, len(part)) for column in self._labels.values()]
            texts = [column.cast(pa.string()) for column in labels]
            ids = _array(np.array(self._ids[start : start + len(part)]))
            yield pa.record_batch([ids, *texts, strings.take(part)], names=self.columns())

    @cached_property
    def _ids(self) -> NDArray[np.uint32]:
        return read_item_folder(self.folder, Modality.TEXT).ids

    @cached_property
    def _labels(self) -> dict[str, pa.DictionaryArray]:
        import pyarrow as pa

        facts = read_item_folder(self.folder, Modality.TEXT).facts
        return {
            name: pa.DictionaryArray.from_arrays(
                _array(np.array(facts[name].codes)), pa.array(facts[name].names, pa.string())
            )
            for name in FACTS
            if name in facts
        }


def _array(numbers: NDArray[np.generic]) -> pa.Array:
    import pyarrow as pa

    return pa.array(numbers)
