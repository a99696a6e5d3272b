"""Runs the command line in this process, as `pentad` does, and keeps what it prints."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import pytest

from pentad.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def pentad(*arguments: object, stdin: str | bytes = "") -> Ran:
    """Run ``pentad ARGUMENTS`` through the very function that the program calls."""
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["pentad", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    return Ran(code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


def refused(ran: Ran) -> str:
    """Check that a command ended as a user's mistake has to, and return its one line."""
    assert ran.code == 1, ran
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("error: ")
    assert "Traceback" not in ran.err
    return lines[0].removeprefix("error: ")
