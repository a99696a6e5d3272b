"""`NamedFrames`: one or more vectors for each named item, and their aggregation in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.frames import Aggregation, FrameEmbeddings, as_aggregation

Floats = NDArray[np.float64]
_BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class NamedFrames:
    """Vectors as an encoder gave them.

    Attributes:
        names: (items,), no two equal.
        vectors: Floats (frames, dim), item after item.
        offsets: int64 (items + 1,): item ``i`` has the frames ``offsets[i]:offsets[i + 1]``.
        modality: What the items are.
        space: Where the vectors come from.
    """

    names: tuple[str, ...]
    vectors: NDArray[Any]
    offsets: NDArray[np.int64]
    modality: str = "audio"
    space: str = ""

    def __post_init__(self) -> None:
        """Check that every item has a name of its own and frames."""
        if len(self.offsets) != len(self.names) + 1:
            expected = len(self.offsets) - 1
            raise InputError("one name an item", expected=expected, seen=len(self.names))
        if len(set(self.names)) != len(self.names):
            seen: set[str] = set()
            for name in self.names:
                if name in seen:
                    raise InputError("two items have the same name", seen=repr(name))
                seen.add(name)
        counts = np.diff(self.offsets)
        if len(counts) and counts.min() < 1:
            raise InputError(f"{self.names[int(np.argmin(counts))]!r} has no frame")

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.names)

    @classmethod
    def of(cls, embeddings: Embeddings | FrameEmbeddings, names: tuple[str, ...]) -> NamedFrames:
        """Return embeddings of either kind under names."""
        offsets = (
            embeddings.offsets
            if isinstance(embeddings, FrameEmbeddings)
            else np.arange(len(embeddings) + 1)
        )
        kind, space = embeddings.modality.value, embeddings.space
        return cls(names, embeddings.vectors, offsets, kind, space)


def aggregated(frames: NamedFrames, how: str) -> Floats:
    """Return one vector an item, float64 (items, dim).

    Args:
        frames: Vectors of the frames.
        how: ``mean``, ``median`` or ``max`` of each value; ``none`` where every item has one frame.

    Raises:
        UnknownName: There is no such way.
        InputError: ``none``, and an item has several frames.
    """
    way = as_aggregation(how)
    counts = np.diff(frames.offsets)
    if (counts > 1).any() and way is Aggregation.NONE:
        row = int(np.argmax(counts > 1))
        raise InputError(
            f"{frames.names[row]!r} has {counts[row]} frames; aggregate by mean, median or max"
        )
    if not (counts > 1).any():
        return np.asarray(frames.vectors, np.float64)
    found = np.empty((len(frames), frames.vectors.shape[1]))
    # Items of equally many frames are one array with the frames along an axis.
    for count in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == count)
        step = max(1, _BLOCK // max(1, count * found.shape[1]))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            places = frames.offsets[some][:, None] + np.arange(count)
            found[some] = _reduce(np.asarray(frames.vectors[places], np.float64), way)
    return found


def _reduce(part: Floats, way: Aggregation) -> Floats:
    if way is Aggregation.MAX:
        highest: Floats = part.max(axis=1)
        return highest
    if way is Aggregation.MEDIAN:
        middle: Floats = np.median(part, axis=1)
        return middle
    mean: Floats = part.mean(axis=1)
    return mean
