"""Trees on a store in memory, listed as the same trees on this machine are."""

from __future__ import annotations

import shutil
from pathlib import Path

import fsspec
import pytest

from pentad.core.errors import InputError
from pentad.sources.read import read_folder, read_source, read_table
from pentad.sources.remote import mirror, tree
from pentad.sources.remote.at_hand import at_hand
from pentad.sources.remote.tree import list_tree
from pentad.store.remote.asking import asked
from pentad.store.remote.files import RemoteFolder
from pentad.store.remote.objects import Trouble, no_access
from pentad.store.remote.with_fsspec import FsspecObjects
from tests.sources.helpers import refusals, rows_of, touch, write_csv
from tests.stores import upload
from tests.tars import write_tar

ADDRESS = "memory://bucket/data"


pytestmark = pytest.mark.usefixtures("memory")


def put(name: str, data: bytes = b"x") -> None:
    fsspec.filesystem("memory").store[f"/bucket/data/{name}"] = _file(data)


def _file(data: bytes):
    from fsspec.implementations.memory import MemoryFile

    return MemoryFile(fsspec.filesystem("memory"), "", data)


def neutral(root: Path) -> None:
    for modality, ending in (("image", "png"), ("audio", "wav")):
        touch(root / modality / "files" / f"1.{ending}", root / modality / "files" / f"2.{ending}")
        rows = [f"{n}.{ending},Caption {n} of {modality}" for n in (1, 2, 3)]
        write_csv(root / modality / "captions.csv", "file_name,caption", *rows)


def esc50(root: Path) -> None:
    touch(root / "audio" / "1-1-A-0.wav")
    write_csv(root / "meta" / "esc50.csv", "filename,category,esc10", "1-1-A-0.wav,dog,True")


def folder(root: Path) -> None:
    touch(root / "a.png", root / "sub" / "b.jpg", root / ".hidden" / "c.png", root / "odd.xyz")
    (root / "a.txt").write_text("One\nTwo")
    (root / "alone.txt").write_text("Nobody's")
    (root / "x.tar").mkdir()
    touch(root / "x.tar" / "d.png")


def imagefolder(root: Path) -> None:
    touch(root / "train" / "1.png")
    write_csv(root / "train" / "metadata.csv", "file_name,text", "1.png,A thing")


def members(root: Path) -> None:
    write_tar(root / "s.tar", {"1.png": "p", "2.png": "q"})
    write_csv(root / "captions.csv", "file_name,caption", "s.tar/1.png,One", "s.tar/3.png,Three")


@pytest.mark.parametrize("make", [neutral, esc50, folder, imagefolder, members])
def test_a_tree_is_listed_as_it_is_on_this_machine(make, tmp_path: Path) -> None:
    make(tmp_path / "data")
    upload(tmp_path / "data", "bucket/data")

    here, there = read_source(tmp_path / "data"), read_source(ADDRESS)

    assert there.rows.equals(here.rows)
    assert there.rejections == here.rejections
    assert there.name == here.name
    assert there.root == RemoteFolder(ADDRESS)


def test_a_table_alone_has_its_folder_as_root(tmp_path: Path) -> None:
    neutral(tmp_path / "data")
    upload(tmp_path / "data", "bucket/data")

    items = read_table(f"{ADDRESS}/image/captions.csv", modality="image")

    assert [str(p) for p in items.paths()] == [
        f"{ADDRESS}/image/files/1.png",
        f"{ADDRESS}/image/files/2.png",
    ]
    assert str(items.roots["captions"]) == f"{ADDRESS}/image"


def test_captions_alone_can_be_read(tmp_path: Path) -> None:
    folder(tmp_path / "data")
    upload(tmp_path / "data", "bucket/data")

    assert read_folder(ADDRESS, modality="text").captions == ["One", "Two", "Nobody's"]


def test_a_folder_may_be_called_like_a_table() -> None:
    put("set.parquet/a.png")

    listing = read_source(f"{ADDRESS}/set.parquet")

    assert rows_of(listing) == [("image", "a.png", None)]
    assert str(listing.root) == f"{ADDRESS}/set.parquet"


