"""Work spread over the cores of this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


VARIABLE = "PENTAD_THREADS"
"""Environment variable that says how many cores this process may use."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    said = os.environ.get(VARIABLE, "")
    if said.isdigit() and int(said):
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_threads(function: Callable[[T], R], tasks: Sequence[T], threads: int) -> list[R]:
    """Return the results in task order; with one thread or one task none is started."""
    if threads == 1 or len(tasks) <= 1:
        return [function(task) for task in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        return list(pool.map(function, tasks))
