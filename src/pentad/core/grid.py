"""A grid: every shard of one kind meets every task, and results are merged over the shards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")
P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")

Told = Callable[[int], None]
"""Called in the process that asked, with how many more products are done."""


def untold(count: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Grid(Generic[S, P, T, R]):
    """What an engine needs to know of a grid. Everything in it travels to other processes.

    Attributes:
        prepare: Makes a shard ready; may run again, in another process, at any time.
        shards: What is held where the work is done; at least one.
        function: The product of a prepared shard and a task. It may run more than once.
        tasks: What streams past the shards.
        merge: Joins the results of two neighboring shards, left one first.
        accelerators: GPUs that one worker needs for itself; a cluster gives them out, and has as
            many workers as it has of them.
        wave: How many tasks at most a shard meets before the next shard has its turn; results of
            a wave may come together.
    """

    prepare: Callable[[S], P]
    shards: Sequence[S]
    function: Callable[[P, T], R]
    tasks: Sequence[T]
    merge: Callable[[R, R], R]
    accelerators: int = 0
    wave: int = 16
