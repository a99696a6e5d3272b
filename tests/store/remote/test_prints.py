from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from pentad.core.fingerprint import fingerprint_bytes
from pentad.store.describe import describe_file
from pentad.store.remote import with_fsspec
from pentad.store.remote.files import RemoteFile, RemoteFolder, Version
from pentad.store.remote.prints import describe_remote, version_print
from pentad.store.segments import Segment, segment_fingerprint

MD5 = "5d41402abc4b2a76b9719d911017c592"


def test_equal_marks_of_content_are_equal_wherever_they_lie() -> None:
    one, other = Version(5, f"etag:{MD5}"), Version(6, f"etag:{MD5}")

    assert version_print("a.png", one) == version_print("b.png", one)
    assert version_print("a.png", one) != version_print("a.png", other)
    assert version_print("a.png", one) != version_print("a.png", Version(5, f"etag:{MD5}-2"))


@pytest.mark.parametrize("tag", ["etag:0x8DABC", "mtime:17", "version:3"])
def test_any_other_mark_goes_with_the_name(tag: str) -> None:
    assert version_print("a.png", Version(5, tag)) != version_print("b.png", Version(5, tag))


def test_what_was_listed_is_not_asked_for() -> None:
    file = RemoteFile("s3://nobody/asks", "a.png", None, Version(5, f"etag:{MD5}"))

    assert describe_remote(file) == (version_print("a.png", Version(5, f"etag:{MD5}")), 5)


def test_a_segment_has_a_print_of_its_own() -> None:
    version = Version(5, f"etag:{MD5}")
    folder = RemoteFolder("s3://nobody/asks", None, {"a.mp4": version})

    whole, part = describe_file(folder / "a.mp4"), describe_file(folder / "a.mp4#t=1,2")

    assert part == (segment_fingerprint(whole[0], Segment("", 1.0, 2.0)), 5)
    assert part != whole


def test_a_store_without_marks_is_read(
    memory: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(with_fsspec, "_TIMES", ())
    fsspec.filesystem("memory").pipe("/b/x/a.png", b"hello")

    found = describe_file(RemoteFolder("memory://b/x", tmp_path) / "a.png")

    assert found == (fingerprint_bytes(b"hello"), 5)


def test_a_store_with_times_is_not_read(memory: None, tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    folder = RemoteFolder("memory://b/x", tmp_path)
    files.pipe("/b/x/a.png", b"hello")
    before = describe_file(folder / "a.png")

    files.pipe("/b/x/b.png", b"hello")

    assert before[0] != fingerprint_bytes(b"hello")
    assert describe_file(folder / "b.png") != before
