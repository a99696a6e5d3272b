"""A program run without a shell, killed with everything it started if it takes too long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pentad.sources.fetch.errors import FetchError, FetchReason

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.1
_FIRST_POLL_SECONDS = 0.01
_TAIL = 1 << 16


@dataclass(frozen=True)
class Limits:
    """What a run may take.

    Attributes:
        seconds: Time.
        bytes: Room in its folder, messages included.
    """

    seconds: float
    bytes: int


def run_tool(
    command: Sequence[str], folder: Path, limits: Limits, stopped: Callable[[], bool]
) -> tuple[int, str]:
    """Run a program in a folder and return its exit code and the end of what it wrote to stderr.

    Raises:
        FetchError: ``tool-missing``, ``timeout``, ``too-large``, or ``canceled`` if ``stopped``
            says so meanwhile.
        OSError: The folder cannot be written to.
    """
    log = folder / "stderr.log"
    with log.open("wb") as errors:
        try:
            child = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # a group of its own: it starts FFmpeg
            )
        except OSError as error:
            raise FetchError(
                FetchReason.TOOL_MISSING, f"{command[0]} cannot be run ({error.strerror})"
            ) from error
    try:
        _await(child.pid, folder, limits, stopped)
    finally:
        code = _end(child)
    return code, _tail(log)


def _await(pid: int, folder: Path, limits: Limits, stopped: Callable[[], bool]) -> None:
    """Wait until a program has ended; it is not reaped, so that its group keeps its number."""
    deadline = time.monotonic() + limits.seconds
    pause = _FIRST_POLL_SECONDS
    while not _has_ended(pid):
        if stopped():
            raise FetchError(FetchReason.CANCELED, "stopped")
        if time.monotonic() > deadline:
            raise FetchError(FetchReason.TIMEOUT, f"not done after {limits.seconds:g} s")
        if _used(folder) > limits.bytes:
            raise FetchError(FetchReason.TOO_LARGE, f"more than {limits.bytes} bytes")
        time.sleep(pause)
        pause = min(_POLL_SECONDS, pause * 2)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _used(folder: Path) -> int:
    """Return how much lies in a folder; files may go while it is looked at."""
    used = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                used += entry.stat(follow_symlinks=False).st_size
    return used


def _end(child: subprocess.Popen[bytes]) -> int:
    """Kill whatever still runs of the group; politely at first, so that it can clear up."""
    if not _has_ended(child.pid):
        _signal(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while not _has_ended(child.pid) and time.monotonic() < deadline:
            time.sleep(_FIRST_POLL_SECONDS)
    _signal(child.pid, signal.SIGKILL)  # what it has left behind as well
    return child.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        return file.read().decode("utf-8", "replace")
