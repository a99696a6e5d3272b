"""Tables written block by block: Parquet and CSV, whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, PentadError
from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.write import check_output, write_blocks, write_frame
from tests.emm1_trees import TRAPPY_CAPTIONS, make_emm1

SCHEMA = pa.schema([("encord_text_id", pa.uint32()), ("caption", pa.string())])


def blocks(*parts: list[tuple]) -> Iterator[pa.Table]:
    for part in parts:
        yield pa.table({"encord_text_id": [n for n, _ in part], "caption": [c for _, c in part]},
                       schema=SCHEMA)  # fmt: skip


def read(path: Path) -> list[tuple]:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).rows()
    with path.open(encoding="utf-8", newline="") as file:
        return [(int(n), c) for n, c in list(csv.reader(file))[1:]]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".CSV"])
def test_blocks_come_one_after_another(suffix, tmp_path):
    out = tmp_path / "new" / f"table{suffix}"
    rows = list(enumerate(TRAPPY_CAPTIONS))
    assert write_blocks(blocks(rows[:5], rows[5:6], [], rows[6:]), SCHEMA, out) == len(rows)
    assert read(out) == rows
    assert [p.name for p in out.parent.iterdir()] == [out.name]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_no_rows_are_a_table_with_its_columns(suffix, tmp_path):
    out = tmp_path / f"table{suffix}"
    assert write_blocks(blocks(), SCHEMA, out) == 0
    frame = pl.read_parquet(out) if suffix == ".parquet" else pl.read_csv(out)
    assert frame.columns == SCHEMA.names
    assert frame.height == 0


def failing(after: int) -> Iterator[pa.Table]:
    for number in range(after):
        yield from blocks([(number, "a")])
    raise InputError("row 7 is odd", file="x.csv", row=7)


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("there", [True, False])
def test_after_an_error_everything_is_as_it_was(after, suffix, there, tmp_path):
    out = tmp_path / f"table{suffix}"
    if there:
        out.write_text("precious")
    with pytest.raises(InputError, match="row 7 is odd"):
        write_blocks(failing(after), SCHEMA, out)
    assert [p.name for p in tmp_path.iterdir()] == ([out.name] if there else [])
    assert not there or out.read_text() == "precious"


@pytest.mark.parametrize("name", ["table", "table.txt", "table.parquet.gz"])
def test_a_name_that_says_no_format_is_told(name, tmp_path):
    with pytest.raises(InputError, match=r"ends in .parquet or .csv"):
        check_output(tmp_path / name)


def test_a_folder_is_told(tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(InputError, match=r"table.csv: this is a folder"):
        check_output(tmp_path / "table.csv")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PentadError, match=r"table.csv: cannot be written"):
        write_blocks(blocks([(1, "a")]), SCHEMA, tmp_path / "file" / "table.csv")


def test_repeated_paths_are_plain_strings_to_every_reader(tmp_path):
    make_emm1(tmp_path / "root", captions=30)
    out = tmp_path / "groups.parquet"
    open_emm1(tmp_path / "root").write_groups(out, [1, 2], paths=True)
    assert pl.read_parquet(out).schema["image_path"] == pl.String
    assert pa.parquet.read_table(out).schema.field("image_path").type == pa.string()


def test_what_is_written_is_what_the_frame_has(tmp_path):
    tree = make_emm1(tmp_path / "root", captions=30)
    ds = open_emm1(tmp_path / "root")
    rows = ds.write_groups(tmp_path / "g.parquet", [2, 1], modalities=["audio"], paths=True)
    assert rows == 60
    expected = tree.expected_groups([2, 1], ["audio"], paths=True)
    assert pl.read_parquet(tmp_path / "g.parquet").equals(expected)
    ds.write_groups(tmp_path / "g.csv", [2, 1], modalities=["audio"], paths=True)
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found[0] == expected.columns
    assert found[1:] == [["" if c is None else str(c) for c in row] for row in expected.rows()]
    assert ds.write_triplets(tmp_path / "t.parquet", ["points", "audio"], paths=True) > 0
    assert pl.read_parquet(tmp_path / "t.parquet").equals(
        ds.triplets(["points", "audio"], paths=True).collect()
    )


def test_missing_values_and_empty_text_stay_apart_in_parquet(tmp_path):
    frame = pl.LazyFrame({"a": ["", None, "x"]})
    assert write_frame(frame, tmp_path / "t.parquet") == 3
    assert pl.read_parquet(tmp_path / "t.parquet")["a"].to_list() == ["", None, "x"]


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
        | st.text('",\r\n a', max_size=8),
        max_size=8,
    )
)
def test_any_captions_survive_both_formats(tmp_path_factory, captions):
    folder = tmp_path_factory.mktemp("written")
    rows = list(enumerate(captions))
    for suffix in (".parquet", ".csv"):
        write_blocks(blocks(rows[:3], rows[3:]), SCHEMA, folder / f"t{suffix}")
        assert read(folder / f"t{suffix}") == rows
