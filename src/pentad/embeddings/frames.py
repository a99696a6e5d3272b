"""`FrameEmbeddings`: several vectors an item, and `aggregate`, which makes one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.arrays import FLOATS, I64, IDS, map_array, read_array
from pentad.embeddings.embeddings import Embeddings, write_array
from pentad.embeddings.ids import Ids, as_ids, ascends, ordered_ids
from pentad.embeddings.stacked import StackedRows
from pentad.store.records import Record, committing, read_record

_NAME = "00000"
_KIND = "frame embeddings"
_BLOCK_BYTES = 1 << 25


class Aggregation(StrEnum):
    """How the frames of an item become one vector."""

    NONE = "none"
    MEAN = "mean"
    MEDIAN = "median"
    MAX = "max"


@dataclass(frozen=True, eq=False)
class FrameEmbeddings:
    """One or more vectors per item, all in one space.

    Attributes:
        vectors: float16 or float32 (frames, dim), item after item; may be memory-mapped.
        offsets: int64 (items + 1,): item ``i`` has the frames ``offsets[i]:offsets[i + 1]``.
        ids: u32 or u64 (items,), ascending, no two equal.
        modality: What the items are.
        space: Name of the space; vectors of two spaces cannot be compared.
        location: Folder the vectors lie in; empty when only in memory.
    """

    vectors: NDArray[Any]
    offsets: NDArray[np.int64]
    ids: Ids
    modality: Modality
    space: str
    location: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Check shapes, offsets and ids."""
        if self.vectors.ndim != 2:
            raise InputError(
                "vectors must be a matrix", expected="(frames, dim)", seen=self.vectors.shape
            )
        if self.offsets.shape != (len(self.ids) + 1,) or self.offsets.dtype != np.int64:
            seen = f"{self.offsets.dtype} {self.offsets.shape}"
            expected = f"int64 ({len(self.ids) + 1},)"
            raise InputError("one offset more than items", expected=expected, seen=seen)
        ends = (int(self.offsets[0]), int(self.offsets[-1]))
        if ends != (0, len(self.vectors)):
            raise InputError("offsets span the frames", expected=(0, len(self.vectors)), seen=ends)
        empty = np.flatnonzero(self.offsets[1:] <= self.offsets[:-1])
        if len(empty):
            raise InputError(f"item {self.ids[int(empty[0])]} has no frame; leave it out")
        if not ascends(self.ids):
            raise InputError("ids must ascend without repeats")

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.ids)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64 (items,): how many frames each item has."""
        return np.diff(self.offsets)

    def of(self, row: int) -> NDArray[Any]:
        """Return (frames, dim) of the item in this row."""
        if not 0 <= row < len(self):
            raise InputError("there is no such row", expected=f"0 to {len(self) - 1}", seen=row)
        return self.vectors[int(self.offsets[row]) : int(self.offsets[row + 1])]

    @classmethod
    def from_list(
        cls,
        items: Sequence[ArrayLike],
        *,
        modality: str,
        space: str,
        ids: ArrayLike | None = None,
    ) -> FrameEmbeddings:
        """Put the frames of several items together.

        Args:
            items: For each item (frames, dim) of finite numbers, or (dim,) for a single frame.
                All float16 stays, everything else becomes float32.
            modality: What the items are.
            space: A name for the space the vectors live in.
            ids: Integers, no two equal; items are brought into ascending order. Default 0..n-1.

        Raises:
            InputError: An item without frames, another width than the rest, a value that is not
                finite, a repeated or negative id.
        """
        arrays = [_frames(item, row) for row, item in enumerate(items)]
        if not arrays:
            raise InputError("frame embeddings need at least one item")
        for row, array in enumerate(arrays):
            if array.shape[1] != arrays[0].shape[1]:
                seen, expected = array.shape[1], arrays[0].shape[1]
                raise InputError("vectors of another length", row=row, expected=expected, seen=seen)
        half = all(array.dtype == np.float16 for array in arrays)
        order, numbers = ordered_ids(ids, len(arrays))
        chosen = [arrays[row] for row in order]
        with np.errstate(over="ignore"):  # what becomes infinite is refused below
            vectors = np.concatenate(chosen).astype(np.float16 if half else np.float32, copy=False)
        offsets = np.cumsum([0, *map(len, chosen)], dtype=np.int64)
        _require_finite(vectors, offsets, order)
        return cls(vectors, offsets, numbers, as_modality(modality), space)

    def save(self, folder: str | Path) -> None:
        """Write ``00000.npy``, its offsets, its ids, and a record into ``folder``."""
        with committing(Path(folder) / f"{_NAME}.json") as commit:
            write_array(commit.path(f"{_NAME}.npy"), self.vectors)
            write_array(commit.path(f"{_NAME}.offsets.npy"), self.offsets)
            write_array(commit.path(f"{_NAME}.ids.npy"), self.ids)
            commit.finish(
                {
                    "kind": _KIND,
                    "modality": self.modality.value,
                    "space": self.space,
                    "rows": len(self),
                    "frames": len(self.vectors),
                    "dim": self.dim,
                    "dtype": str(self.vectors.dtype),
                }
            )

    @classmethod
    def load(cls, folder: str | Path) -> FrameEmbeddings:
        """Read what `save` wrote, or the shards of a workspace whose items have several rows.

        The vectors are memory-mapped; of shards only the rows that somebody asks for are read.

        Raises:
            StoreError: There is no finished record, or a file is not as recorded.
        """
        root = Path(folder)
        numbers = sorted(p.stem for p in root.glob("*.json") if p.stem.isdigit())
        records = [read_record(root / f"{number}.json") for number in numbers]
        whole = [r for r in records if r is not None and _has_frames(r) and r.intact()]
        if not whole or len(whole) < len(records):
            raise StoreError(f"{root}: no complete frame embeddings here; write them again")
        try:
            return _stacked([_read(root, record) for record in whole], root)
        except (OSError, ValueError, KeyError, TypeError, InputError) as error:
            raise StoreError(f"{root}: damaged ({error}); write it again") from None


def as_aggregation(value: str) -> Aggregation:
    """Return what ``value`` names.

    Raises:
        UnknownName: It names nothing; the message names the nearest.
    """
    try:
        return Aggregation(value)
    except ValueError:
        raise UnknownName("aggregation", value, [a.value for a in Aggregation]) from None


def aggregate(frames: FrameEmbeddings, how: str) -> Embeddings:
    """Return one vector an item.

    Args:
        frames: Vectors of the frames.
        how: ``mean`` (added up in float64), ``median`` or ``max``, each value by itself; ``none``
            where every item has exactly one frame, which stays as it is.

    Returns:
        float32 (items, dim); with ``none`` the type of the frames.

    Raises:
        UnknownName: There is no such way.
        InputError: ``none``, and an item has several frames.
    """
    way = as_aggregation(how)
    if way is Aggregation.NONE:
        return _single(frames)
    vectors = np.empty((len(frames), frames.dim), np.float32)
    for first, last in _blocks(frames):
        offsets = frames.offsets[first : last + 1]
        part = np.asarray(frames.vectors[int(offsets[0]) : int(offsets[-1])], dtype=np.float64)
        vectors[first:last] = _reduced(part, offsets - offsets[0], way)
    return Embeddings(vectors, frames.ids, frames.modality, frames.space)


def _single(frames: FrameEmbeddings) -> Embeddings:
    several = np.flatnonzero(frames.counts != 1)
    if len(several):
        row = int(several[0])
        raise InputError(
            f"{frames.modality} {frames.ids[row]} has {frames.counts[row]} frames; "
            "aggregate by mean, median or max"
        )
    return Embeddings(frames.vectors, frames.ids, frames.modality, frames.space, frames.location)


def _reduced(
    part: NDArray[np.float64], offsets: NDArray[np.int64], way: Aggregation
) -> NDArray[np.float64]:
    counts = np.diff(offsets)
    if way is Aggregation.MAX:
        highest: NDArray[np.float64] = np.maximum.reduceat(part, offsets[:-1], axis=0)
        return highest
    if way is Aggregation.MEAN:
        sums: NDArray[np.float64] = np.add.reduceat(part, offsets[:-1], axis=0)
        return sums / counts[:, None]
    medians = np.empty((len(counts), part.shape[1]))
    for count in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == count)
        places = offsets[rows][:, None] + np.arange(count)
        medians[rows] = np.median(part[places], axis=1)
    return medians


def _blocks(frames: FrameEmbeddings) -> list[tuple[int, int]]:
    """Return ranges of items whose frames fit into a block, at least one item each."""
    limit = max(1, _BLOCK_BYTES // (8 * max(1, frames.dim)))
    blocks, first = [], 0
    while first < len(frames):
        fits = np.searchsorted(frames.offsets, frames.offsets[first] + limit, side="right") - 1
        last = max(first + 1, int(fits))
        blocks.append((first, last))
        first = last
    return blocks


def _has_frames(record: Record) -> bool:
    return f"{record.path.stem}.offsets.npy" in record.files


def _read(root: Path, record: Record) -> FrameEmbeddings:
    name = record.path.stem
    rows = record.fields["rows"]
    return FrameEmbeddings(
        map_array(root / f"{name}.npy", FLOATS, (None, record.fields["dim"])),
        read_array(root / f"{name}.offsets.npy", I64, (rows + 1,)),
        read_array(root / f"{name}.ids.npy", IDS, (rows,)),
        Modality(record.fields["modality"]),
        str(record.fields["space"]),
    )


def _stacked(parts: Sequence[FrameEmbeddings], root: Path) -> FrameEmbeddings:
    if len({(part.space, part.modality) for part in parts}) > 1:
        raise InputError("shards of different spaces")
    filled = [part for part in parts if len(part)] or [parts[0]]
    if len(filled) == 1:
        return filled[0]
    # Whatever takes vectors takes rows by slices, flags and numbers, which these have.
    vectors = cast("NDArray[Any]", StackedRows([part.vectors for part in filled]))
    counts = np.concatenate([part.counts for part in filled])
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    ids = as_ids(np.concatenate([part.ids for part in filled]))
    location = "/".join(("embeddings", *root.resolve().parts[-2:]))
    return FrameEmbeddings(vectors, offsets, ids, filled[0].modality, filled[0].space, location)


def _frames(item: ArrayLike, row: int) -> NDArray[Any]:
    try:
        array = np.asarray(item)
    except ValueError:
        raise InputError("frames of different lengths", row=row) from None
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or not array.size:
        seen = f"{array.dtype} {array.shape}"
        raise InputError("no frames", row=row, expected="numbers (frames, dim)", seen=seen)
    return array if array.ndim == 2 else array[None, :]


def _require_finite(
    vectors: NDArray[Any], offsets: NDArray[np.int64], order: NDArray[np.int64]
) -> None:
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        frame = int(np.argmin(finite))
        item = int(np.searchsorted(offsets, frame, side="right")) - 1
        raise InputError("vectors must be finite", row=int(order[item]))
