from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentad.core.errors import StoreError
from pentad.core.fingerprint import fingerprint_bytes
from pentad.store.records import committing, is_pending, read_record, recover
from tests.store.killing import content


def _commit(folder: Path, **files: str) -> None:
    with committing(folder / "record.json") as commit:
        for name, text in files.items():
            commit.path(name).write_text(text)
        commit.finish({"seed": 7})


def test_a_record_lists_its_files_and_remembers_the_rest(tmp_path: Path) -> None:
    _commit(tmp_path, a="one", b="two")
    record = read_record(tmp_path / "record.json")
    assert record is not None
    assert record.fields == {"seed": 7}
    assert record.files["a"] == {"bytes": 3, "sha256": fingerprint_bytes(b"one")}
    assert record.intact()
    assert record.damaged() == []


def test_files_that_are_no_longer_named_go(tmp_path: Path) -> None:
    _commit(tmp_path, a="one", b="two")
    _commit(tmp_path, b="two", c="three")
    assert set(content(tmp_path)) == {"b", "c", "record.json"}


def test_the_same_commit_gives_the_same_bytes(tmp_path: Path) -> None:
    _commit(tmp_path / "1", b="two", a="one")
    _commit(tmp_path / "2", a="one", b="two")
    assert content(tmp_path / "1") == content(tmp_path / "2")


def test_an_error_before_the_end_changes_nothing(tmp_path: Path) -> None:
    _commit(tmp_path, a="one")
    before = content(tmp_path)
    with (  # noqa: PT012
        pytest.raises(ZeroDivisionError),
        committing(tmp_path / "record.json") as commit,
    ):
        commit.path("a").write_text("half")
        raise ZeroDivisionError
    assert content(tmp_path) == before


def test_a_file_that_was_promised_and_not_written_is_an_error(tmp_path: Path) -> None:
    _commit(tmp_path, a="one")
    before = content(tmp_path)
    with (  # noqa: PT012
        pytest.raises(StoreError),
        committing(tmp_path / "record.json") as commit,
    ):
        commit.path("b")
        commit.finish({})
    assert content(tmp_path) == before


def test_a_changed_file_is_damaged(tmp_path: Path) -> None:
    _commit(tmp_path, a="one", b="two", c="three")
    (tmp_path / "a").write_text("eno")
    (tmp_path / "b").unlink()
    (tmp_path / "c").write_text("trio!")
    record = read_record(tmp_path / "record.json")
    assert record is not None
    assert not record.intact()
    assert record.damaged() == [
        (tmp_path / "a", "content differs from its record"),
        (tmp_path / "b", "missing"),
        (tmp_path / "c", "content differs from its record"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '{"rows": 3}',
        '{"files": 3}',
        '{"files": {"a": 3}}',
        '{"files": {"a": {"bytes": "3", "sha256": "0"}}}',
        '{"files": {"../a": {"bytes": 3, "sha256": "0"}}}',
        '{"files": {"/a": {"bytes": 3, "sha256": "0"}}}',
        '{"files": {}, "pending": true, "obsolete": ["../a"]}',
        '{"files": {}, "pending": true, "obsolete": 3}',
        '{"files": {}, "pending": true, "obsolete": [3]}',
    ],
)
def test_what_is_no_record_is_none_and_harmless(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "record.json").write_text(text)
    assert read_record(folder / "record.json") is None
    recover(folder)
    assert (tmp_path / "a").read_text() == "precious"


def test_recovery_does_without_folders_that_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text('{"files": {}, "pending": true, "obsolete": ["gone/a"]}')
    recover(tmp_path)
    assert read_record(path) is not None


def test_a_disk_that_fails_while_recovering_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _commit(tmp_path, a="one")
    (tmp_path / ".b.next").write_text("half")

    def deny(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", deny)
    with pytest.raises(StoreError, match=r"\.b\.next: cannot be written \(Permission denied\)"):
        recover(tmp_path)


def test_a_record_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    with pytest.raises(StoreError, match="cannot be read"):
        read_record(tmp_path / "record.json")


def test_an_absent_record_is_none(tmp_path: Path) -> None:
    assert read_record(tmp_path / "record.json") is None
    assert not is_pending(tmp_path / "record.json")


def test_a_pending_record_is_not_read_until_it_is_recovered(tmp_path: Path) -> None:
    _commit(tmp_path, a="one")
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pending": True}))
    assert read_record(path) is None
    assert is_pending(path)
    recover(tmp_path)
    record = read_record(path)
    assert record is not None
    assert record.fields == {"seed": 7}
