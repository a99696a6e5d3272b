"""Folders for results are refused before any work is done, and held while it is."""

import os
from pathlib import Path

import pytest

from pentad.core.errors import InputError, StoreError
from pentad.store.outputs import held_folder, output_folder


def test_a_folder_that_can_be_made_is_not_made(tmp_path: Path) -> None:
    assert output_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()
    assert output_folder(tmp_path) == tmp_path


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="file: this is a file; name a folder"):
        output_folder(tmp_path / name)


def test_a_folder_without_rights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match="may not be written to"):
        output_folder(tmp_path / "new")


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        held_folder(tmp_path / "run"),
        pytest.raises(StoreError, match="another process"),
        held_folder(tmp_path / "run"),
    ):
        pass


def test_a_new_folder_that_nothing_came_into_is_removed(tmp_path: Path) -> None:
    with held_folder(tmp_path / "run"):
        pass
    assert not (tmp_path / "run").exists()
    with held_folder(tmp_path / "run") as folder:
        (folder / "result").write_text("1")
    assert (tmp_path / "run" / "result").exists()
    (tmp_path / "old").mkdir()
    with held_folder(tmp_path / "old"):
        pass
    assert (tmp_path / "old").is_dir()
