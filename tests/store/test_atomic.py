"""Files appear whole or not at all, whatever the disk says."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pentad.core.errors import StoreError
from pentad.store.atomic import replacing, write_bytes, write_failure, write_json
from pentad.store.records import committing, read_record, recover
from pentad.store.workspace import Workspace
from tests.store.helpers import listing, small_workspace
from tests.store.killing import content


def _failing(code: int) -> Callable[..., Any]:
    def fail(*args: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.fixture(params=[errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES], ids=os.strerror)
def broken(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return _failing(request.param)


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_failing_disk_is_one_line_and_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Any], call: str
) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, broken)
        with pytest.raises(StoreError, match=r"a\.bin: cannot be written") as caught:
            write_bytes(path, b"new")
    assert len(str(caught.value).splitlines()) == 1
    assert content(tmp_path) == {"a.bin": b"old"}


def test_a_half_written_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_bytes(tmp_path / "a.bin", b"old")
    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(StoreError, match="No space left"):
        write_bytes(tmp_path / "a.bin", b"new")
    assert content(tmp_path) == {"a.bin": b"old"}


def test_any_other_error_passes_and_leaves_the_old_content(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"old")
    with (  # noqa: PT012
        pytest.raises(KeyboardInterrupt),
        replacing(tmp_path / "a.bin") as coming,
    ):
        coming.write_bytes(b"half")
        raise KeyboardInterrupt
    assert content(tmp_path) == {"a.bin": b"old"}


def test_a_file_in_the_place_of_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "a.bin", b"new")


def test_json_is_canonical_with_a_final_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": [1, 2.5], "a": "ä"})
    assert (tmp_path / "a.json").read_bytes() == '{"a":"ä","b":[1,2.5]}\n'.encode()


def test_a_full_disk_as_polars_tells_it() -> None:
    error = pl.exceptions.ComputeError(
        "parquet: out of specification: underlying IO error: No space left on device (os error 28)"
    )
    assert str(write_failure(error)) == "No space left on device (os error 28)"
    assert write_failure(pl.exceptions.ComputeError("no such column")) is None
    assert write_failure(KeyError()) is None


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("after", range(30))
def test_a_disk_that_fails_during_a_commit_leaves_old_or_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, after: int
) -> None:
    def commit(data: bytes) -> None:
        with committing(tmp_path / "record.json") as files:
            files.path("a.bin").write_bytes(data)
            files.path("sub/b.bin").write_bytes(data)
            files.finish({})

    commit(b"old")
    old = content(tmp_path)
    real, left = getattr(os, call), after

    def fails_once(*args: Any) -> Any:
        nonlocal left
        left -= 1
        if left == -1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fails_once)
        with suppress(StoreError):
            commit(b"new")
    recover(tmp_path)
    found = content(tmp_path)
    record = read_record(tmp_path / "record.json")
    assert record is not None
    assert record.damaged() == []
    assert found == old or set(found.values()) & {b"old", b"new"} == {b"new"}


def test_a_full_disk_while_adding_leaves_the_old_items(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    old = content(workspace.root / "items")
    rows = [("image", "a.png", f"Caption number {n} {'x' * 200}") for n in range(20_000)]
    program = f"""
import resource, signal
from contextlib import suppress
from pathlib import Path
from pentad.core.errors import StoreError
from pentad.store.workspace import Workspace
from tests.store.helpers import listing
rows = [("image", "a.png", f"Caption {{n}} {{hash(str(n))}}") for n in range(20_000)]
new = listing(Path({str(tmp_path / "data")!r}), *rows)
workspace = Workspace.open({str(workspace.root)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with workspace.writing():
        workspace.add(new)
except StoreError as error:
    print("refused:", error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused:")
    assert len(done.stdout.splitlines()) == 1
    with workspace.writing():
        assert content(workspace.root / "items") == old
        workspace.add(listing(tmp_path / "data", *rows[:3]))
    assert Workspace.open(workspace.root).catalog().items("text").ids.tolist() == [3, 4, 5]
