"""Tasks and grids on a Ray cluster that already runs.

Shards live in actors, spread over the nodes by their processors. With more processors than shards
several actors hold one shard and take turns; with fewer, an actor has several shards and holds one
at a time. Tasks stream past them, a few at a time. Merges are tasks of their own, which Ray places
where most of what they merge lies. When a worker or a node is lost, Ray starts its actors anew,
which prepare their shards again, and repeats what was lost; a call that ends its worker every
time is given up.
"""

from __future__ import annotations

import importlib
import os
import socket
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pentad.core.errors import InputError, MissingExtra, PentadError
from pentad.core.grid import Grid, Told, untold
from pentad.core.tree import Tree

S = TypeVar("S")
P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")

EXTRA = "cluster"

_ATTEMPTS = 16
_AHEAD = 2
_WAVE = 16
_SECONDS = 5.0


class RayEngine:
    """Runs tasks and grids on a Ray cluster."""

    name = "ray"

    def __init__(self, address: str | None = None, *, workers: int | None = None) -> None:
        """Connect to a cluster, or go on with the one that this process is connected to.

        Args:
            address: ``host:port``; None or ``auto`` for the cluster that this machine is part of.
            workers: How many processes may work at once; by default one for every processor.

        Raises:
            MissingExtra: Ray is not installed.
            InputError: No cluster answers, this process is connected to another one, or
                ``workers`` is less than 1.
        """
        if workers is not None and workers < 1:
            raise InputError("workers must be at least 1", seen=workers)
        self._workers = workers
        self._ray = _ray()
        _require_answer(address or "auto")
        if self._ray.is_initialized():
            _require_same(self._ray, address)
        else:
            _connect(self._ray, address or "auto")

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield the results in task order."""
        attempt = self._ray.remote(max_retries=_ATTEMPTS)(_attempt)
        ahead = self._workers or _AHEAD * sum(self._processors().values())
        waiting: deque[Any] = deque()
        try:
            for task in tasks:
                waiting.append(attempt.remote(function, task))
                if len(waiting) >= ahead:
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            for reference in waiting:
                self._ray.cancel(reference)

    def gather(self, grid: Grid[S, P, T, R], told: Told = untold) -> Iterator[R]:
        """Yield merged results in task order, while a few more tasks are under way."""
        if not grid.shards:
            raise InputError("a grid needs at least one shard")
        if not grid.tasks:
            return
        processors = self._processors("GPU" if grid.accelerators else "CPU")
        most = sum(processors.values()) // max(1, grid.accelerators)
        workers = most if self._workers is None else min(self._workers, most)
        stage = _Stage.planned(workers, len(grid.shards), len(grid.tasks))
        actors = self._started(grid, processors, stage.actors)
        try:
            for result in self._stream(grid, stage, actors):
                told(len(grid.shards))
                yield result
        finally:
            for actor in actors:
                self._ray.kill(actor, no_restart=True)

    def _stream(self, grid: Grid[S, P, T, R], stage: _Stage, actors: Sequence[Any]) -> Iterator[R]:
        merge = self._ray.remote(max_retries=_ATTEMPTS)(_merged)
        shards = [self._ray.put(shard) for shard in grid.shards]
        waiting: deque[Any] = deque()
        for start in range(0, len(grid.tasks), stage.wave):
            tasks = [self._ray.put(task) for task in grid.tasks[start : start + stage.wave]]
            trees = [Tree[Any](partial(merge.remote, grid.merge)) for _ in tasks]
            for number, shard in enumerate(shards):
                for place, (tree, task) in enumerate(zip(trees, tasks, strict=True), start):
                    actor = actors[stage.actor(number, place)]
                    tree.add(actor.product.remote(number, shard, task))
            waiting.extend(tree.finish() for tree in trees)
            while len(waiting) > stage.ahead:
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def _started(self, grid: Grid[S, P, T, R], processors: dict[str, int], count: int) -> list[Any]:
        """Start actors all over the cluster."""
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        worker = self._ray.remote(max_restarts=-1, max_task_retries=_ATTEMPTS)(_Worker)
        places = (
            strategies.NodeAffinitySchedulingStrategy(node, soft=True)
            for node in _spread(processors, count)
        )
        # An actor that names any resource holds a processor too, and merges would find none left.
        gpus = {"num_gpus": grid.accelerators, "num_cpus": 0} if grid.accelerators else {}
        started = (worker.options(scheduling_strategy=place, **gpus) for place in places)
        return [options.remote(grid.prepare, grid.function) for options in started]

    def _result(self, reference: Any) -> Any:
        """Return what a reference stands for."""
        errors = self._ray.exceptions
        try:
            result = self._ray.get(reference)
        except errors.RayError as error:
            lost: BaseException = error
            while isinstance(lost, errors.RayTaskError):  # of the merge that waited for it
                lost = lost.cause
            if not isinstance(lost, errors.RayError):
                raise  # neither the user's mistake nor a lost worker: a bug
            raise PentadError(
                f"the Ray cluster lost its worker again and again over one task ({_line(lost)}); "
                "see whether its nodes have memory enough and Pentad installed, then run again"
            ) from None
        if isinstance(result, _Failed):
            raise result.error
        return result

    def _processors(self, kind: str = "CPU") -> dict[str, int]:
        """Return how many processors of a kind each node has that is alive."""
        nodes = ((n["NodeID"], int(n["Resources"].get(kind, 0)))
                 for n in self._ray.nodes() if n["Alive"])  # fmt: skip
        found = {name: count for name, count in sorted(nodes) if count}
        if not found:
            raise InputError(f"the Ray cluster has no node with a {kind}; add one")
        return found


@dataclass(frozen=True)
class _Stage:
    """Which actor does what.

    Attributes:
        shards: How many there are.
        actors: How many there are: as many for each shard, or one for several shards.
        wave: How many tasks an actor does with one shard before it goes on to its next.
        ahead: How many results may be waited for while more are sent.
    """

    shards: int
    actors: int
    wave: int
    ahead: int

    @classmethod
    def planned(cls, workers: int, shards: int, tasks: int) -> _Stage:
        """Use as many of ``workers`` as there is work for."""
        turns = min(workers // shards, tasks)
        if turns:
            return cls(shards, turns * shards, 1, _AHEAD * turns)
        wave = min(_WAVE, tasks)
        return cls(shards, workers, wave, _AHEAD * wave)

    def actor(self, shard: int, task: int) -> int:
        """Return which one makes a product."""
        turns = self.actors // self.shards
        if turns:
            return shard * turns + task % turns
        return shard * self.actors // self.shards


@dataclass(frozen=True)
class _Failed:
    """An error on purpose, as a value: it must come out as it was raised."""

    error: PentadError


class _Worker:
    """Holds the shard it worked with last, made ready; Ray makes an actor of it."""

    def __init__(self, prepare: Callable[[Any], Any], function: Callable[[Any, Any], Any]) -> None:
        self._prepare, self._function = prepare, function
        self._held: tuple[int, Any] | None = None

    def product(self, number: int, shard: Any, task: Any) -> Any:
        """Return the product of a shard and a task."""
        return _attempt(self._product, (number, shard, task))

    def _product(self, work: tuple[int, Any, Any]) -> Any:
        number, shard, task = work
        if self._held is None or self._held[0] != number:
            self._held = None  # there may not be room for two
            self._held = number, self._prepare(shard)
        return self._function(self._held[1], task)


def _attempt(function: Callable[[Any], Any], task: Any) -> Any:
    try:
        return function(task)
    except PentadError as error:
        return _Failed(error)


def _merged(merge: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Return the merge of two results; of errors the left one, as it would come up first."""
    for result in (left, right):
        if isinstance(result, _Failed):
            return result
    return _attempt(lambda pair: merge(*pair), (left, right))


