"""Whatever the bytes: only errors of ours, and no row is lost without a word."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import PentadError
from pentad.sources.read import read_source
from pentad.store.items import empty_catalog
from pentad.store.listing import Listing
from pentad.store.registry import register
from pentad.store.rejections import read_rejections, rejection_frame
from tests.sources.helpers import touch

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

HEADER = "file_name,caption,concept"
CELL = st.text(max_size=12) | st.sampled_from(["a.png", "b.png", "A cat", "", " ", "../a.png"])
LINE = st.lists(CELL, max_size=4).map(",".join)
PIECE = st.binary(max_size=20) | st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"\0", b"a.png", b"A cat", b"\xff\xfe", b'{"caption": "x"}', b"{"]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    touch(root / "a.png", root / "b.png")
    return root


def _read(table: Path, data: bytes) -> Listing | None:
    table.write_bytes(data)
    listing = message = None
    try:
        listing = read_source(table)
    except PentadError as error:
        message = str(error)
    if listing is None:
        assert message is not None
        assert len(message.encode().splitlines()) == 1
        return None
    frame = rejection_frame(listing.rejections)
    assert sorted(read_rejections(frame), key=str) == sorted(listing.rejections, key=str)
    register(empty_catalog(), listing)
    return listing


@settings(max_examples=150, deadline=None)
@given(data=st.lists(PIECE, max_size=30).map(b"".join), suffix=st.sampled_from([".csv", ".jsonl"]))
def test_any_bytes_end_in_a_listing_or_in_one_of_our_errors(
    folder: Path, data: bytes, suffix: str
) -> None:
    _read(folder / f"t{suffix}", data)
    _read(folder / f"t{suffix}", HEADER.encode() + b"\n" + data)


@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_as_parquet(folder: Path, data: bytes) -> None:
    _read(folder / "t.parquet", b"PAR1" + data + b"PAR1")


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(LINE, max_size=12))
def test_every_line_is_a_row_or_a_rejection(folder: Path, lines: list[str]) -> None:
    lines = [line.replace('"', "").replace("\n", "").replace("\r", "") for line in lines]
    text = "\n".join([HEADER, "a.png,A first cat,", *lines])
    listing = _read(folder / "t.csv", text.encode("utf-8", "replace"))
    filled = [n for n, line in enumerate(lines, start=3) if line.strip()]
    assert listing is not None
    refused = [rejection.row for rejection in listing.rejections]
    assert len(refused) == len(set(refused))
    assert set(refused) <= set(filled)
    assert listing.rows.height + len(refused) == 1 + len(filled)


ROW = st.tuples(
    st.sampled_from(["a.png", "b.png"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(ROW, max_size=10))
def test_what_a_csv_writer_writes_is_read_back_row_by_row(
    folder: Path, rows: list[tuple[str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("file_name", "caption"), ("a.png", "A first cat"), *rows])
    listing = _read(folder / "t.csv", text.getvalue().encode())
    assert listing is not None
    assert {r.reason.value for r in listing.rejections} <= {"empty-caption", "duplicate"}
    assert listing.rows.height + len(listing.rejections) == 1 + len(rows)
