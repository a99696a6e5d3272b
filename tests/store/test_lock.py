from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pentad.core.errors import StoreError
from pentad.store.lock import writer_lock

HOLD = """
import sys, time
from pathlib import Path
from pentad.store.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def _holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with _holder(path) as process, pytest.raises(StoreError) as caught, writer_lock(path):
        pytest.fail("two writers")
    assert f"another process (pid {process.pid})" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with _holder(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with writer_lock(path):
            assert path.read_text() == f"{os.getpid()}\n"


def test_the_lock_is_free_after_the_block_and_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with pytest.raises(KeyError), writer_lock(path):
        raise KeyError
    with writer_lock(path):
        pass
    assert path.read_bytes() == b""


def test_one_process_cannot_write_twice_either(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with writer_lock(path), pytest.raises(StoreError, match=str(os.getpid())), writer_lock(path):
        pytest.fail("two writers")


def test_a_folder_that_takes_no_lock_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match="cannot be written"), writer_lock(tmp_path / "no" / "x"):
        pytest.fail("no folder")

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="No locks available"), writer_lock(tmp_path / "x"):
        pytest.fail("no lock")
