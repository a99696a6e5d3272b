"""A progress that keeps what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Recorder:
    """Counts what is done, and keeps notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.done, self.total = 0, None
        self.name = ""

    @contextmanager
    def task(self, name: str, total: int | None = None) -> Iterator[Recorder]:
        self.name, self.total = name, total
        yield self

    def advance(self, count: int = 1) -> None:
        self.done += count

    def notice(self, message: str) -> None:
        self.notices.append(message)
