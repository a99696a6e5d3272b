"""Named moments at which a test can make the program die or the disk fail.

Nothing happens unless the environment says so before the program starts:

    PENTAD_FAILPOINTS="commit.staged=kill@3"     the process is killed there, the third time
    PENTAD_FAILPOINTS="commit.staged=enospc"     the disk is full there, from the first time on
    PENTAD_FAILPOINTS="commit.renamed=eio@2"     one I/O error, the second time
"""

from __future__ import annotations

import errno
import os
import signal

VARIABLE = "PENTAD_FAILPOINTS"

FAILPOINTS = (
    "embed.planned",
    "embed.decoded",
    "embed.encoded",
    "embed.assembled",
    "embed.removed",
    "commit.begun",
    "commit.staged",
    "commit.pending",
    "commit.renamed",
    "commit.settled",
    "commit.finished",
)
"""Every moment that has a name."""

_ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO}


class _Armed:
    """One point, what happens there, and how often it has been passed."""

    def __init__(self, action: str, number: str) -> None:
        if action != "kill" and action not in _ERRORS:
            raise ValueError(f"{VARIABLE}: unknown action {action!r}")
        self._action = action
        self._at = int(number) if number else None
        self._passed = 0

    def hit(self) -> None:
        self._passed += 1
        if self._at not in (None, self._passed):
            return
        if self._action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        number = _ERRORS[self._action]
        raise OSError(number, os.strerror(number))


def _parsed(text: str) -> dict[str, _Armed]:
    armed = {}
    for entry in filter(None, text.split(",")):
        name, _, what = entry.partition("=")
        if name not in FAILPOINTS:
            raise ValueError(f"{VARIABLE}: unknown point {name!r}")
        action, _, number = what.partition("@")
        armed[name] = _Armed(action, number)
    return armed


_ARMED = _parsed(os.environ.get(VARIABLE, ""))


def failpoint(name: str) -> None:
    """Say that this moment has come."""
    if _ARMED and name in _ARMED:
        _ARMED[name].hit()