def test_a_folder_may_be_called_like_a_tar() -> None:
    put("x.tar/a.png")

    items = read_folder(ADDRESS, modality="image")

    assert items.frame["file"].to_list() == ["x.tar/a.png"]
    assert items.frame["bytes"].to_list() == [1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a//b.png", "outside-root"),
        ("../b.png", "outside-root"),
        ("a/./b.png", "outside-root"),
        ("ok.png/b.png", "conflicting-values"),
        ("n" * 300 + ".png", "unsupported-format"),
        ("a\0b.png", "unsupported-format"),
        ("clip.mp4#t=1,2", "unsupported-format"),
    ],
)
def test_a_name_that_no_file_can_have_is_listed(name: str, reason: str) -> None:
    put("ok.png")
    put(name)

    listing = read_source(ADDRESS)

    assert rows_of(listing) == [("image", "ok.png", None)]
    assert refusals(listing) == [(name, None, None, reason)]


def test_what_stands_for_a_folder_is_nothing() -> None:
    put("ok.png")
    put("sub/", b"")

    assert refusals(read_source(ADDRESS)) == []


def test_a_text_that_cannot_be_read_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    put("ok.png")
    put("ok.txt", b"Fine")
    put("bad.png")
    put("bad.txt", b"Never seen")
    real = FsspecObjects.open

    def opened(self, key: str):
        if key.endswith("bad.txt"):
            raise no_access(key)
        return real(self, key)

    monkeypatch.setattr(FsspecObjects, "open", opened)
    listing = read_source(ADDRESS)

    assert rows_of(listing) == [("image", "bad.png", None), ("image", "ok.png", "Fine")]
    assert refusals(listing) == [("bad.txt", None, None, "unreadable")]


def test_a_text_over_the_limit_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "TEXT_BYTES", 3)
    put("ok.png")
    put("ok.txt", b"long")

    listing = read_source(ADDRESS)

    told = [(r.reason.value, r.detail) for r in listing.rejections]
    assert told == [("too-large", "4 bytes; the limit is 3")]


def test_a_store_that_goes_away_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    put("ok.png")
    put("ok.txt", b"Fine")
    monkeypatch.setattr(FsspecObjects, "open", _away)
    monkeypatch.setattr(FsspecObjects, "head", _away)

    with pytest.raises(InputError, match="memory://bucket: the store gives no answer"):
        read_source(ADDRESS)


def _away(*_: object) -> None:
    raise Trouble("nobody there")


def test_a_folder_with_too_many_objects_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_OBJECTS", 3)
    for n in range(4):
        put(f"{n}.png")

    with pytest.raises(InputError, match="holds more than 3 objects; name a folder within"):
        list_tree(ADDRESS)


@pytest.mark.parametrize("name", ["", "/nothing", "/captions.csv", "/s.tar", "/{0..2}.tar"])
def test_nothing_is_told_as_that(name: str) -> None:
    with pytest.raises(InputError, match="there is no such folder or object, or it is empty"):
        read_source(f"{ADDRESS}{name}")


def test_messages_name_what_the_user_named() -> None:
    put("odd.xyz")

    with pytest.raises(InputError, match=r"^memory://bucket/data: not a source; expected"):
        read_source(ADDRESS)


def test_a_scratch_folder_is_gone_afterwards_and_one_left_behind_too(tmp_path: Path) -> None:
    put("ok.png")
    left = tmp_path / "mirrors" / "left"
    left.mkdir(parents=True)
    import os

    os.utime(left, (1, 1))

    with at_hand(ADDRESS, cache=tmp_path) as hand:
        assert Path(hand.source, "ok.png").read_bytes() == b""
        assert [p.name for p in (tmp_path / "mirrors").iterdir()] != ["left"]

    assert list((tmp_path / "mirrors").iterdir()) == []


def test_a_path_of_this_machine_is_left_alone(tmp_path: Path) -> None:
    touch(tmp_path / "data" / "a.png")
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    with at_hand(tmp_path / "data", cache=tmp_path / "cache") as hand:
        assert hand.source == tmp_path / "data"
    assert not (tmp_path / "cache").exists()


def test_a_listing_is_asked_for_again_after_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    put("ok.png")
    left = [1, 1]
    real = FsspecObjects.listed

    def listed(self, prefix: str):
        if left:
            left.pop()
            raise Trouble("busy")
        yield from real(self, prefix)

    monkeypatch.setattr(FsspecObjects, "listed", listed)
    assert list(asked(ADDRESS, lambda: list_tree(ADDRESS)).files) == ["ok.png"]
