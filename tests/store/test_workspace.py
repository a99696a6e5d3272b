from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import PentadError, Reason, SchemaMismatch, StoreError
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace
from tests.store.helpers import captions, files, listing, small_workspace
from tests.store.killing import content


def _rejection(path: str, stage: str = "decode", modality: str = "image") -> Rejection:
    return Rejection("one", path, modality, stage, Reason.CORRUPT, "broken")


def _message(error: pytest.ExceptionInfo[PentadError]) -> str:
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_create_then_open(tmp_path: Path) -> None:
    assert Workspace.create(tmp_path / "ws").name == "ws"
    assert Workspace.open(tmp_path / "ws").name == "ws"
    assert Workspace.create(tmp_path / "ws", name="other").name == "ws"
    assert Workspace.create(tmp_path / "named", name='a "name"\n').name == 'a "name"\n'
    assert Workspace.open(tmp_path / "named").name == 'a "name"\n'


def test_create_in_an_empty_folder_is_fine_and_in_another_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    Workspace.create(tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    with pytest.raises(StoreError) as caught:
        Workspace.create(tmp_path / "full")
    assert "not empty and not a workspace" in _message(caught)
    with pytest.raises(StoreError) as caught:
        Workspace.create(tmp_path / "full" / "x")
    assert "not a workspace" in _message(caught)
    with pytest.raises(StoreError) as caught:
        Workspace.create(tmp_path / "full" / "x" / "y")
    assert "cannot be written" in _message(caught)


def test_opening_what_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Workspace.open(tmp_path)
    assert "'pentad init' makes one" in _message(caught)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Workspace.open(tmp_path / "file")
    for text in ["format = ", "\xff", "a = 1\na = 2"]:
        (tmp_path / "pentad.toml").write_text(text, encoding="latin-1")
        with pytest.raises(StoreError) as caught:
            Workspace.open(tmp_path)
        assert "cannot be read" in _message(caught)


@pytest.mark.parametrize("text", ["format = 2", "", 'format = "1"'])
def test_a_workspace_of_another_format(tmp_path: Path, text: str) -> None:
    (tmp_path / "pentad.toml").write_text(text)
    with pytest.raises(SchemaMismatch) as caught:
        Workspace.open(tmp_path)
    assert "expected format = 1" in _message(caught)


def test_what_is_added_is_read_back(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    catalog = Workspace.open(workspace.root).catalog()
    assert files(catalog, "image") == {"a.png": 0, "b.png": 1}
    assert captions(catalog) == {"A cat": 0, "A dog": 1, "A word": 2}
    assert catalog.items("image").paths()[0] == tmp_path / "data" / "a.png"
    record = json.loads((workspace.root / "items" / "items.json").read_text())
    assert record["rows"] == {"text": 3, "image": 2, "audio": 1}
    assert record["pairs"] == 3


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    for side in ("left", "right"):
        small_workspace(tmp_path / side)
    left = content(tmp_path / "left" / "ws")
    right = content(tmp_path / "right" / "ws")
    assert {n: b for n, b in left.items() if not n.startswith("cache/")} == {
        n: b for n, b in right.items() if not n.startswith("cache/")
    }


def test_adding_again_writes_no_items(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in (workspace.root / "items").iterdir()}
    small_workspace(tmp_path)
    assert before == {p: p.stat().st_mtime_ns for p in (workspace.root / "items").iterdir()}


def test_a_changed_licence_is_written(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    with workspace.writing():
        rows = listing(tmp_path / "data", ("image", "a.png", "A cat"), dataset_license="MIT")
        workspace.add(rows)
    frame = Workspace.open(workspace.root).catalog().items("image").frame
    assert frame["dataset_license"].to_list() == ["MIT"]


def test_a_moved_workspace_finds_its_files(tmp_path: Path) -> None:
    small_workspace(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    catalog = Workspace.open(tmp_path / "there" / "ws").catalog()
    assert all(path.is_file() for path in catalog.items("image").paths())


def test_two_handles_do_not_forget_each_others_sources(tmp_path: Path) -> None:
    first = Workspace.create(tmp_path / "ws")
    second = Workspace.open(tmp_path / "ws")
    with first.writing():
        first.add(listing(tmp_path / "1", ("image", "a.png", "A cat"), name="one"))
    with second.writing():
        second.add(listing(tmp_path / "2", ("image", "b.png", "A dog"), name="two"))
    catalog = Workspace.open(tmp_path / "ws").catalog()
    assert set(catalog.roots) == {"one", "two"}
    assert all(path.is_file() for path in catalog.items("image").paths())


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    other = Workspace.open(workspace.root)
    with workspace.writing(), pytest.raises(StoreError) as caught, other.writing():
        pytest.fail("two writers")
    assert "another process" in _message(caught)


@pytest.mark.parametrize("name", ["image.parquet", "pairs.parquet"])
def test_a_damaged_table_is_told(tmp_path: Path, name: str) -> None:
    workspace = small_workspace(tmp_path)
    path = workspace.root / "items" / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(StoreError) as caught:
        workspace.catalog()
    assert "'pentad verify" in _message(caught)
    path.write_bytes(b"x" * len(whole))
    with pytest.raises(StoreError) as caught:
        workspace.catalog()
    assert "cannot be read" in _message(caught)
    path.unlink()
    with pytest.raises(StoreError):
        workspace.catalog()


def test_a_table_with_other_columns_is_told(tmp_path: Path) -> None:
    from pentad.store.records import committing

    workspace = small_workspace(tmp_path)
    with committing(workspace.root / "items" / "items.json") as commit:
        for name in ("text", "image", "audio", "pairs"):
            frame = pl.read_parquet(workspace.root / "items" / f"{name}.parquet")
            frame.rename({"source": "origin"}).write_parquet(commit.path(f"{name}.parquet"))
        commit.finish({})
    with pytest.raises(SchemaMismatch) as caught:
        workspace.catalog()
    assert "origin" in _message(caught)


def test_a_missing_record_is_told(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    (workspace.root / "items" / "items.json").unlink()
    with pytest.raises(StoreError) as caught:
        workspace.catalog()
    assert "its record items.json is missing" in _message(caught)


def test_a_reader_is_told_of_a_write_that_was_cut_short(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    path = workspace.root / "items" / "items.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pending": True}))
    with pytest.raises(StoreError) as caught:
        workspace.catalog()
    assert "cut short" in _message(caught)
    with workspace.writing():
        assert len(workspace.catalog().items("image")) == 2


def test_rejections_replace_those_of_the_same_stage(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws")
    workspace.reject([_rejection("a"), _rejection("b")], stage="decode", modality="image")
    workspace.reject([_rejection("c", "encode")], stage="encode", modality="image")
    workspace.reject([_rejection("d", modality="audio")], stage="decode", modality="audio")
    assert [r.path for r in workspace.rejections()] == ["d", "a", "b", "c"]
    workspace.reject([_rejection("b")], stage="decode", modality="image")
    assert [r.path for r in workspace.rejections()] == ["d", "b", "c"]
    workspace.reject([], stage="decode")
    assert [r.path for r in workspace.rejections()] == ["c"]


def test_what_a_source_refuses_is_listed_until_it_is_mended(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws")
    rows = listing(tmp_path / "data", ("image", "a.png", "A cat"), ("image", "b.png", "A dog"))
    (tmp_path / "data" / "b.png").unlink()
    with workspace.writing():
        workspace.add(rows)
        assert [r.path for r in workspace.rejections()] == ["b.png"]
        (tmp_path / "data" / "b.png").write_bytes(b"b")
        workspace.add(rows)
        assert workspace.rejections() == []


def test_a_damaged_list_of_rejections_stops_nothing(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    path = workspace.root / "logs" / "rejected.parquet"
    path.write_bytes(b"damaged")
    assert workspace.rejections() == []
    assert path.read_bytes() == b"damaged"
    workspace.reject([_rejection("a")], stage="decode")
    assert [r.path for r in workspace.rejections()] == ["a"]


def test_the_cache_may_be_deleted_or_damaged(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    before = content(workspace.root / "items")
    cache = workspace.root / "cache" / "fingerprints.parquet"
    for damage in (
        cache.unlink,
        lambda: cache.write_bytes(b"x"),
        lambda: shutil.rmtree(cache.parent),
    ):
        damage()
        small_workspace(tmp_path)
        assert content(workspace.root / "items") == before


def test_settings_are_remembered(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws")
    assert workspace.setting("encoders", ["a"]) == ["a"]
    with workspace.writing():
        workspace.set("encoders", ["b", "c"])
    assert Workspace.open(tmp_path / "ws").setting("encoders") == ["b", "c"]
