"""What a process takes while a block runs, processes that it starts included."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_STEP = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")


class TreeClock:
    """Seconds and memory of a process and of all that it started.

    Args:
        root: Number of the process; by default this one.

    Attributes:
        wall: Seconds.
        cpu: Seconds of all processes, as far as they lived for a twentieth of a second.
        peak: The most memory of all processes together, MiB: what is their own.
    """

    wall = cpu = peak = 0.0

    def __init__(self, root: int | None = None) -> None:
        self._root = os.getpid() if root is None else root

    def __enter__(self) -> TreeClock:
        self._ticks: dict[int, int] = {}
        self._before = _ticks_of(self._root)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._start = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._start
        self._look()
        self._stop.set()
        self._thread.join()
        self.cpu = (sum(self._ticks.values()) - self._before) / _TICKS

    def _watch(self) -> None:
        while not self._stop.wait(_STEP):
            self._look()

    def _look(self) -> None:
        memory = 0.0
        for number in _tree(self._root):
            try:
                self._ticks[number] = _ticks_of(number)
                memory += _anonymous(number)
            except (OSError, IndexError):  # it has ended meanwhile
                continue
        self.peak = max(self.peak, memory)


def _tree(root: int) -> list[int]:
    found = [root]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(word) for word in tasks.read_text().split()]
            except OSError:
                continue
    return found


def _ticks_of(number: int) -> int:
    words = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def _anonymous(number: int) -> float:
    text = Path(f"/proc/{number}/status").read_text(encoding="ascii")
    return int(text.split("RssAnon:")[1].split()[0]) / 1024
