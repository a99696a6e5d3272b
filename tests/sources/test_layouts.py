"""One behaviour suite over every kind of source: the same six rows, written in each way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.read import read_folder, read_source, read_table
from pentad.store.items import empty_catalog
from pentad.store.registry import register
from tests.sources.helpers import rows_of, touch, write_table

ROWS = [
    ("image", "a.png", "A cat"),
    ("image", "a.png", "A sleeping cat"),
    ("image", "b.jpg", "A dög"),
    ("audio", "a.wav", "A cat"),
]
Writer = Callable[[Path], Path]


def _dicts(modality: str | None = None, key: str = "file_name") -> list[dict[str, str | None]]:
    return [
        {key: file, "caption": caption} | ({} if modality else {"modality": kind})
        for kind, file, caption in ROWS
        if modality in (None, kind)
    ]


def _neutral(suffix: str, files: str) -> Writer:
    def write(root: Path) -> Path:
        for kind in ("image", "audio"):
            write_table(root / kind / f"captions{suffix}", _dicts(kind))
        touch(*(root / kind / files / file for kind, file, _ in ROWS))
        return root

    return write


def _table(name: str, key: str = "file_name") -> Writer:
    def write(root: Path) -> Path:
        touch(*(root / file for _, file, _ in ROWS))
        return write_table(root / name, _dicts(key=key))

    return write


def _folder(root: Path) -> Path:
    touch(*(root / file for _, file, _ in ROWS))
    (root / "a.png.txt").write_text("A cat\nA sleeping cat\n")
    (root / "a.wav.txt").write_text("A cat")
    (root / "b.txt").write_text("A dög\n", encoding="utf-8")
    return root


SOURCES: dict[str, Writer] = {
    "neutral-csv": _neutral(".csv", "files"),
    "neutral-csv-beside": _neutral(".csv", ""),
    "neutral-jsonl": _neutral(".jsonl", "files"),
    "neutral-parquet": _neutral(".parquet", "files"),
    "folder": _folder,
    "table-csv": _table("all.csv"),
    "table-tsv": _table("all.tsv", "file"),
    "table-jsonl": _table("all.jsonl", "path"),
    "table-parquet": _table("all.parquet"),
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES.keys())
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    writer: Writer = request.param
    return writer(tmp_path / "data")


def test_rows_come_by_modality_and_then_as_they_stand(source: Path) -> None:
    listing = read_source(source)
    found = [(kind, Path(file).name, caption) for kind, file, caption in rows_of(listing)]
    assert found == ROWS
    assert not listing.rejections


def test_files_are_named_relative_to_the_root(source: Path) -> None:
    listing = read_source(source)
    for file in listing.rows["file"]:
        assert not Path(file).is_absolute()
        assert (listing.root / file).is_file()


def test_one_modality_can_be_asked_for(source: Path) -> None:
    listing = read_source(source, modality="audio")
    assert [(k, Path(f).name, c) for k, f, c in rows_of(listing)] == [ROWS[3]]
    assert not listing.rejections


def test_a_modality_without_items_is_an_error(source: Path) -> None:
    with pytest.raises(InputError, match="video"):
        read_source(source, modality="video")


def test_the_name_is_that_of_the_source_or_the_one_given(source: Path) -> None:
    assert read_source(source).name == source.stem
    assert read_source(source, name="mine").name == "mine"


def test_reading_twice_gives_the_same_listing(source: Path) -> None:
    assert read_source(source).rows.equals(read_source(source).rows)


def test_a_source_can_be_registered(source: Path) -> None:
    catalog = register(empty_catalog(), read_source(source))
    assert catalog.items("image").ids.tolist() == [0, 1]
    assert catalog.items("text").captions == ["A cat", "A sleeping cat", "A dög"]
    assert catalog.pairs.of("audio").tolist() == [[0, 0]]


def test_items_at_library_level(source: Path) -> None:
    read = read_folder if source.is_dir() else read_table
    items = read(source, modality="image")
    assert [path.name for path in items.paths()] == ["a.png", "b.jpg"]
    assert all(path.is_file() for path in items.paths())


def test_a_wrong_modality_is_told_with_the_nearest(source: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'image'"):
        read_source(source, modality="images")


def test_a_relative_path_is_read_like_an_absolute_one(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.parent)
    assert read_source(source.name).root == read_source(source).root


@pytest.mark.external
def test_the_real_files_are_all_listed(real: Path) -> None:
    listing = read_source(real)
    counts = dict(listing.rows.unique("file")["modality"].value_counts().iter_rows())
    assert counts == {"image": 1455, "audio": 188, "video": 139, "points": 361}
    assert listing.rows.height == 2143
    assert not listing.rejections
    assert listing.rows.null_count().sum_horizontal().item() == 0
