"""`TrainingData`: vectors of one common space, and which of them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality

Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]
MISSING = -1
_SLACK = 1e-2
_SHORTEST = 1e-6


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What heads are trained on, or judged by.

    Attributes:
        vectors: Modality -> float32 (items, dim), rows of length 1: where the bridge puts them;
            text is one of them. A row of zeros has no place and is passed over.
        groups: int64 (groups, modalities): rows of `vectors`, -1 where a group has no item; columns
            in the order of `vectors`.
        pairs: Modality -> int64 (pairs, 2): row of a caption, row of an item it is native to.
        caption_keys: int64 (captions,), equal where captions are equal.
        ranks: int64 (groups,) from 1, or None where all groups are of rank 1.
    """

    vectors: Mapping[Modality, Vectors]
    groups: Rows
    pairs: Mapping[Modality, Rows]
    caption_keys: Rows
    ranks: Rows | None = None

    def __post_init__(self) -> None:
        """Check everything once, so that nothing later has to."""
        if Modality.TEXT not in self.vectors:
            raise InputError("captions are needed to train", expected="text among the vectors")
        for modality, vectors in self.vectors.items():
            _check_vectors(modality, vectors, self.dim)
        _check_keys(self.caption_keys, len(self.vectors[Modality.TEXT]))
        _check_groups(self.groups, [len(v) for v in self.vectors.values()])
        _check_ranks(self.ranks, len(self.groups))
        for modality, pairs in self.pairs.items():
            self._check_pairs(modality, pairs)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors[Modality.TEXT].shape[-1])

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities in the order of the groups' columns."""
        return tuple(Modality(m) for m in self.vectors)

    def _check_pairs(self, modality: Modality, pairs: Rows) -> None:
        if modality == Modality.TEXT or modality not in self.vectors:
            raise InputError(
                f"pairs of {modality} have no items behind them",
                expected=", ".join(m for m in self.vectors if m != Modality.TEXT),
            )
        _check_table(pairs, 2, f"pairs of {modality}")
        if pairs.size:
            sizes = [len(self.vectors[Modality.TEXT]), len(self.vectors[modality])]
            _check_range(pairs, 0, sizes, f"pairs of {modality}")


def _check_vectors(modality: str, vectors: Vectors, dim: int) -> None:
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise InputError(
            f"vectors of {modality} are not as needed",
            expected="float32 (items, dim)",
            seen=f"{vectors.dtype} {vectors.shape}",
        )
    if vectors.shape[1] != dim or dim == 0:
        raise InputError(
            f"vectors of {modality} differ in length", expected=dim, seen=vectors.shape
        )
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise InputError(f"{len(bad)} vectors of {modality} are not finite; the first is {bad[0]}")
    lengths = np.linalg.norm(vectors, axis=1)
    odd = np.flatnonzero((np.abs(lengths - 1.0) > _SLACK) & (lengths > _SHORTEST))
    if len(odd):
        raise InputError(
            f"{len(odd)} vectors of {modality} are not of length 1; the first is {odd[0]}",
            seen=float(lengths[odd[0]]),
        )


def _check_keys(keys: Rows, captions: int) -> None:
    if keys.shape != (captions,) or keys.dtype != np.int64:
        raise InputError(
            "caption_keys must have one number a caption",
            expected=f"int64 ({captions},)",
            seen=f"{keys.dtype} {keys.shape}",
        )


def _check_groups(groups: Rows, sizes: list[int]) -> None:
    _check_table(groups, len(sizes), "groups")
    if groups.size:
        _check_range(groups, MISSING, sizes, "groups")


def _check_ranks(ranks: Rows | None, groups: int) -> None:
    if ranks is None:
        return
    if ranks.shape != (groups,) or ranks.dtype != np.int64:
        raise InputError(
            "ranks must have one number a group",
            expected=f"int64 ({groups},)",
            seen=f"{ranks.dtype} {ranks.shape}",
        )
    if groups and ranks.min() < 1:
        raise InputError("ranks count from 1", seen=int(ranks.min()))


def _check_table(table: Rows, columns: int, name: str) -> None:
    if table.ndim != 2 or table.shape[1] != columns or table.dtype != np.int64:
        raise InputError(
            f"{name} are not as needed",
            expected=f"int64 (rows, {columns})",
            seen=f"{table.dtype} {table.shape}",
        )


def _check_range(table: Rows, least: int, sizes: list[int], name: str) -> None:
    wrong = np.argwhere((table < least) | (table >= np.asarray(sizes)))
    if len(wrong):
        row, column = (int(i) for i in wrong[0])
        raise InputError(
            f"{name} name a row that is not there (row {row}, column {column})",
            expected=f"{least}..{sizes[column] - 1}",
            seen=int(table[row, column]),
        )
