"""Every damaged file is named, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentad.store import records
from pentad.store.records import committing
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.store.helpers import small_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path)


def _found(workspace: Workspace) -> list[tuple[str, str]]:
    return [(damage.path.as_posix(), damage.problem) for damage in verify(workspace)]


def test_an_intact_workspace_has_no_damage(workspace: Workspace) -> None:
    assert _found(workspace) == []


def test_a_workspace_without_items_has_no_damage(tmp_path: Path) -> None:
    assert _found(Workspace.create(tmp_path / "ws")) == []


@pytest.mark.parametrize("place", [0, 17, -1])
def test_a_flipped_byte(workspace: Workspace, place: int) -> None:
    path = workspace.root / "items" / "image.parquet"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert _found(workspace) == [("items/image.parquet", "content differs from its record")]


def test_a_truncated_file(workspace: Workspace) -> None:
    path = workspace.root / "items" / "text.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    assert _found(workspace) == [("items/text.parquet", "content differs from its record")]


def test_a_missing_file(workspace: Workspace) -> None:
    (workspace.root / "items" / "pairs.parquet").unlink()
    assert _found(workspace) == [("items/pairs.parquet", "missing")]


def test_a_stray_file(workspace: Workspace) -> None:
    (workspace.root / "items" / "notes.txt").write_text("hello")
    assert _found(workspace) == [("items/notes.txt", "no record knows this file")]


def test_a_file_of_a_write_that_never_counted(workspace: Workspace) -> None:
    (workspace.root / "items" / ".image.parquet.next").write_bytes(b"half")
    assert _found(workspace) == [("items/.image.parquet.next", "no record knows this file")]
    with workspace.writing():
        pass
    assert _found(workspace) == []


@pytest.mark.parametrize("keep", [0, 1, 60])
def test_a_damaged_record_and_the_files_that_it_would_know(workspace: Workspace, keep: int) -> None:
    path = workspace.root / "items" / "items.json"
    path.write_bytes(path.read_bytes()[:keep])
    assert ("items/items.json", "record cannot be read") in _found(workspace)
    assert ("items/image.parquet", "no record knows this file") in _found(workspace)


def test_a_missing_record(workspace: Workspace) -> None:
    (workspace.root / "items" / "items.json").unlink()
    assert {problem for _, problem in _found(workspace)} == {"no record knows this file"}


def test_a_write_that_was_cut_short(workspace: Workspace) -> None:
    path = workspace.root / "items" / "items.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pending": True}))
    assert ("items/items.json", "a write was cut short here") in _found(workspace)


def test_json_that_is_no_record_is_passed_over(workspace: Workspace) -> None:
    (workspace.root / "items" / "notes.json").write_text('{"by": "hand"}')
    assert _found(workspace) == []


def test_what_cannot_be_read_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> str:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(records, "fingerprint_file", fail)
        assert ("items/image.parquet", "cannot be read (Input/output error)") in _found(workspace)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail)
        assert ("items/items.json", "record cannot be read") in _found(workspace)


def test_damage_comes_in_path_order(workspace: Workspace) -> None:
    for name in ("video", "audio", "image"):
        (workspace.root / "items" / f"{name}.txt").write_text("stray")
    names = [path for path, _ in _found(workspace)]
    assert names == sorted(names)
    assert len(names) == 3


def test_a_json_file_that_a_record_lists_is_no_record(workspace: Workspace) -> None:
    with committing(workspace.root / "models" / "m" / "record.json") as commit:
        commit.path("config.json").write_text("{}")
        commit.path("files.json").write_text('{"files": ["x"]}')
        commit.finish({})
    assert _found(workspace) == []
    (workspace.root / "models" / "m" / "config.json").write_text("{")
    assert _found(workspace) == [("models/m/config.json", "content differs from its record")]


def test_ratings_are_checked_and_their_database_is_not(workspace: Workspace) -> None:
    folder = workspace.root / "ratings"
    with committing(folder / "own" / "manifest.json") as commit:
        commit.path("triplets.parquet").write_bytes(b"rows")
        commit.finish({"kind": "triplets"})
    for name in ("ratings.db", "ratings.db-wal"):
        (folder / name).write_bytes(b"sqlite")
    assert _found(workspace) == []
    (folder / "own" / "triplets.parquet").write_bytes(b"rowz")
    problem = "content differs from its record"
    assert _found(workspace) == [("ratings/own/triplets.parquet", problem)]
