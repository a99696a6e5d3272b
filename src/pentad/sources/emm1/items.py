"""`ItemTable`: the items of one modality in columns, found by id; from ``infos/<modality>.csv``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.csv_table import header_of, read_table
from pentad.sources.emm1.lookup import IdLookup
from pentad.sources.emm1.media_paths import MediaFolders, default_folder, folders_of

if TYPE_CHECKING:
    import pyarrow as pa

Bools = NDArray[np.bool_]
_MOST_LABELS = np.iinfo(np.int16).max
FACTS = ("source_dataset", "dataset_license")


@dataclass(frozen=True, eq=False)
class Labels:
    """A column of few different texts.

    Attributes:
        codes: u16 (rows,), positions in `names`.
        names: The different texts.
    """

    codes: NDArray[np.uint16]
    names: tuple[str, ...]

    def mask(self, wanted: Callable[[str], bool]) -> Bools:
        """Return (rows,) whether the text of a row is wanted."""
        chosen = np.array([wanted(name) for name in self.names], dtype=np.bool_)
        return chosen[self.codes] if len(self.names) else np.zeros(len(self.codes), np.bool_)


@dataclass(frozen=True, eq=False)
class ItemTable:
    """The items of one modality in one split.

    Attributes:
        modality: What they are.
        origin: The table they came from, for messages.
        ids: u32 (rows,).
        file_names: Arrow strings, one contiguous array.
        folders: The ``save_folder`` of each.
        facts: ``source_dataset`` and ``dataset_license``, as far as they were asked for.
    """

    modality: Modality
    origin: Path
    ids: NDArray[np.uint32]
    file_names: pa.Array
    folders: Labels
    facts: dict[str, Labels]

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.ids)

    def fact(self, name: str) -> Labels:
        """Return ``source_dataset`` or ``dataset_license``.

        Raises:
            InputError: The table has no such column.
        """
        if name not in self.facts:
            raise InputError("this column is needed and missing", file=self.origin, column=name)
        return self.facts[name]

    @cached_property
    def lookup(self) -> IdLookup:
        """From ids to rows."""
        return IdLookup.of(self.ids)

    def prefixes(self, media: MediaFolders) -> Labels:
        """Return what stands before each file name, up to and with the last slash."""
        options = folders_of(self.modality)
        names = [media.prefix(f, o) for f in self.folders.names for o in options]
        home = options.index(default_folder(self.modality))
        chosen = np.full(len(self), home, dtype=np.uint16)
        for place in reversed(range(len(options))):
            chosen[self._in_folder(media, options[place])] = place
        return Labels(self.folders.codes * np.uint16(len(options)) + chosen, tuple(names))

    def present(self, media: MediaFolders) -> Bools:
        """Return (rows,) whether the file of an item is there."""
        options = folders_of(self.modality)
        found: Bools = np.logical_or.reduce([self._in_folder(media, f) for f in options])
        return found

    def _in_folder(self, media: MediaFolders, folder: str) -> Bools:
        found = np.zeros(len(self), dtype=np.bool_)
        for code, save_folder in enumerate(self.folders.names):
            rows = np.flatnonzero(self.folders.codes == code)
            if len(rows) and media.has(save_folder, folder):
                names = self.file_names.take(_rows(rows)).to_pylist()
                found[rows] = media.in_folder(save_folder, folder, names)
        return found


def read_items(path: Path, modality: Modality, facts: Collection[str] = ()) -> ItemTable:
    """Read the items of one modality; equal repeated rows count once.

    Args:
        path: ``infos/<modality>.csv``.
        modality: Not text.
        facts: Which of `FACTS` are needed.

    Raises:
        InputError: A column is missing, a row does not fit, or two rows of one id disagree.
    """
    own = f"encord_{modality}_id"
    kinds = {
        own: "id",
        "file_name": "text",
        "save_folder": "label",
        **dict.fromkeys(facts, "label"),
    }
    table = read_table(path, kinds)
    require_ids(path, own, table.column(0))
    ids = table.column(0).to_numpy()
    keep = first_rows(path, own, ids)
    if keep is not None:
        table, ids = table.take(keep), ids[keep]
    columns = [labels_of(path, name, table.column(name)) for name in ("save_folder", *facts)]
    names = one_chunk(table.column(1))
    return ItemTable(
        modality, path, ids, names, columns[0], dict(zip(facts, columns[1:], strict=True))
    )


def first_rows(path: Path, own: str, ids: NDArray[np.uint32]) -> NDArray[np.int64] | None:
    """Return the rows to keep where ids are repeated, None where none is.

    Raises:
        InputError: Two rows have one id and differ.
    """
    lookup = IdLookup.of(ids)
    if np.array_equal(lookup.rows(ids), np.arange(len(ids))):
        return None
    return _compared(path, own)


def _compared(path: Path, own: str) -> NDArray[np.int64]:
    """Compare repeated rows in all columns; only read where there are any."""
    import polars as pl

    names = header_of(path)
    kinds = {name: "id" if name == own else "text" for name in names}
    frame: Any = pl.from_arrow(read_table(path, kinds))
    different = frame.unique().filter(pl.col(own).is_duplicated()).sort(own)
    if different.height:
        pair = different.filter(pl.col(own) == different[own][0])
        apart = [n for n in names if pair[n].n_unique() > 1]
        values = " and ".join(repr(str(value)[:60]) for value in pair[apart[0]].head(2))
        raise InputError(
            f"id {different[own][0]} stands in rows that disagree ({values})",
            file=path,
            column=apart[0],
        )
    first: NDArray[np.int64] = (
        frame.with_row_index("row").filter(pl.col(own).is_first_distinct())["row"].to_numpy()
    ).astype(np.int64)
    return first


def require_ids(path: Path, column: str, ids: pa.ChunkedArray) -> None:
    """Raise where an id is missing.

    Raises:
        InputError: A cell is empty; which row of the data is told.
    """
    import pyarrow.compute as pc

    if ids.null_count:
        row = int(pc.index(pc.is_null(ids), value=True).as_py()) + 1
        raise InputError(f"the id of data row {row} is empty", file=path, column=column)


def labels_of(path: Path, name: str, column: pa.ChunkedArray) -> Labels:
    """Return a dictionary-encoded column as codes and names.

    Raises:
        InputError: It has so many values that they cannot be labels.
    """
    array = one_chunk(column)
    names = tuple(array.dictionary.to_pylist())
    if len(names) > _MOST_LABELS:
        raise InputError(
            f"{len(names)} different values are too many here", file=path, column=name,
            expected=f"at most {_MOST_LABELS}",
        )  # fmt: skip
    return Labels(array.indices.to_numpy().astype(np.uint16), names)


def one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one contiguous array."""
    import pyarrow as pa

    if column.num_chunks == 1:
        return column.chunk(0)
    if column.num_chunks == 0:
        return pa.array([], column.type) if not pa.types.is_dictionary(column.type) else (
            pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
        )  # fmt: skip
    return pa.concat_arrays(column.unify_dictionaries().chunks)


def _rows(rows: NDArray[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array(rows)
