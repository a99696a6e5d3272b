"""One decoder process, as its parent holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import DecodeError, PentadError
from pentad.media.types import Decoded
from pentad.media.wire import (
    Closed,
    DecodeRequest,
    receive_result,
    receive_start,
    request_message,
    send,
)

_START_SECONDS = 120.0
_PIPE_BYTES = 1 << 20
# A decoder takes and frees megabytes a file. Memory that goes back to the system every time comes
# anew page by page, which took longer than decoding itself. (Read by glibc, ignored elsewhere.)
_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}


class Died(Exception):
    """The decoder process ended in the middle of a file; the text says how."""


@dataclass(frozen=True)
class Settings:
    """The limits of one decoder process, and what it calls in place of `decode`, if anything."""

    timeout_s: float
    memory_mb: int
    decoder: str | None


class Process:
    """A running decoder process.

    Attributes:
        files: How many files it was given.

    Raises:
        PentadError: It does not start; that is no file's fault.
    """

    def __init__(self, settings: Settings) -> None:
        self.files = 0
        self._timeout_s = settings.timeout_s
        theirs_in, self._requests = os.pipe()
        self._results, theirs_out = os.pipe()
        try:
            self._child = _start(settings, theirs_in, theirs_out)
        except BaseException:
            self._close_pipes()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        os.set_blocking(self._requests, False)  # a decoder that does not read must not stop us
        _widen(self._results)
        self._await_start()

    def _await_start(self) -> None:
        try:
            receive_start(self._results, time.monotonic() + _START_SECONDS)
        except Exception as error:
            code = self.close()
            raise PentadError(
                f"a decoder process did not start ({code}); "
                f"try: {sys.executable} -c 'import pentad.media.decode'"
            ) from error

    def decode(self, request: DecodeRequest) -> Decoded | DecodeError:
        """Have one file decoded.

        Raises:
            Expired: It took longer than the limit; the process is still running.
            Died: The process ended.
        """
        self.files += 1
        try:
            deadline = time.monotonic() + self._timeout_s
            send(self._requests, request_message(request), deadline)
            return receive_result(self._results, deadline)
        except (Closed, BrokenPipeError) as error:
            raise Died(self._last_words()) from error

    def _last_words(self) -> str:
        # Its end of the pipe closes a moment before it is gone.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=5)
        self._child.kill()
        return _ending(self._child.wait())

    def kill(self) -> None:
        """Kill the process, from any thread; `close` must still be called."""
        self._child.kill()

    def close(self) -> str:
        """Kill and reap the process, close its pipes, and say how it ended."""
        self._child.kill()
        code = self._child.wait()
        self._close_pipes()
        return _ending(code)

    def _close_pipes(self) -> None:
        os.close(self._requests)
        os.close(self._results)


def _start(settings: Settings, requests: int, results: int) -> subprocess.Popen[bytes]:
    # A program of its own, not a fork: it imports no __main__, so scripts need no guard, and it
    # has none of the parent's memory, threads or open files. -P keeps the working directory out.
    command = [sys.executable, "-P", "-m", "pentad.media._worker_main"]
    command += [str(n) for n in (requests, results, os.getpid(), settings.memory_mb)]
    if settings.decoder is not None:
        command.append(settings.decoder)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **_KEEP_MEMORY,
    }
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # codecs write about every damaged file
        env=environment,
        pass_fds=(requests, results),
    )


def _widen(fd: int) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # the user's share of pipe memory is taken
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
