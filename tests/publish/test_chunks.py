from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.publish.chunks import in_chunks
from pentad.publish.select import Chosen
from pentad.publish.written import add_up


def batches(lengths: list[int]) -> Iterator[Chosen]:
    start = 0
    for length in lengths:
        rows = np.arange(start, start + length, dtype=np.int32)
        yield Chosen(pl.DataFrame({"row": rows}), {"text": rows}, {"license: text": length + 1})
        start += length


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 7))
def test_rows_stay_in_order_and_nothing_is_counted_twice(lengths: list[int], rows: int) -> None:
    chunks = list(in_chunks(batches(lengths), rows))
    assert [len(c) for c in chunks[:-1]] == [rows] * (len(chunks) - 1)
    found = [row for c in chunks for row in c.frame["row"].to_list()]
    assert found == list(range(sum(lengths)))
    assert [row for c in chunks for row in c.places["text"].tolist()] == found
    expected = sum(length + 1 for length in lengths)
    assert add_up(c.dropped for c in chunks).get("license: text", 0) == expected


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_no_rows(lengths: list[int]) -> None:
    assert sum(len(c) for c in in_chunks(batches(lengths), 3)) == 0
