"""Groups in batches of ids for training, in an order that a seed decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.seeds import generator

BLOCK = 1 << 16

Ids = NDArray[np.uint32]
Columns = tuple[Ids, Mapping[Modality, Ids]]


@dataclass(frozen=True, eq=False)
class GroupBatch:
    """Some groups by their ids.

    Attributes:
        text: u32 (groups,), ids of captions.
        items: Modality -> u32 (groups,), ids of items; 2 ** 32 - 1 where a group has none.
        ranks: u16 (groups,), from 1.
    """

    text: Ids
    items: dict[Modality, Ids]
    ranks: NDArray[np.uint16]

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.text)

    def take(self, rows: NDArray[np.int64] | slice) -> GroupBatch:
        """Return some of the groups."""
        items = {m: ids[rows] for m, ids in self.items.items()}
        return GroupBatch(self.text[rows], items, self.ranks[rows])


def iter_batches(
    ranks: Mapping[int, Columns],
    modalities: Sequence[Modality],
    *,
    batch: int,
    shuffle_blocks: int = 0,
    seed: int = 0,
    drop_last: bool = False,
) -> Iterator[GroupBatch]:
    """Yield the groups of all ranks, each of them once.

    The rows are cut into blocks of 65,536. Without shuffling they come in order. With it, blocks
    come in random order, and the rows of ``shuffle_blocks`` of them are mixed at a time: memory is
    that of so many blocks, and files are read in long stretches.

    Args:
        ranks: Rank -> its captions and items.
        modalities: Which items.
        batch: Groups in a batch; the last one may be shorter.
        shuffle_blocks: Blocks that are mixed; 0 keeps the order.
        seed: Decides the order; another one for each epoch.
        drop_last: Leave a shorter last batch out.

    Raises:
        InputError: A size is out of range.
    """
    if batch < 1:
        raise InputError("a batch has at least one group", seen=batch)
    if shuffle_blocks < 0:
        raise InputError("blocks to mix cannot be fewer than none", seen=shuffle_blocks)
    left: list[GroupBatch] = []
    waiting = 0
    for pool in _pools(ranks, modalities, shuffle_blocks, seed):
        start = 0
        while waiting + len(pool) - start >= batch:
            stop = start + batch - waiting
            yield _joined([*left, pool.take(slice(start, stop))])
            left, waiting, start = [], 0, stop
        if start < len(pool):
            left.append(pool.take(slice(start, len(pool))))
            waiting += len(pool) - start
    if left and not drop_last:
        yield _joined(left)


def _pools(
    ranks: Mapping[int, Columns], modalities: Sequence[Modality], mixed: int, seed: int
) -> Iterator[GroupBatch]:
    places = [
        (rank, start) for rank, (text, _) in ranks.items() for start in range(0, len(text), BLOCK)
    ]
    random = generator(seed, "group-batches")
    if mixed:
        places = [places[i] for i in random.permutation(len(places))]
    size = mixed or 1
    for first in range(0, len(places), size):
        chosen = places[first : first + size]
        pool = _joined([_block(ranks[rank], rank, start, modalities) for rank, start in chosen])
        yield pool.take(random.permutation(len(pool))) if mixed else pool


def _block(columns: Columns, rank: int, start: int, modalities: Sequence[Modality]) -> GroupBatch:
    text, items = columns
    part = slice(start, start + BLOCK)
    captions = np.array(text[part])
    found = {m: np.array(items[m][part]) for m in modalities}
    return GroupBatch(captions, found, np.full(len(captions), rank, np.uint16))


def _joined(parts: Sequence[GroupBatch]) -> GroupBatch:
    if len(parts) == 1:
        return parts[0]
    items = {m: np.concatenate([p.items[m] for p in parts]) for m in parts[0].items}
    text = np.concatenate([p.text for p in parts])
    return GroupBatch(text, items, np.concatenate([p.ranks for p in parts]))
