from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.read import read_source
from tests.sources.helpers import refusals, rows_of, touch, write_csv


@pytest.fixture
def root(tmp_path: Path) -> Path:
    touch(tmp_path / "image" / "files" / "a.png", tmp_path / "audio" / "b.wav")
    write_csv(tmp_path / "image" / "captions.csv", "file_name,caption", "a.png,A cat")
    write_csv(tmp_path / "audio" / "captions.csv", "file_name,caption", "b.wav,A meow")
    return tmp_path


def test_files_lie_in_their_folder_or_beside_the_table(root: Path) -> None:
    assert rows_of(read_source(root)) == [
        ("image", "image/files/a.png", "A cat"),
        ("audio", "audio/b.wav", "A meow"),
    ]


def test_a_text_folder_holds_captions_alone(root: Path) -> None:
    write_csv(root / "text" / "captions.csv", "caption", "A word", "A cat")
    assert rows_of(read_source(root))[:2] == [("text", "", "A word"), ("text", "", "A cat")]


def test_a_folder_of_captions_alone_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "captions.jsonl").write_text(json.dumps({"caption": "A word"}))
    assert rows_of(read_source(tmp_path)) == [("text", "", "A word")]


def test_one_unusable_table_leaves_the_others(root: Path) -> None:
    write_csv(root / "image" / "captions.csv", "file_name,label", "a.png,A cat", "a.png,A pet")
    write_csv(root / "video" / "captions.csv")
    listing = read_source(root)
    assert rows_of(listing) == [("audio", "audio/b.wav", "A meow")]
    assert refusals(listing) == [
        ("image/captions.csv", None, "caption", "missing-column"),
        ("video/captions.csv", None, None, "empty-file"),
    ]
    assert [r.modality for r in listing.rejections] == ["image", "video"]


def test_when_nothing_is_left_it_is_an_error(root: Path) -> None:
    write_csv(root / "image" / "captions.csv", "file_name,label", "a.png,A cat")
    with pytest.raises(InputError, match=r"image/captions\.csv: missing-column"):
        read_source(root, modality="image")


def test_the_folder_rules_over_a_modality_column(root: Path) -> None:
    write_csv(root / "image" / "captions.csv", "modality,file_name,caption", "audio,a.png,A cat")
    assert rows_of(read_source(root, modality="image")) == [("image", "image/files/a.png", "A cat")]


def test_a_second_table_is_told(root: Path) -> None:
    (root / "image" / "captions.jsonl").write_text("{}")
    assert refusals(read_source(root)) == [("image/captions.jsonl", None, None, "duplicate")]


def test_a_misspelt_folder_is_told_with_the_nearest_name(root: Path) -> None:
    write_csv(root / "videos" / "captions.csv", "file_name,caption")
    listing = read_source(root)
    assert refusals(listing) == [("videos/captions.csv", None, None, "unsupported-format")]
    assert "did you mean 'video'?" in listing.rejections[0].detail


def test_files_may_not_come_from_another_modality(root: Path) -> None:
    write_csv(
        root / "image" / "captions.csv", "file_name,caption", "../audio/b.wav,A", "a.png,A cat"
    )
    assert refusals(read_source(root)) == [("image/captions.csv", 2, "file_name", "outside-root")]


def test_files_that_no_row_names_are_left_out(root: Path) -> None:
    touch(root / "image" / "files" / "other.png", root / "README.md")
    assert len(rows_of(read_source(root))) == 2
