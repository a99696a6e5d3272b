"""The index of a tar says the same as Python's own reader, and less of what is no plain file."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pentad.core.errors import Reason
from pentad.store import tars
from pentad.store.tars import TarIndex, inner_name, read_tar_index, tar_index
from tests.tars import entry, write_tar

FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
LONG = "folder/" * 30 + "x" * 90 + ".jpg"


def said_of(index: TarIndex) -> str:
    return "" if index.damage is None else index.damage.detail


def contents(path: Path, index: TarIndex) -> dict[str, bytes]:
    whole = path.read_bytes()
    return {name: whole[at : at + size] for name, (at, size) in index.members.items()}


@pytest.mark.parametrize("form", FORMS)
def test_members_lie_where_the_index_says(tmp_path: Path, form: int) -> None:
    members = {"a.jpg": b"one", "b/c.txt": b"", "b/d.wav": b"x" * 1300, "A.jpg": b"other"}
    path = write_tar(tmp_path / "x.tar", members, form)
    index = read_tar_index(path)
    assert contents(path, index) == members
    assert list(index.members) == list(members)
    assert not index.damage
    assert not index.passed


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", [LONG, "dög " * 40 + ".png", "é.png"])
def test_long_and_foreign_names(tmp_path: Path, form: int, name: str) -> None:
    members = {name: b"one", "short": b"two"}
    path = write_tar(tmp_path / "x.tar", members, form)
    assert contents(path, read_tar_index(path)) == members


def test_the_prefix_of_ustar(tmp_path: Path) -> None:
    name = "folder/" * 20 + "x.jpg"
    path = write_tar(tmp_path / "x.tar", {name: b"one"}, tarfile.USTAR_FORMAT)
    assert list(read_tar_index(path).members) == [name]


def test_what_is_no_plain_file_is_no_member(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar",
        [
            entry("folder", type=tarfile.DIRTYPE),
            entry("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
            entry("hard", type=tarfile.LNKTYPE, linkname="a"),
            entry("pipe", type=tarfile.FIFOTYPE),
            entry("tty", type=tarfile.CHRTYPE),
            entry("/etc/a", b"x"),
            entry("../a", b"x"),
            entry("b/../../a", b"x"),
            entry("strange", b"xyz", type=b"Q"),
            entry("a", b"kept"),
        ],
    )
    index = read_tar_index(path)
    assert contents(path, index) == {"a": b"kept"}
    assert {name: fault.detail for name, fault in index.passed} == {
        "link": "a link",
        "hard": "a hard link",
        "pipe": "a pipe",
        "tty": "a device",
        "/etc/a": "a name that leads out of the archive",
        "../a": "a name that leads out of the archive",
        "b/../../a": "a name that leads out of the archive",
        "strange": "of a kind that is not known",
    }


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar program")
@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_sparse_files_are_passed_over(tmp_path: Path, form: str) -> None:
    with (tmp_path / "holes").open("wb") as file:
        for place in range(40):
            file.seek(place * 100_000)
            file.write(b"x")
    (tmp_path / "after").write_bytes(b"kept")
    made = subprocess.run(
        ["tar", f"--format={form}", "-S", "-cf", "x.tar", "holes", "after"],
        cwd=tmp_path,
        check=False,
    )
    assert made.returncode == 0
    index = read_tar_index(tmp_path / "x.tar")
    assert contents(tmp_path / "x.tar", index) == {"after": b"kept"}
    assert [fault.detail for _, fault in index.passed] == ["a sparse file"]


def test_the_last_of_two_members_of_one_name_counts(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", [entry("a", b"1"), entry("b", b"2"), entry("./a", b"3")])
    index = read_tar_index(path)
    assert contents(path, index) == {"b": b"2", "a": b"3"}
    assert [(name, fault.reason) for name, fault in index.passed] == [("./a", Reason.DUPLICATE)]


def test_names_are_looked_up_in_one_spelling() -> None:
    assert inner_name("./a//b/./c.jpg") == "a/b/c.jpg"
    assert [inner_name(n) for n in ("/a", "..", "a/../b", "", ".", "a\0b")] == [None] * 6


@pytest.mark.parametrize(
    ("spoil", "kept", "said"),
    [
        (lambda data: data[:1800], ["a"], "cut short at byte 1,800, within 'b'"),
        (lambda data: data[:1200], ["a"], "cut short at byte 1,200"),
        (lambda data: data[:1024] + b"?" * 512 + data[1536:], ["a"], "damaged at byte 1,024"),
        (lambda data: data[:1024], ["a"], ""),
        (lambda data: data[:512] + data[512:515], ["a"], ""),
        (lambda data: b"?" * 600, [], "not a tar"),
        (lambda data: b"", [], "not a tar"),
        (gzip.compress, [], "a compressed tar; unpack it first (gzip -d)"),
    ],
)
def test_what_comes_before_the_damage_is_there(tmp_path: Path, spoil, kept, said: str) -> None:
    path = write_tar(tmp_path / "x.tar", {"a": b"one", "b": b"x" * 600, "c": b"three"})
    path.write_bytes(spoil(path.read_bytes()))
    index = read_tar_index(path)
    assert list(index.members) == kept
    assert said in said_of(index)
    assert bool(said) == (index.damage is not None)


@pytest.mark.parametrize("size", [b"\xff" * 12, b"99999999999\0", b"7777777777\0\0"])
def test_sizes_that_are_none(tmp_path: Path, size: bytes) -> None:
    path = write_tar(tmp_path / "x.tar", {"a": b"one", "b": b"two"})
    data = bytearray(path.read_bytes())
    data[1024 + 124 : 1024 + 136] = size
    data[1024 + 148 : 1024 + 156] = b" " * 8
    data[1024 + 148 : 1024 + 156] = b"%06o\0 " % sum(data[1024:1536])
    path.write_bytes(data)
    index = read_tar_index(path)
    assert list(index.members) == ["a"]
    assert index.damage


def test_a_header_that_never_ends(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", [entry("a", b"x" * (2 << 20), type=b"L")])
    assert "a header of 2,097,152 bytes" in said_of(read_tar_index(path))


@pytest.mark.parametrize("records", [b"5 a=b\n", b"x", b"99 path=a\n", b"6 a=b\nrest", b"7 path\n"])
def test_extended_headers_that_are_none(tmp_path: Path, records: bytes) -> None:
    path = write_tar(tmp_path / "x.tar", [entry("x", records, type=b"x"), entry("a", b"1")])
    assert ("extended header" in said_of(read_tar_index(path))) == (records != b"6 a=b\n")


def test_an_index_is_kept_until_the_tar_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tar(tmp_path / "x.tar", {"a": b"1"})
    read = []
    monkeypatch.setattr(
        tars, "read_tar_index", lambda path: read.append(path) or read_tar_index(path)
    )
    tars._kept_index.cache_clear()
    assert tar_index(path) is tar_index(str(path))
    assert len(read) == 1
    write_tar(path, {"a": b"1", "b": b"2"})
    os.utime(path, ns=(1, 1))
    assert list(tar_index(path).members) == ["a", "b"]
    assert len(read) == 2


def test_a_tar_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tar_index(tmp_path / "x.tar")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=64), st.integers(0, 4000), st.sampled_from(FORMS))
def test_no_bytes_lead_astray(tmp_path: Path, noise: bytes, at: int, form: int) -> None:
    path = write_tar(tmp_path / "x.tar", {"a": b"one", LONG[-90:]: b"x" * 700, "c": b"two"}, form)
    data = bytearray(path.read_bytes())
    data[at : at + len(noise)] = noise
    path.write_bytes(data)
    index = read_tar_index(path)
    assert all(at + size <= len(data) for at, size in index.members.values())
