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


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def advance(self, count: int = 1) -> None:
        """Count."""
        self.count += count


class LineProgress:
    """One line on stderr for each finished piece of work."""

    def __init__(self, *, show_tasks: bool = True) -> None:
        self._show = show_tasks

    def task(self, name: str, total: int | None = None) -> TaskContext:
        """Announce a piece of work."""
        return self._running(name, total)

    @contextmanager
    def _running(self, name: str, total: int | None) -> Iterator[Task]:
        counter, start = _Counter(), time.monotonic()
        yield counter
        if self._show:
            done = f" {counter.count}" + (f"/{total}" if total is not None else "")
            sys.stderr.write(f"{name}:{done} in {time.monotonic() - start:.1f} s\n")

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

        columns = (
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            bars.TimeElapsedColumn(),
            bars.TimeRemainingColumn(),
        )
        with bars.Progress(*columns, console=Console(stderr=True)) as shown:
            yield _Bar(shown, shown.add_task(name, total=total))

    def notice(self, message: str) -> None:
        """Write one line."""
        sys.stderr.write(f"note: {message}\n")
