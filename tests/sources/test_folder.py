from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import pytest

from pentad.sources import folder
from pentad.sources.read import read_folder, read_source
from tests.sources.helpers import refusals, rows_of, touch


def test_nested_folders_come_in_path_order(tmp_path: Path) -> None:
    touch(tmp_path / "b.png", tmp_path / "a" / "z.png", tmp_path / "a" / "b" / "y.jpg")
    (tmp_path / "a" / "z.txt").write_text("\nA cat\n\n  A pet \n")
    assert rows_of(read_source(tmp_path)) == [
        ("image", "a/b/y.jpg", None),
        ("image", "a/z.png", "A cat"),
        ("image", "a/z.png", "A pet"),
        ("image", "b.png", None),
    ]


def test_a_file_without_captions_is_an_item_all_the_same(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav")
    items = read_folder(tmp_path, modality="audio")
    assert len(items) == 1


def test_one_text_file_serves_every_media_file_of_its_name(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "a.wav", tmp_path / "b" / "a.png")
    (tmp_path / "a.txt").write_text("A cat")
    assert rows_of(read_source(tmp_path)) == [
        ("image", "a.png", "A cat"),
        ("image", "b/a.png", None),
        ("audio", "a.wav", "A cat"),
    ]


def test_with_a_modality_other_media_are_not_asked_for(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "b.wav")
    (tmp_path / "a.txt").write_text("A cat")
    (tmp_path / "b.txt").write_text("A meow")
    listing = read_source(tmp_path, modality="audio")
    assert rows_of(listing) == [("audio", "b.wav", "A meow")]
    assert not listing.rejections


def test_text_takes_every_line(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("A cat\nA pet\n")
    (tmp_path / "b.txt").write_text("A dog\nA pet\n")
    listing = read_source(tmp_path, modality="text")
    assert [caption for _, _, caption in rows_of(listing)] == ["A cat", "A pet", "A dog"]
    assert refusals(listing) == [("b.txt", 2, None, "duplicate")]


def test_bad_lines_are_told_and_the_item_stays(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png")
    (tmp_path / "a.txt").write_bytes(
        b"A cat\ncaf\xe9\nA cat\n" + b"x" * 10_001 + b"\nA \0\nA pet\n"
    )
    (tmp_path / "b.txt").write_text(" \n")
    (tmp_path / "c.txt").write_bytes(b"caf\xe9")
    listing = read_source(tmp_path)
    assert rows_of(listing) == [
        ("image", "a.png", "A cat"),
        ("image", "a.png", "A pet"),
        ("image", "b.png", None),
        ("image", "c.png", None),
    ]
    assert sorted(refusals(listing), key=str) == sorted(
        [
            ("a.txt", 2, None, "wrong-encoding"),
            ("a.txt", 3, None, "duplicate"),
            ("a.txt", 4, None, "too-large"),
            ("a.txt", 5, None, "bad-row"),
            ("b.txt", None, None, "empty-caption"),
            ("c.txt", 1, None, "wrong-encoding"),
        ],
        key=str,
    )


def test_a_text_file_that_is_none_costs_its_captions_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "a.png", tmp_path / "b.png")
    (tmp_path / "a.txt").write_text("x" * 3_000_000 + "\nA cat")
    (tmp_path / "b.txt").write_text("A dog")
    real = folder.open_text

    def deny(path: Path, newline: str) -> TextIO:
        if path.name == "b.txt":
            raise PermissionError(13, "Permission denied")
        return real(path, newline)

    monkeypatch.setattr(folder, "open_text", deny)
    listing = read_source(tmp_path)
    assert rows_of(listing) == [("image", "a.png", "A cat"), ("image", "b.png", None)]
    assert refusals(listing) == [
        ("a.txt", 1, None, "too-large"),
        ("b.txt", None, None, "unreadable"),
    ]


def test_strangers_are_told_and_documents_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "lonely.txt", tmp_path / "scan.xyz", tmp_path / "noext")
    touch(tmp_path / "README.md", tmp_path / "LICENSE", tmp_path / "licenses.txt")
    touch(tmp_path / "index.json", tmp_path / "set.csv", tmp_path / "mesh.mtl")
    touch(tmp_path / ".DS_Store", tmp_path / ".git" / "x.png", tmp_path / "__MACOSX" / "a.png")
    listing = read_source(tmp_path)
    assert rows_of(listing) == [("image", "a.png", None)]
    assert refusals(listing) == [
        ("lonely.txt", None, None, "missing-file"),
        ("noext", None, None, "unsupported-format"),
        ("scan.xyz", None, None, "unsupported-format"),
    ]


def test_a_readme_image_is_an_image(tmp_path: Path) -> None:
    touch(tmp_path / "readme.png")
    assert rows_of(read_source(tmp_path)) == [("image", "readme.png", None)]


def test_links_and_pipes(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root / "a" / "x.png", outside / "y.png")
    (root / "b.png").symlink_to("a/x.png")
    (root / "c.png").symlink_to("../outside/y.png")
    (root / "d").symlink_to("a")
    (root / "e").symlink_to("../outside")
    os.mkfifo(root / "f.png")
    os.mkfifo(root / "b.txt")
    listing = read_source(root)
    assert rows_of(listing) == [("image", "a/x.png", None), ("image", "b.png", None)]
    assert sorted(refusals(listing), key=str) == [
        ("b.txt", None, None, "unreadable"),
        ("c.png", None, None, "outside-root"),
        ("e", None, None, "outside-root"),
        ("f.png", None, None, "unreadable"),
    ]


def test_a_name_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / os.fsdecode(b"caf\xe9.png"))
    listing = read_source(tmp_path)
    assert rows_of(listing) == [("image", "a.png", None)]
    assert refusals(listing) == [("caf\\udce9.png", None, None, "wrong-encoding")]


def test_a_closed_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.png", tmp_path / "closed" / "b.png")
    scan = os.scandir

    def deny(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", deny)
    listing = read_source(tmp_path)
    assert refusals(listing) == [("closed", None, None, "unreadable")]
