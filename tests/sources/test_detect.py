from __future__ import annotations

import os
from pathlib import Path

import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.detect import detect_layout
from pentad.sources.layouts import Layout
from pentad.sources.read import read_source
from tests.sources.helpers import rows_of, touch, write_csv


def _error(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no such file or folder" in _error(tmp_path / "nothing")


def test_a_folder_of_nothing_known_says_what_it_wants_and_has(tmp_path: Path) -> None:
    touch(tmp_path / "a.xyz", tmp_path / "b.xyz", tmp_path / "c")
    message = _error(tmp_path)
    assert "<modality>/captions.csv" in message
    assert ".txt files of the same name" in message
    assert ".parquet" in message
    assert "3 files (2 x .xyz, 1 x no extension)" in message


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "an empty folder" in _error(tmp_path)


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    assert "not a source" in _error(tmp_path / "a.png")


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nothing")
    assert "not a source" in _error(tmp_path / "link")


def test_a_path_with_a_nul(tmp_path: Path) -> None:
    assert "there is no such file or folder" in _error(Path("a\0b"))


def test_a_path_that_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", deny)
    assert "cannot be read (Permission denied)" in _error(tmp_path)


def test_a_folder_whose_name_is_no_utf8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    touch(folder / "a.png")
    _error(folder).encode()


def test_misnamed_folders_of_tables(tmp_path: Path) -> None:
    touch(tmp_path / "images" / "a.png")
    write_csv(tmp_path / "images" / "captions.csv", "file_name,caption", "a.png,A cat")
    message = _error(tmp_path)
    assert "images/captions.csv" in message
    assert "text, image, audio, video, points" in message


@pytest.mark.parametrize("name", ["captions.csv", "metadata.csv"])
def test_a_folder_with_its_table_on_top(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "data" / "files" / "a.png", tmp_path / "data" / "b.png")
    write_csv(tmp_path / "data" / name, "file_name,caption", "a.png,A cat", "b.png,A dog")
    listing = read_source(tmp_path / "data")
    assert listing.name == "data"
    assert rows_of(listing) == [("image", "files/a.png", "A cat"), ("image", "b.png", "A dog")]


def test_a_linked_table_keeps_its_own_folder_as_root(tmp_path: Path) -> None:
    write_csv(tmp_path / "far" / "t.csv", "file_name,caption", "a.png,A cat")
    touch(tmp_path / "near" / "a.png")
    (tmp_path / "near" / "t.csv").symlink_to("../far/t.csv")
    assert rows_of(read_source(tmp_path / "near" / "t.csv")) == [("image", "a.png", "A cat")]


def test_the_neutral_layout_wins_over_loose_files(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "image" / "b.png")
    write_csv(tmp_path / "image" / "captions.csv", "file_name,caption", "b.png,A cat")
    assert detect_layout(tmp_path) == (Layout.NEUTRAL, tmp_path)


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("webdatset", "did you mean 'webdataset'"),
        ("table", "not of the format 'table'"),
        ("urls", "a table"),
        ("esc-50", "no meta/esc50.csv in it"),
        ("fsd50k", "neither FSD50K"),
        ("coco", "no annotations"),
        ("clip-retrieval", "no metadata/metadata_0.parquet"),
        ("huggingface", "no Parquet files"),
        ("webdataset", "no tar in it"),
    ],
)
def test_a_format_that_is_not_there(tmp_path: Path, format: str, message: str) -> None:
    touch(tmp_path / "a.png")
    with pytest.raises((InputError, UnknownName), match=message):
        read_source(tmp_path, format=format)


def test_a_format_of_folders_is_not_that_of_a_file(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", "file_name,caption", "a.png,A cat")
    touch(tmp_path / "a.png")
    with pytest.raises(InputError, match="not of the format 'folder'"):
        read_source(table, format="folder")
    with pytest.raises(InputError, match="no such file"):
        read_source(tmp_path / "x.csv", format="table")
    assert read_source(table, format="table").rows.height == 1
    assert read_source(tmp_path, format="folder").rows["caption"].to_list() == [None]
    with pytest.raises(InputError, match="leave out the media root"):
        read_source(table, media_root=tmp_path)


def test_a_table_of_addresses_is_not_read_from_here(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", "url,caption", "https://example.org/a.png,A cat")
    assert detect_layout(table)[0] is Layout.URLS
    with pytest.raises(InputError, match="pentad add WORKSPACE TABLE"):
        read_source(table)
    assert rows_of(read_source(table, modality="text")) == [("text", "", "A cat")]
    touch(tmp_path / "a.png")
    both = write_csv(tmp_path / "b.csv", "file_name,url,caption", "a.png,https://x.org/,A cat")
    assert detect_layout(both)[0] is Layout.TABLE
