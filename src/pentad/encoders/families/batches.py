"""Which rows share a run of a network. Every run of a shape has the same number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pentad.encoders.families.network import Feed

Shape = tuple[tuple[str, tuple[int, ...], str], ...]


@dataclass(frozen=True)
class Run:
    """Rows that go through the network together.

    Attributes:
        rows: Their numbers among all rows.
        filled: How many rows the run has; those beyond `rows` repeat the last one.
    """

    rows: tuple[int, ...]
    filled: int


def planned(feeds: Sequence[Feed], size: int, *, filled: bool) -> Iterator[Run]:
    """Yield runs of at most ``size`` rows of one shape each, shapes in the order they come up.

    Args:
        feeds: All rows.
        size: The most rows of a run.
        filled: Whether every run has exactly ``size``. The bits of a row depend on the shape of its
            run, so that only then they are the same in any company.
    """
    by_shape: dict[Shape, list[int]] = {}
    for number, feed in enumerate(feeds):
        by_shape.setdefault(_shape(feed), []).append(number)
    for numbers in by_shape.values():
        for start in range(0, len(numbers), size):
            rows = tuple(numbers[start : start + size])
            yield Run(rows, size if filled else len(rows))


def halved(run: Run, size: int) -> Iterator[Run]:
    """Yield a run's rows in runs of at most ``size``."""
    for start in range(0, len(run.rows), size):
        rows = run.rows[start : start + size]
        yield Run(rows, size if run.filled > len(run.rows) else len(rows))


def stacked(feeds: Sequence[Feed], run: Run) -> Feed:
    """Return the rows of a run with a batch axis."""
    numbers = [*run.rows, *[run.rows[-1]] * (run.filled - len(run.rows))]
    return {name: np.stack([feeds[n][name] for n in numbers]) for name in feeds[run.rows[0]]}


def _shape(feed: Feed) -> Shape:
    return tuple((name, array.shape, array.dtype.str) for name, array in feed.items())
