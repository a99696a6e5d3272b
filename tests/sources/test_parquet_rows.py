from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pentad.core.errors import InputError
from pentad.sources.read import read_source
from tests.sources.helpers import refusals, rows_of, touch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "a.png", tmp_path / "b.png")
    return tmp_path


def _text(*values: bytes | None) -> pa.Array:
    """Strings as their bytes, which need not be UTF-8."""
    raw = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())


def test_rows_count_from_one_and_one_bad_cell_costs_one_row(folder: Path) -> None:
    files = _text(b"a.png", b"b.png", b"gone.png", b"b.png", None)
    captions = _text(b"A cat", b"caf\xe9", b"A dog", None, b"A dog")
    pq.write_table(pa.table({"file": files, "caption": captions}), folder / "t.parquet")
    listing = read_source(folder / "t.parquet")
    assert rows_of(listing) == [("image", "a.png", "A cat")]
    assert refusals(listing) == [
        ("t.parquet", 2, "caption", "wrong-encoding"),
        ("t.parquet", 3, "file", "missing-file"),
        ("t.parquet", 4, "caption", "empty-caption"),
        ("t.parquet", 5, "file", "bad-row"),
    ]


def test_dictionary_columns_are_text(folder: Path) -> None:
    captions = pa.array(["A cat", "A dog"]).dictionary_encode()
    pq.write_table(
        pa.table({"file": ["a.png", "b.png"], "caption": captions}), folder / "t.parquet"
    )
    assert rows_of(read_source(folder / "t.parquet"))[1] == ("image", "b.png", "A dog")


def test_numbers_are_no_captions(folder: Path) -> None:
    pq.write_table(pa.table({"file": ["a.png"], "caption": [3]}), folder / "t.parquet")
    with pytest.raises(InputError, match="int where text is expected"):
        read_source(folder / "t.parquet")


def test_a_missing_column_names_those_that_are_there(folder: Path) -> None:
    pq.write_table(pa.table({"image": ["a.png"], "label": ["A cat"]}), folder / "t.parquet")
    with pytest.raises(InputError, match="'image', 'label'"):
        read_source(folder / "t.parquet")


def test_two_columns_of_one_name(folder: Path) -> None:
    columns = [pa.array(["a.png"]), pa.array(["A cat"]), pa.array(["A dog"])]
    table = pa.Table.from_arrays(columns, names=["file", "caption", "caption"])
    pq.write_table(table, folder / "t.parquet")
    with pytest.raises(InputError, match="two columns have the same name"):
        read_source(folder / "t.parquet")


@pytest.mark.parametrize("keep", [0, 3, 40, 200])
def test_a_damaged_file_is_told(folder: Path, keep: int) -> None:
    pq.write_table(pa.table({"file": ["a.png"], "caption": ["A cat"]}), folder / "t.parquet")
    data = (folder / "t.parquet").read_bytes()
    (folder / "t.parquet").write_bytes(data[:keep])
    with pytest.raises(InputError, match="empty-file" if keep == 0 else "corrupt"):
        read_source(folder / "t.parquet")


@pytest.mark.parametrize("place", range(4, 200, 7))
def test_a_flipped_byte_ends_in_rows_or_in_an_error_of_ours(folder: Path, place: int) -> None:
    pq.write_table(
        pa.table({"file": ["a.png", "b.png"], "caption": ["A cat", "A dog"]}), folder / "t.parquet"
    )
    data = bytearray((folder / "t.parquet").read_bytes())
    data[place] ^= 0xFF
    (folder / "t.parquet").write_bytes(data)
    try:
        read_source(folder / "t.parquet")
    except InputError as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message
