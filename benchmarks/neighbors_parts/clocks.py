"""CPU seconds, wall seconds and the most memory of a block of code."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_STEP = 0.01


class Clock:
    """What a block took.

    Attributes:
        cpu: Seconds of all threads together.
        wall: Seconds.
    """

    cpu = wall = 0.0

    def __enter__(self) -> Clock:
        self._started = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu = time.process_time() - self._started[0]
        self.wall = time.perf_counter() - self._started[1]


class Peak:
    """The most memory while a block runs, beyond what there was before.

    Attributes:
        held: MiB of the process's own.
        mapped: MiB of files that are mapped and read, which the system may take back.
    """

    held = mapped = 0.0

    def __enter__(self) -> Peak:
        self._before = _now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_STEP):
            self._look()

    def _look(self) -> None:
        held, mapped = (now - then for now, then in zip(_now(), self._before, strict=True))
        self.held, self.mapped = max(self.held, held), max(self.mapped, mapped)


def medians(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of all numbers, and everything else as the first run has it."""
    first = dict(runs[0])
    for name, value in first.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            first[name] = statistics.median(run[name] for run in runs)
    return first


def _now() -> tuple[float, float]:
    """Return MiB of anonymous memory and of mapped files."""
    status = Path("/proc/self/status")
    if not status.exists():
        raise SystemExit("memory is read from /proc, which only Linux has; run this on Linux")
    text = status.read_text(encoding="ascii")
    return tuple(int(text.split(name)[1].split()[0]) / 1024 for name in ("RssAnon:", "RssFile:"))
