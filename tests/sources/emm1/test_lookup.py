"""Ids to rows: sparse, unsorted, repeated, huge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.sources.emm1.csv_table import ID_LIMIT
from pentad.sources.emm1.lookup import ABSENT, IdLookup


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.uint32)


@pytest.mark.parametrize("offset", [0, 3_000_000_000])
def test_a_position_is_never_an_id(offset):
    known = ids(7, 0, 900) + np.uint32(offset)
    lookup = IdLookup.of(known)
    assert (lookup.table is None) == (offset > 0)
    asked = np.append(known[::-1], ids(1, 6, 901) + np.uint32(offset))
    assert lookup.rows(asked).tolist() == [2, 1, 0, ABSENT, ABSENT, ABSENT]


@pytest.mark.parametrize("known", [ids(), ids(0), ids(5), ids(ID_LIMIT - 1)])
def test_the_number_for_a_missing_id_is_never_found(known):
    rows = IdLookup.of(known).rows(ids(ID_LIMIT, ID_LIMIT - 2, 4))
    assert rows.tolist() == [ABSENT] * 3


def test_of_a_repeated_id_the_last_row_counts():
    assert IdLookup.of(ids(3, 5, 3)).rows(ids(3, 5)).tolist() == [2, 1]
    high = ids(3, 5, 3) + np.uint32(2**31)
    assert IdLookup.of(high).rows(high[:2]).tolist() == [2, 1]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 60) | st.integers(0, ID_LIMIT - 1), unique=True, max_size=30),
    st.lists(st.integers(0, 60) | st.integers(0, ID_LIMIT), max_size=30),
)
def test_it_is_a_dictionary(known, asked):
    rows = {number: row for row, number in enumerate(known)}
    found = IdLookup.of(ids(*known)).rows(ids(*asked, *known))
    assert found.tolist() == [rows.get(n, ABSENT) for n in [*asked, *known]]
