"""Where shard tasks run. A stage is a list of independent tasks; an engine runs the list."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Protocol, TypeVar

from pentad.core.errors import InputError

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Runs independent tasks and gives their results back in task order."""

    name: str

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield ``function(task)`` for every task, in the order of ``tasks``.

        The result must not depend on how many tasks run at once.
        """


class LocalEngine:
    """Runs tasks in this process, or in ``workers`` fresh processes of this machine."""

    name = "local"

    def __init__(self, workers: int = 1) -> None:
        if workers < 1:
            raise InputError("workers must be at least 1", seen=workers)
        self.workers = workers

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield the results in task order; with one worker nothing is started."""
        if self.workers == 1 or len(tasks) <= 1:
            yield from map(function, tasks)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.workers, len(tasks)), mp_context=context) as pool:
            yield from pool.map(function, tasks)


def get_engine(name: str = "local", *, workers: int = 1) -> Engine:
    """Return the engine registered under ``name``."""
    if name == "local":
        return LocalEngine(workers)
    raise InputError(f"engine {name!r} is not available", expected="local")
