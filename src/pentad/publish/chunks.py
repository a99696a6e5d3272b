"""Chosen rows in runs of one length, whatever the batches were they came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pentad.publish.select import Chosen
from pentad.publish.written import add_up


def in_chunks(batches: Iterator[Chosen], rows: int) -> Iterator[Chosen]:
    """Yield chunks of just ``rows`` rows, the last one shorter, perhaps empty.

    What was dropped from batches is told by the chunk in which they end.
    """
    waiting: list[Chosen] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch)
        if count >= rows:
            whole = _joined(waiting)
            ends = range(0, count - count % rows, rows)
            for number, start in enumerate(ends):
                part = whole.part(start, rows)
                yield part if number else Chosen(part.frame, part.places, whole.dropped)
            waiting = [whole.part(count - count % rows, count % rows)]
            count %= rows
    if waiting:
        yield _joined(waiting)


def _joined(parts: Sequence[Chosen]) -> Chosen:
    import polars as pl

    if len(parts) == 1:
        return parts[0]
    places = {
        role: np.concatenate([part.places[role] for part in parts]) for role in parts[0].places
    }
    frame = pl.concat([part.frame for part in parts])
    return Chosen(frame, places, add_up(part.dropped for part in parts))
