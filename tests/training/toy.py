"""Small data for training: captions, and items that lie a rotation away from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.training.data import TrainingData

DIM = 12


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def rotated(rows: NDArray[np.float32], seed: int = 99, share: float = 0.6) -> NDArray[np.float32]:
    """Turn rows a part of the way to a random rotation of them, the same for the same seed."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(DIM, DIM)))
    return unit((1 - share) * rows + share * (rows @ turn))


def toy(
    rows: int = 120,
    *,
    seed: int = 0,
    media: Sequence[Modality] = (Modality.IMAGE,),
    groups: bool = False,
    shuffled: bool = False,
) -> TrainingData:
    """Caption i is native to item i of every medium; ``shuffled`` breaks that."""
    rng = np.random.default_rng(seed)
    captions = unit(rng.normal(size=(rows, DIM)))
    numbers = np.arange(rows)
    vectors = {Modality.TEXT: captions}
    pairs = {}
    for turn, modality in enumerate(media):
        vectors[modality] = rotated(captions, seed=99 + turn)
        partner = rng.permutation(rows) if shuffled else numbers
        pairs[modality] = np.column_stack([numbers, partner]).astype(np.int64)
    table = np.column_stack([numbers] * (1 + len(media))).astype(np.int64)
    return TrainingData(
        vectors,
        table if groups else table[:0],
        {} if groups else pairs,
        numbers.astype(np.int64),
    )


def hit_rate(captions: NDArray[np.float32], items: NDArray[np.float32]) -> float:
    """Share of captions whose own item is nearest."""
    return float(((captions @ items.T).argmax(axis=1) == np.arange(len(captions))).mean())
