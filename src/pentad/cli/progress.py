"""Progress on stderr: bars with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pentad.core.progress import Progress, Task, TaskContext

if TYPE_CHECKING:
    import rich.progress


def make_progress(*, quiet: bool = False) -> Progress:
    """Return bars for a terminal, else one line for each finished piece of work."""
    if quiet:
        return LineProgress(show_tasks=False)
    return BarProgress() if sys.stderr.isatty() else LineProgress()


_LINE_EVERY_S = 30.0


class _Counter:
    """Counts, and from time to time writes a line."""

    def __init__(self, name: str, total: int | None, *, every_s: float | None) -> None:
        self.count = 0
        self.start = self._last = time.monotonic()
        self._name, self._total, self._every_s = name, total, every_s

    def advance(self, count: int = 1) -> None:
        """Count."""
        self.count += count
        now = time.monotonic()
        if self._every_s is not None and now - self._last >= self._every_s:
            self._last = now
            sys.stderr.write(f"{self.said()}{_left(self.count, self._total, now - self.start)}\n")

    def said(self) -> str:
        """Return what is done, and how fast."""
        total = "" if self._total is None else f"/{self._total}"
        seconds = time.monotonic() - self.start
        speed = f" ({_rate(self.count / seconds)})" if seconds >= 1 and self.count else ""
        return f"{self._name}: {self.count}{total} in {seconds:.1f} s{speed}"


def _left(done: int, total: int | None, seconds: float) -> str:
    if total is None or not done:
        return ""
    left = int((total - done) * seconds / done)
    return f", {left // 3600}:{left // 60 % 60:02d}:{left % 60:02d} left"


def _rate(speed: float) -> str:
    return f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s"


class LineProgress:
    """One line on stderr for each finished piece of work, and one now and then for a long one."""

    def __init__(self, *, show_tasks: bool = True) -> None:
        self._show = show_tasks

    def task(self, name: str, total: int | None = None) -> TaskContext:
        """Announce a piece of work."""
        return self._running(name, total)

    @contextmanager
    def _running(self, name: str, total: int | None) -> Iterator[Task]:
        counter = _Counter(name, total, every_s=_LINE_EVERY_S if self._show else None)
        yield counter
        if self._show:
            sys.stderr.write(f"{counter.said()}\n")

    def notice(self, message: str) -> None:
        """Write one line."""
        sys.stderr.write(f"note: {message}\n")


class _Bar:
    def __init__(self, bars: rich.progress.Progress, number: rich.progress.TaskID) -> None:
        self._bars, self._number = bars, number

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._number, count)


class BarProgress:
    """Bars with rate and time left."""

    def task(self, name: str, total: int | None = None) -> TaskContext:
        """Show a bar for the time of the block."""
        return self._running(name, total)

    @contextmanager
    def _running(self, name: str, total: int | None) -> Iterator[Task]:
        import rich.progress as bars
        from rich.console import Console
        from rich.text import Text

        class RateColumn(bars.ProgressColumn):
            """Items a second, as of late."""

            def render(self, task: rich.progress.Task) -> Text:
                """Return the rate, once there is one."""
                speed = task.finished_speed or task.speed
                return Text("" if speed is None else _rate(speed))

        columns = (
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            RateColumn(),
            bars.TimeElapsedColumn(),
            bars.TimeRemainingColumn(),
        )
        with bars.Progress(*columns, console=Console(stderr=True)) as shown:
            yield _Bar(shown, shown.add_task(name, total=total))

    def notice(self, message: str) -> None:
        """Write one line."""
        sys.stderr.write(f"note: {message}\n")
