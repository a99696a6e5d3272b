"""Tables whose rows are about parts of sounds and videos."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pentad.sources.read import read_source, read_table
from tests.sources.helpers import refusals, rows_of, touch, write_csv, write_table
from tests.tars import write_tar

HEADER = "file_name,start_time,end_time,caption"


def _table(root: Path, *lines: str, header: str = HEADER) -> Path:
    touch(root / "a.mp4", root / "a.wav", root / "a.png", root / "a.ply")
    return write_csv(root / "t.csv", header, *lines)


def test_a_row_is_about_its_part(tmp_path: Path) -> None:
    listing = read_source(
        _table(
            tmp_path,
            "a.mp4,14,24,A cat",
            "a.mp4,14.0,24.000,A pet",
            "a.mp4,,24,A dog",
            "a.mp4,14,,A cow",
            "a.mp4,,,All of it",
            "a.wav, 0.5 ,1e1,A bark",
        )
    )
    assert not listing.rejections
    assert rows_of(listing) == [
        ("audio", "a.wav#t=0.5,10", "A bark"),
        ("video", "a.mp4#t=14,24", "A cat"),
        ("video", "a.mp4#t=14,24", "A pet"),
        ("video", "a.mp4#t=0,24", "A dog"),
        ("video", "a.mp4#t=14", "A cow"),
        ("video", "a.mp4", "All of it"),
    ]


def test_equal_parts_are_one_item(tmp_path: Path) -> None:
    items = read_table(
        _table(tmp_path, "a.mp4,1,2,A cat", "a.mp4,1.0,2.0,A pet", "a.mp4,2,3,A dog"),
        modality="video",
    )
    assert items.frame["file"].to_list() == ["a.mp4#t=1,2", "a.mp4#t=2,3"]
    assert len(set(items.fingerprints)) == 2


@pytest.mark.parametrize(
    ("start", "end", "column"),
    [
        ("3", "2", "end_time"),
        ("2", "2", "end_time"),
        ("", "0", "end_time"),
        ("-1", "2", "start_time"),
        ("1", "-2", "end_time"),
        ("nan", "2", "start_time"),
        ("1", "NaN", "end_time"),
        ("inf", "", "start_time"),
        ("1e99", "", "start_time"),
        ("soon", "2", "start_time"),
        ("00:14", "00:24", "start_time"),
    ],
)
def test_bad_times_are_listed(tmp_path: Path, start: str, end: str, column: str) -> None:
    listing = read_source(_table(tmp_path, f"a.mp4,{start},{end},A cat", "a.mp4,1,2,A dog"))
    assert rows_of(listing) == [("video", "a.mp4#t=1,2", "A dog")]
    assert refusals(listing) == [("t.csv", 2, column, "bad-row")]


@pytest.mark.parametrize("name", ["a.png", "a.ply"])
def test_what_has_no_playing_time_has_no_parts(tmp_path: Path, name: str) -> None:
    listing = read_source(
        _table(tmp_path, f"{name},1,2,A cat", f"{name},,2,A cat", f"{name}#t=1,,,A cat",
               f"{name},,,A dog")
    )  # fmt: skip
    assert [row[2] for row in rows_of(listing)] == ["A dog"]
    assert refusals(listing) == [
        ("t.csv", 2, "start_time", "bad-row"),
        ("t.csv", 3, "end_time", "bad-row"),
        ("t.csv", 4, "file_name", "bad-row"),
    ]


def test_numbers_of_other_formats(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4")
    rows = [{"file": "a.mp4", "caption": "A cat", "start_time": 1.5, "end_time": 2}]
    write_table(tmp_path / "t.jsonl", rows)
    assert rows_of(read_source(tmp_path / "t.jsonl")) == [("video", "a.mp4#t=1.5,2", "A cat")]
    frame = pl.DataFrame({"file": ["a.mp4"] * 3, "caption": ["a", "b", "c"], "end_time": 2})
    frame = frame.with_columns(pl.Series("start_time", [1.0, float("nan"), None]))
    frame.write_parquet(tmp_path / "t.parquet")
    listing = read_source(tmp_path / "t.parquet")
    assert [row[1] for row in rows_of(listing)] == ["a.mp4#t=1,2", "a.mp4#t=0,2"]
    assert refusals(listing) == [("t.parquet", 2, "start_time", "bad-row")]
    write_table(
        tmp_path / "u.jsonl", [{**rows[0], "start_time": True}, {**rows[0], "end_time": "2"}]
    )
    listing = read_source(tmp_path / "u.jsonl")
    assert [row[1] for row in rows_of(listing)] == ["a.mp4#t=1.5,2"]
    assert refusals(listing) == [("u.jsonl", 1, "start_time", "bad-row")]


def test_a_name_may_tell_the_part(tmp_path: Path) -> None:
    touch(tmp_path / "b.wav#t=1,2")
    listing = read_source(
        _table(
            tmp_path,
            '"a.mp4#t=14.0,24",,,A cat',
            '"b.wav#t=1,2",,,That very file',
            '"a.mp4#t=1,2",3,4,Twice',
            '"no.mp4#t=1,2",,,A cat',
        ),
        modality="video",
    )
    assert rows_of(listing) == [
        ("video", "a.mp4#t=14,24", "A cat"),
        ("video", "b.wav#t=1,2", "That very file"),
    ]
    assert refusals(listing) == [
        ("t.csv", 4, "start_time", "conflicting-values"),
        ("t.csv", 5, "file_name", "missing-file"),
    ]


def test_a_file_of_that_very_name_is_not_taken_for_the_part(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4#t=1,2")
    listing = read_source(_table(tmp_path, "a.mp4,1,2,A cat", "a.mp4,1,3,A cat"))
    assert [row[1] for row in rows_of(listing)] == ["a.mp4#t=1,3"]
    assert refusals(listing) == [("t.csv", 2, None, "conflicting-values")]


def test_captions_alone_have_no_times(tmp_path: Path) -> None:
    table = _table(tmp_path, "a.mp4,1,2,A cat")
    assert rows_of(read_source(table, modality="text")) == [("text", "", "A cat")]
    mixed = write_csv(
        tmp_path / "m.csv", f"{HEADER},modality", ",1,2,A word,text", ",,,A thing,text"
    )
    listing = read_source(mixed)
    assert rows_of(listing) == [("text", "", "A thing")]
    assert refusals(listing) == [("m.csv", 2, "start_time", "bad-row")]


def test_rows_may_name_members_and_cells(tmp_path: Path) -> None:
    write_tar(tmp_path / "x.tar", {"d/1.jpg": b"1", "v.mp4": b"2"})
    listing = read_source(
        _table(tmp_path, "x.tar/d/1.jpg,,,A cat", "./x.tar/v.mp4,1,2,A dog", "x.tar/no.jpg,,,A cow")
    )
    assert rows_of(listing) == [
        ("image", "x.tar/d/1.jpg", "A cat"),
        ("video", "x.tar/v.mp4#t=1,2", "A dog"),
    ]
    assert refusals(listing) == [("t.csv", 4, "file_name", "missing-file")]


def test_start_and_end_are_other_things(tmp_path: Path) -> None:
    listing = read_source(
        _table(tmp_path, "a.mp4,300,480,A cat", header="file_name,start,end,caption")
    )
    assert rows_of(listing) == [("video", "a.mp4", "A cat")]


def test_a_license_column_is_that_of_the_data(tmp_path: Path) -> None:
    listing = read_source(_table(tmp_path, "a.mp4,CC0,A cat", header="file_name,license,caption"))
    assert listing.rows["dataset_license"].to_list() == ["CC0"]
