"""Runs of a model over many inputs: which feeds share a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pentad.encoders.onnx.session import Feed

_TEXTS_A_RUN = 32
_TOKENS_A_RUN = 4096


def grouped(feeds: Sequence[Feed], most: int | None) -> list[list[int]]:
    """Return groups of row numbers whose feeds have one shape and may share a run.

    Args:
        feeds: Feeds of one row each.
        most: The most feeds a run may hold; None for 32, less where they are long.
    """
    by_shape: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for number, feed in enumerate(feeds):
        by_shape.setdefault(tuple(array.shape for array in feed.values()), []).append(number)
    out: list[list[int]] = []
    for shapes, numbers in by_shape.items():
        size = most or min(_TEXTS_A_RUN, max(1, _TOKENS_A_RUN // max(1, shapes[0][-1])))
        out += [numbers[start : start + size] for start in range(0, len(numbers), size)]
    return out


def stacked(feeds: Sequence[Feed]) -> Feed:
    """Return feeds of one shape as one feed."""
    return {name: np.concatenate([feed[name] for feed in feeds]) for name in feeds[0]}


def row_of(feed: Feed, row: int) -> Feed:
    """Return one row of a feed as a feed of its own."""
    return {name: array[row : row + 1] for name, array in feed.items()}
