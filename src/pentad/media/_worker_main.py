"""The decoder process: reads requests from one pipe, decodes, writes results to another.

Started by `DecodePool` as ``python -P -m pentad.media._worker_main``. It ends when its parent does.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import cast

from pentad.core.errors import DecodeError, PentadError, Reason
from pentad.media.decode import decode
from pentad.media.types import Decoded
from pentad.media.wire import (
    Closed,
    receive_request,
    send_failure,
    send_result,
    send_start,
)

_PR_SET_PDEATHSIG = 1

Decoder = Callable[..., Decoded]


def main(arguments: list[str]) -> None:
    """Serve requests until the parent closes the pipe.

    Args:
        arguments: The two pipes, the parent's process id, the memory limit in MiB, and optionally
            ``module:function`` to call in place of `decode`.
    """
    requests, results, parent, memory_mb = map(int, arguments[:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _die_with(parent)
    decoder = _named(arguments[4]) if len(arguments) > 4 else decode
    _limit(memory_mb)
    send_start(results)
    while True:
        try:
            result = _answer(requests, decoder)
        except Closed:
            return
        except PentadError as error:
            send_failure(results, error)
            continue
        send_result(results, result)
        del result


def _answer(requests: int, decoder: Decoder) -> Decoded | DecodeError:
    request = None
    try:
        request = receive_request(requests)
        return decoder(
            request.path,
            request.modality,
            request.options,
            seed=request.seed,
            start=request.start,
            end=request.end,
        )
    except DecodeError as error:
        return error
    except MemoryError:
        name = "" if request is None else f"{request.name}: "
        return DecodeError(Reason.OUT_OF_MEMORY, f"{name}too large")


def _named(name: str) -> Decoder:
    module, _, function = name.partition(":")
    return cast("Decoder", getattr(importlib.import_module(module), function))


def _die_with(parent: int) -> None:
    """Ask for a SIGKILL when the parent goes, even in the middle of a file (Linux only)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        raise SystemExit


def _limit(memory_mb: int) -> None:
    """Allow so much memory beyond what a decoder at rest takes, and no core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            at_rest = int(file.read().split()[0]) * resource.getpagesize()
        limit = at_rest + (memory_mb << 20)
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:
        sys.exit(0)
