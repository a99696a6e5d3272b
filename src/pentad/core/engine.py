"""Where shard tasks run. A stage is a list of independent tasks, or a grid of shards and tasks."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

from pentad.core.death import die_with
from pentad.core.errors import InputError, PentadError, UnknownName
from pentad.core.grid import Grid, Told, untold
from pentad.core.tree import Tree

S = TypeVar("S")
P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")

ENGINES = ("local", "ray")

_AHEAD = 2


class Engine(Protocol):
    """Runs independent tasks, or a grid, and gives results back in task order.

    A result never depends on how many workers there are or on which of them did what. Only a
    bounded number of results is held at a time. A `PentadError` that a function raises comes out
    as it is.
    """

    name: str

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield ``function(task)`` for every task, in the order of ``tasks``."""

    def gather(self, grid: Grid[S, P, T, R], told: Told = untold) -> Iterator[R]:
        """Yield for every task, in order, its results with all shards merged into one.

        Args:
            grid: Shards, tasks, and what to do with them. Merges follow one tree, that of `Tree`.
            told: Told of products as they are done.
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
        calls = ((function, task) for task in tasks)
        yield from _in_processes(min(self.workers, len(tasks)), calls)

    def gather(self, grid: Grid[S, P, T, R], told: Told = untold) -> Iterator[R]:
        """Yield merged results, some tasks at a time; a process holds one prepared shard.

        A shard is prepared once a wave of tasks, which is shorter where workers would have nothing
        to do.
        """
        if not grid.shards:
            raise InputError("a grid needs at least one shard")
        products = len(grid.shards) * len(grid.tasks)
        size = max(1, min(grid.wave, products // self.workers))
        starts = range(0, len(grid.tasks), size)
        waves = [grid.tasks[start : start + size] for start in starts]
        results = self._products(grid, waves)
        for wave in waves:
            trees = [Tree(grid.merge) for _ in wave]
            for _ in grid.shards:
                for tree in trees:
                    tree.add(next(results))
                    told(1)
            for tree in trees:
                yield tree.finish()

    def _products(self, grid: Grid[S, P, T, R], waves: Sequence[Sequence[T]]) -> Iterator[R]:
        """Yield the product of every wave, shard and task of the wave, in this order."""
        parts = [(grid, shard, wave) for wave in waves for shard in grid.shards]
        workers = min(self.workers, len(parts))
        if workers <= 1:
            for part in parts:
                yield from _with_shard(*part)
            return
        calls = ((_all_with_shard, (g.prepare, g.function, s, w)) for g, s, w in parts)
        for results in _in_processes(workers, calls):
            yield from results


def _with_shard(grid: Grid[S, P, T, R], shard: S, tasks: Sequence[T]) -> Iterator[R]:
    prepared = grid.prepare(shard)
    for task in tasks:
        yield grid.function(prepared, task)


def _all_with_shard(
    work: tuple[Callable[[S], P], Callable[[P, T], R], S, Sequence[T]],
) -> list[R]:
    prepare, function, shard, tasks = work
    prepared = prepare(shard)
    return [function(prepared, task) for task in tasks]


def _in_processes(workers: int, calls: Iterable[tuple[Callable[[Any], R], Any]]) -> Iterator[R]:
    """Yield the results of calls in order; only a few more than can run are sent ahead."""
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[R]] = deque()
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=die_with, initargs=(os.getpid(),)
    ) as pool:
        try:
            for function, task in calls:
                waiting.append(pool.submit(function, task))
                if len(waiting) >= _AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise PentadError(
                "a worker process ended by itself, perhaps for lack of memory; run again with "
                "fewer workers or less memory each"
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def get_engine(
    name: str = "local", *, workers: int | None = None, address: str | None = None
) -> Engine:
    """Return the engine registered under ``name``.

    Args:
        name: ``local`` or ``ray``.
        workers: How many processes work at once: by default one here, and on Ray as many as the
            cluster has processors.
        address: Where the Ray cluster is, as ``host:port``; by default, and for ``auto``, the one
            that this machine is part of.

    Raises:
        UnknownName: There is no such engine.
        InputError: An argument does not fit, or no cluster answers.
        MissingExtra: Ray is not installed.
    """
    if name == "ray":
        from pentad.core.ray_engine import RayEngine

        return RayEngine(address, workers=workers)
    if name != "local":
        raise UnknownName("engine", name, ENGINES)
    if address is not None:
        raise InputError("only the engine 'ray' has an address", seen=address)
    return LocalEngine(1 if workers is None else workers)
