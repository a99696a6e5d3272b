"""An iterator that makes its next value in a thread while the last one is being used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(values: Iterator[T]) -> Iterator[T]:
    """Yield the same values, each made while the one before is used; errors come in their place.

    What makes the values runs in one other thread, never in two at a time.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(next, values, _END)
        while (value := coming.result()) is not _END:
            coming = pool.submit(next, values, _END)
            yield value  # type: ignore[misc]
