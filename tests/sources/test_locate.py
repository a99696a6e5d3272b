"""Names are found as people spell them, and never outside the root."""

from __future__ import annotations

import os
import socket
import unicodedata
from pathlib import Path

import pytest

from pentad.core.errors import Reason
from pentad.sources.locate import Locator
from pentad.sources.refusal import Refused
from tests.sources.helpers import touch

NFC = unicodedata.normalize("NFC", "café.png")
NFD = unicodedata.normalize("NFD", "café.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    touch(folder / "a.png", folder / "sub" / "b.png", folder / " blank .png", folder / "x\\y.png")
    touch(tmp_path / "outside.png", tmp_path / "elsewhere" / "c.png")
    return folder


def _refused(root: Path, name: str) -> Refused:
    with pytest.raises(Refused) as caught:
        Locator(root).find(name)
    return caught.value


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.png", "a.png"),
        ("  a.png\t", "a.png"),
        ("./a.png", "a.png"),
        ("sub//b.png", "sub/b.png"),
        ("sub\\b.png", "sub/b.png"),
        (".\\sub\\b.png ", "sub/b.png"),
        ("x\\y.png", "x\\y.png"),
        (" blank .png", " blank .png"),
    ],
)
def test_names_are_found_as_they_are_spelled_on_disk(root: Path, name: str, found: str) -> None:
    assert Locator(root).find(name) == found


@pytest.mark.parametrize(("on_disk", "named"), [(NFC, NFD), (NFD, NFC), (NFC, NFC), (NFD, NFD)])
def test_both_unicode_spellings_are_tried(root: Path, on_disk: str, named: str) -> None:
    touch(root / on_disk)
    assert Locator(root).find(named) == on_disk


def test_the_first_folder_that_has_the_file_wins(root: Path) -> None:
    touch(root / "sub" / "a.png")
    assert Locator(root, ("sub", "")).find("a.png") == "sub/a.png"
    assert Locator(root, ("sub", "")).find("sub/b.png") == "sub/b.png"


@pytest.mark.parametrize(
    "name",
    ["/a.png", "\\a.png", "c:/a.png", "\\\\host\\a.png", "..", "../outside.png", "sub/../a.png"],
)
def test_names_that_lead_out_are_refused_by_their_spelling(root: Path, name: str) -> None:
    assert _refused(root, name).reason is Reason.OUTSIDE_ROOT


def test_links_count_by_where_they_lead(root: Path) -> None:
    (root / "in.png").symlink_to("sub/b.png")
    (root / "out.png").symlink_to("../outside.png")
    (root / "away").symlink_to("../elsewhere")
    (root / "near").symlink_to("sub")
    (root / "gone.png").symlink_to("nothing.png")
    (root / "loop.png").symlink_to("loop.png")
    assert Locator(root).find("in.png") == "in.png"
    assert Locator(root).find("near/b.png") == "near/b.png"
    assert _refused(root, "out.png").reason is Reason.OUTSIDE_ROOT
    assert _refused(root, "away/c.png").reason is Reason.OUTSIDE_ROOT
    assert _refused(root, "gone.png").reason is Reason.MISSING_FILE
    assert _refused(root, "loop.png").reason is Reason.UNREADABLE


def test_a_linked_root_is_still_the_root(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    assert Locator(root.parent / "link").find("sub/b.png") == "sub/b.png"


def test_only_regular_files_are_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe.png")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
    for name in ("pipe.png", "socket.png", "sub", ".", "sub/."):
        assert _refused(root, name).reason is Reason.UNREADABLE


def test_a_name_in_another_case_is_missing_with_a_hint(root: Path) -> None:
    refused = _refused(root, "A.PNG")
    assert refused.reason is Reason.MISSING_FILE
    assert "there is 'a.png'" in refused.detail


def test_what_the_system_says_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: str) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "lstat", deny)
    refused = _refused(root, "a.png")
    assert (refused.reason, refused.detail) == (Reason.UNREADABLE, "Permission denied")
