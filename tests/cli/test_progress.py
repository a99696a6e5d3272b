"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from pentad.cli import progress as module
from pentad.cli.progress import BarProgress, LineProgress, make_progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_elsewhere_a_line_says_what_was_done_and_how_fast(capsys, clock):
    with LineProgress().task("embed image", 120) as task:
        task.advance(120)
        clock.now += 4
    assert capsys.readouterr().err == "embed image: 120/120 in 4.0 s (30/s)\n"


def test_a_long_piece_of_work_says_now_and_then_how_far_it_is(capsys, clock):
    with LineProgress().task("embed image", 1000) as task:
        for _ in range(4):
            clock.now += 20
            task.advance(10)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "embed image: 20/1000 in 40.0 s (0.5/s), 0:32:40 left",
        "embed image: 40/1000 in 80.0 s (0.5/s), 0:32:00 left",
        "embed image: 40/1000 in 80.0 s (0.5/s)",
    ]


def test_what_has_no_total_has_no_time_left(capsys, clock):
    with LineProgress().task("read") as task:
        clock.now += 50
        task.advance(5)
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "read: 5 in 50.0 s (0.1/s)"


def test_quiet_says_nothing_but_notices(capsys):
    told = make_progress(quiet=True)
    with told.task("read") as task:
        task.advance()
    told.notice("look")
    assert capsys.readouterr().err == "note: look\n"


def test_bars_show_the_rate(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    with BarProgress().task("embed image", 4) as task:
        for _ in range(4):
            task.advance()
    assert "embed image" in written.getvalue()
    assert "4/4" in written.getvalue()
