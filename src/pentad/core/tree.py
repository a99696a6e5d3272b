"""Results merged pair by pair as they come, always in the same tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from pentad.core.errors import InputError

R = TypeVar("R")


class Tree(Generic[R]):
    """Merges results in the order they are added, in a tree that depends on their number alone.

    Neighbors are merged first, then neighboring pairs, and so on; what is left over at the end
    moves up. At most one result a level is held.
    """

    def __init__(self, merge: Callable[[R, R], R]) -> None:
        self._merge = merge
        self._held: list[tuple[int, R]] = []

    def add(self, result: R) -> None:
        """Take in the next result."""
        level = 0
        while self._held and self._held[-1][0] == level:
            result = self._merge(self._held.pop()[1], result)
            level += 1
        self._held.append((level, result))

    def finish(self) -> R:
        """Return all results as one.

        Raises:
            InputError: Nothing was added.
        """
        if not self._held:
            raise InputError("there is nothing to merge; a grid needs at least one shard")
        result = self._held.pop()[1]
        while self._held:
            result = self._merge(self._held.pop()[1], result)
        return result
