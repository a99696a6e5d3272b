"""How long work reports that it moves. The command line hands in a bar; the default is silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol


class Task(Protocol):
    """One running piece of work with a known or unknown total."""

    def advance(self, count: int = 1) -> None:
        """Say that ``count`` more units are done."""


class Progress(Protocol):
    """Where pieces of work are announced, and notices for people are written."""

    def task(self, name: str, total: int | None = None) -> TaskContext:
        """Announce a piece of work; use the result in a ``with`` statement."""

    def notice(self, message: str) -> None:
        """Tell the user one line that is no error."""


class TaskContext(Protocol):
    """A context manager that yields a running `Task`."""

    def __enter__(self) -> Task: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> bool | None: ...


class _SilentTask:
    def advance(self, count: int = 1) -> None:
        """Do nothing."""


class SilentProgress:
    """Progress that shows nothing."""

    @contextmanager
    def _running(self) -> Iterator[Task]:
        yield _SilentTask()

    def task(self, name: str, total: int | None = None) -> TaskContext:
        """Return a task that ignores every call."""
        return self._running()

    def notice(self, message: str) -> None:
        """Drop the message."""


SILENT: Progress = SilentProgress()
