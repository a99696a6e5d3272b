"""A program run without a shell, killed with everything it started if it takes too long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pentad.sources.fetch.errors import FetchError, FetchReason

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.1
_TAIL = 1 << 16


def run_tool(
    command: Sequence[str], folder: Path, seconds: float, stopped: Callable[[], bool]
) -> tuple[int, str]:
    """Run a program in a folder and return its exit code and the end of what it wrote to stderr.

    Raises:
        FetchError: ``tool-missing``, ``timeout``, or ``canceled`` if ``stopped`` says so meanwhile.
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
        code = _awaited(child, seconds, stopped)
    finally:
        _end(child)
    return code, _tail(log)


def _awaited(child: subprocess.Popen[bytes], seconds: float, stopped: Callable[[], bool]) -> int:
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(timeout=max(0.0, min(_POLL_SECONDS, left)))
        if stopped():
            raise FetchError(FetchReason.CANCELED, "stopped")
        if left <= 0:
            raise FetchError(FetchReason.TIMEOUT, f"not done after {seconds:g} s")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the group if it still runs; politely at first, so that temporary files are removed."""
    if child.poll() is not None:
        return
    _signal(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=_GRACE_SECONDS)
    _signal(child.pid, signal.SIGKILL)
    child.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        return file.read().decode("utf-8", "replace")