def _spread(processors: dict[str, int], count: int) -> Iterator[str]:
    """Yield a node for each of ``count`` actors: always the one with the most processors each."""
    load = dict.fromkeys(processors, 0)
    for _ in range(count):
        name = min(processors, key=lambda node: ((load[node] + 1) / processors[node], node))
        load[name] += 1
        yield name


def _ray() -> Any:
    # Nothing is reported to anyone; must be set before the package is loaded.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise MissingExtra("ray", EXTRA) from None


def _connect(ray: Any, address: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # Ray announces its own plans
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except ConnectionError:
        raise _no_cluster(address) from None
    except (RuntimeError, ValueError) as error:
        raise InputError(f"the Ray cluster at {address!r} cannot be used: {_line(error)}") from None


def _require_answer(address: str) -> None:
    """Refuse at once an address where nobody listens; Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or "//" in address:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS).close()
    except (OSError, ValueError, OverflowError):
        raise _no_cluster(address) from None


def _require_same(ray: Any, address: str | None) -> None:
    connected = ray.get_runtime_context().gcs_address
    if address not in (None, "auto", connected):
        raise InputError(
            "this process is connected to another Ray cluster already; call ray.shutdown() first",
            expected=connected,
            seen=address,
        )


def _no_cluster(address: str) -> InputError:
    return InputError(
        f"no Ray cluster answers at {address!r}; start one with 'ray start --head', or give the "
        "address of one that runs as host:port"
    )


def _line(error: BaseException) -> str:
    """Return the first line of an error's text."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
