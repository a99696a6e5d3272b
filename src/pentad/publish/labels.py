"""Columns of texts as Arrow arrays that take little room, and pairs of them as one number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.sources.emm1.items import one_chunk

if TYPE_CHECKING:
    import pyarrow as pa

_SMALL = np.iinfo(np.int16).max
_DENSE = 1 << 22


def label_column(table: pa.Table, name: str) -> pa.DictionaryArray:
    """Return a column of few different texts; all null where the table has no such column."""
    import pyarrow as pa

    if name not in table.column_names:
        nothing = pa.nulls(table.num_rows, pa.int16())
        return pa.DictionaryArray.from_arrays(nothing, pa.array([], pa.string()))
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = one_chunk(column)
    small = pa.int16() if len(whole.dictionary) < _SMALL else pa.int32()
    return pa.DictionaryArray.from_arrays(
        whole.indices.cast(small), whole.dictionary.cast(pa.string())
    )


def text_column(table: pa.Table, name: str) -> pa.LargeStringArray:
    """Return a column of texts; all null where the table has no such column."""
    import pyarrow as pa

    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.large_string())
    return one_chunk(table.column(name).cast(pa.large_string()))


@dataclass(frozen=True, eq=False)
class Origins:
    """Source and license together.

    Attributes:
        codes: (rows,), positions in `names`.
        names: The pairs that occur, in order; no text and an empty one are the same.
    """

    codes: NDArray[Any]
    names: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, sources: pa.DictionaryArray, licenses: pa.DictionaryArray) -> Origins:
        """Return the pairs of two columns of labels."""
        left, right = _texts(sources), _texts(licenses)
        numbers = _numbers(sources, len(left)) * len(right) + _numbers(licenses, len(right))
        pairs, codes = _numbered(numbers, len(left) * len(right))
        named = [(left[n // len(right)], right[n % len(right)]) for n in pairs.tolist()]
        names = tuple(sorted(set(named)))
        place = {name: number for number, name in enumerate(names)}
        kind = np.min_scalar_type(max(len(names) - 1, 0))
        moved = np.array([place[name] for name in named], dtype=kind)
        return cls(moved[codes], names)

    def count(self, which: NDArray[np.bool_]) -> Iterator[tuple[tuple[str, str], int]]:
        """Yield each pair that occurs in the rows that are marked, and how often."""
        counts = np.bincount(self.codes[which], minlength=len(self.names))
        for name, count in zip(self.names, counts.tolist(), strict=True):
            if count:
                yield name, count


def _texts(column: pa.DictionaryArray) -> list[str]:
    """Return the texts of a column, with an empty one at the end for what has none."""
    return [*(text or "" for text in column.dictionary.to_pylist()), ""]


def _numbers(column: pa.DictionaryArray, texts: int) -> NDArray[np.int64]:
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(codes < 0, texts - 1, codes.astype(np.int64))


def _numbered(numbers: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the numbers that occur, ascending, and the place of each among them."""
    if size > _DENSE:
        return np.unique(numbers, return_inverse=True)
    seen = np.zeros(size, dtype=np.bool_)
    seen[numbers] = True
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[numbers]
