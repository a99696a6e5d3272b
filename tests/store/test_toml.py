from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.store.toml import dump_toml

TEXT = st.text(st.characters(codec="utf-8"), max_size=10) | st.sampled_from(
    ["", '"', "\\", "\x7f", "\n\r\t\x00", "a.b", "#", "🐕", "[x]", "true"]
)
SCALAR = st.one_of(
    TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)
)
VALUE = st.recursive(
    SCALAR | st.lists(SCALAR | st.lists(SCALAR, max_size=2), max_size=3),
    lambda inner: st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUE, max_size=5))
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert tomllib.loads(dump_toml(value)) == value


def test_no_number_is_read_back_as_such() -> None:
    assert math.isnan(tomllib.loads(dump_toml({"x": math.nan}))["x"])


def test_a_table_reads_as_people_write_it() -> None:
    value = {"name": "ws", "k": [1, 2], "sources": {"real data": {"root": "../x"}}}
    assert dump_toml(value) == (
        'name = "ws"\nk = [1, 2]\n\n[sources]\n\n[sources."real data"]\nroot = "../x"\n'
    )


@pytest.mark.parametrize("value", [Path("a/b"), None])
def test_anything_else_is_text(value: object) -> None:
    assert tomllib.loads(dump_toml({"x": value})) == {"x": str(value)}
