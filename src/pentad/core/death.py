"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Ask for a SIGKILL when the process ``parent`` goes, whatever this one is doing (Linux only).

    The signal comes when the thread that started this process ends, so it must be one that lives as
    long as its process.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        raise SystemExit
