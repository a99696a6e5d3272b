"""Work that waits for a network done ahead by a few threads, its results in order.

What does not wait is done as it is asked for, by whoever asks: files of this machine never see a
thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

THREADS = 8
MOST_AHEAD = 4 * THREADS
MOST_BYTES = 256 << 20
"""Bytes of finished results that wait; what is under way comes on top."""

_A = TypeVar("_A")
_B = TypeVar("_B")


def ahead(
    work: Callable[[_A], _B],
    inputs: Iterable[_A],
    *,
    waits: Callable[[_A], bool],
    size: Callable[[_B], int],
) -> Iterator[_B]:
    """Yield what ``work`` makes of each input, in order.

    Args:
        work: Called in a thread for inputs that wait, here for the others.
        inputs: Read ahead only while there is something to wait for.
        waits: Tells whether the work on an input waits for a network.
        size: Bytes that a result holds in memory.

    Raises:
        Exception: Whatever ``work`` raises, when its turn comes; what was begun is given up.
    """
    queue: deque[Future[_B]] = deque()
    pool: ThreadPoolExecutor | None = None
    try:
        for each in inputs:
            if not waits(each):
                while queue:
                    yield queue.popleft().result()
                yield work(each)
                continue
            if pool is None:
                pool = ThreadPoolExecutor(THREADS, "pentad-ahead")
            while queue and not _has_room(queue, size):
                yield queue.popleft().result()
            queue.append(pool.submit(work, each))
        while queue:
            yield queue.popleft().result()
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _has_room(queue: deque[Future[_B]], size: Callable[[_B], int]) -> bool:
    """Return whether one more may be begun."""
    if len(queue) >= MOST_AHEAD:
        return False
    done = [each for each in queue if each.done() and each.exception() is None]
    return sum(size(each.result()) for each in done) < MOST_BYTES
