"""Tables that are read strictly, and files that are looked up."""

from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.table import csv_rows, json_rows, text_lines
from pentad.sources.refusal import Refused
from tests.sources.helpers import touch, write_csv


def rows(path: Path) -> list[tuple[int, str]]:
    return [(row.number, row.text("b")) for row in csv_rows(path, ("a", "b"))]


def test_rows_are_numbered_by_the_line_they_begin_at(tmp_path: Path):
    path = write_csv(tmp_path / "t.csv", " a ,b", "", '1,"x', 'y"', "2, z ")
    assert rows(path) == [(3, "x\ny"), (5, "z")]


def test_text_behind_a_closing_quote_belongs_to_the_cell(tmp_path: Path):
    path = write_csv(tmp_path / "t.csv", "a,b", '1,"x" y', "2,z")
    assert rows(path) == [(2, "x y"), (3, "z")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), ": the table is empty"),
        (("", " , "), ": the table is empty"),
        (("a,c",), " [b]: this column is missing; got columns 'a', 'c'"),
        (("a,b,b",), " [b]: two columns are named so"),
        (("a,b", "1"), ":2: this row does not fit the header; expected 2 cells, got 1"),
        (("a,b", "1,2", '1,"2', "3,4"), ":3: not a row of a table (unexpected end of data)"),
        (("a,b", "1,"), ":2 [b]: text is missing here"),
        (("a,b", b"1,\xff"), ":2: byte 0xff is not valid here"),
        (("a,b", "1,\0"), ":2: holds a NUL byte"),
        (("a,b", "1," + "x" * 200_000), ":2: not a row of a table (field larger than"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, lines, expected: str):
    path = write_csv(tmp_path / "t.csv", *lines)
    with pytest.raises(InputError) as caught:
        rows(path)
    assert str(caught.value).startswith(f"{path}{expected}")


def test_lines_that_are_too_long_are_no_table(tmp_path: Path):
    path = write_csv(tmp_path / "t", "x" * (1 << 21))
    for read in (text_lines, json_rows, lambda p: csv_rows(p, ())):
        with pytest.raises(InputError, match=r":1: this line is too long"):
            list(read(path))


def test_what_is_not_there_is_told(tmp_path: Path):
    for read in (text_lines, json_rows, lambda p: csv_rows(p, ())):
        with pytest.raises(InputError, match="cannot be read"):
            list(read(tmp_path / "none"))


def test_files_are_found_by_name_in_the_order_of_the_folders(tmp_path: Path):
    touch(*(tmp_path / name for name in ("a/1.wav", "b/1.wav", "b/2.wav", "b/ caf\u00e9.wav")))
    files = MediaFiles(tmp_path, ("a", "b"))
    assert files.find("1.wav") == tmp_path / "a/1.wav"
    assert files.find("none.wav", "2.wav") == tmp_path / "b/2.wav"
    assert files.find("cafe\u0301.wav ") == tmp_path / "b/ caf\u00e9.wav"
    assert MediaFiles(tmp_path).find("b/2.wav") == tmp_path / "b/2.wav"


def test_stems_are_found_with_the_endings_of_a_modality(tmp_path: Path):
    names = ("a/x.txt", "a/x.MP4", "b/x.wav", "b/x.flac", "b/y.v2.wav")
    touch(*(tmp_path / name for name in names))
    files = MediaFiles(tmp_path, ("a", "b"))
    assert files.find_stem(["x"], Modality.AUDIO) == tmp_path / "b/x.flac"
    assert files.find_stem(["x"], Modality.VIDEO, Modality.AUDIO) == tmp_path / "a/x.MP4"
    assert files.find_stem(["z", "y.v2"], Modality.AUDIO) == tmp_path / "b/y.v2.wav"
    with pytest.raises(Refused, match="no image named 'x' is there"):
        files.find_stem(["x"], Modality.IMAGE)


@pytest.mark.parametrize("name", ["../x.wav", "/x.wav", "a/../../x.wav", " ", "a", "link.wav"])
def test_nothing_outside_the_root_is_found(tmp_path: Path, name: str):
    touch(tmp_path / "x.wav", tmp_path / "root/a/y.wav")
    (tmp_path / "root/link.wav").symlink_to(tmp_path / "x.wav")
    with pytest.raises(Refused):
        MediaFiles(tmp_path / "root").find(name)
