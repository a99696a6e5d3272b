from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.emm1.git_config import find_clone, parse_config


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        (
            '[remote "origin"]\n\turl = https://h/o/r\n',
            ("remote", "origin", "url"),
            "https://h/o/r",
        ),
        ('[Remote "Up"]\n  URL=https://h/o/r # why\n', ("remote", "Up", "url"), "https://h/o/r"),
        ("[lfs]\r\n\turl = a\r\n", ("lfs", "", "url"), "a"),
        ("[lfs] url = a\n", ("lfs", "", "url"), "a"),
        ("[lfs]\nurl = a\nurl = b\n", ("lfs", "", "url"), "b"),
        ('[lfs]\nurl = "a # b" ; c\n', ("lfs", "", "url"), "a # b"),
        ("[lfs]\nurl = a\\\nb\n", ("lfs", "", "url"), "ab"),
        ('[lfs "https://x/\\"y"]\naccess = basic\n', ("lfs", 'https://x/"y', "access"), "basic"),
        ("[remote.old]\nurl = a\n", ("remote", "old", "url"), "a"),
        ("# [lfs]\n[core]\n; x\nbare\n", ("core", "", "bare"), "true"),
    ],
)
def test_values(text: str, key: tuple[str, str, str], value: str) -> None:
    assert parse_config(text)[key] == value


def test_comments_and_blank_lines_are_no_values() -> None:
    assert parse_config("\n# a = b\n; c = d\n[lfs]\n") == {}


def test_a_folder_within_a_clone_is_in_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("[lfs]\nurl = a\n")
    (tmp_path / ".lfsconfig").write_text("[lfs]\nurl = b\n")
    (tmp_path / "datasets/x").mkdir(parents=True)
    clone = find_clone(tmp_path / "datasets/x")
    assert clone is not None
    assert clone.top == tmp_path.resolve()
    assert clone.config["lfs", "", "url"] == "a"
    assert clone.lfsconfig["lfs", "", "url"] == "b"


def test_no_clone(tmp_path: Path) -> None:
    assert find_clone(tmp_path) is None


def test_a_worktree_has_the_configuration_of_its_repository(tmp_path: Path) -> None:
    own = tmp_path / "main/.git/worktrees/w"
    own.mkdir(parents=True)
    (tmp_path / "main/.git/config").write_text("[lfs]\nurl = a\n")
    (own / "commondir").write_text("../..\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "w/.git").write_text(f"gitdir: {own}\n")
    clone = find_clone(tmp_path / "w")
    assert clone is not None
    assert clone.config["lfs", "", "url"] == "a"


def test_a_submodule_has_its_own(tmp_path: Path) -> None:
    own = tmp_path / ".git/modules/data"
    own.mkdir(parents=True)
    (own / "config").write_text("[lfs]\nurl = a\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/.git").write_text("gitdir: ../.git/modules/data\n")
    clone = find_clone(tmp_path / "data")
    assert clone is not None
    assert clone.config["lfs", "", "url"] == "a"


def test_a_git_file_that_points_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("hello\n")
    with pytest.raises(InputError, match="neither a git folder nor a pointer"):
        find_clone(tmp_path)


@pytest.mark.parametrize("name", [".git/config", ".lfsconfig"])
def test_a_configuration_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        find_clone(tmp_path)


@pytest.mark.parametrize("place", ["a\0b", "x" * 5000])
def test_a_git_file_that_points_to_what_is_no_path(tmp_path: Path, place: str) -> None:
    (tmp_path / ".git").write_text(f"gitdir: {place}\n")
    with pytest.raises(InputError, match="cannot be read"):
        find_clone(tmp_path)


def test_a_git_file_that_points_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / ".git").write_text("gitdir: file\n")
    clone = find_clone(tmp_path)
    assert clone is not None
    assert clone.config == {}
