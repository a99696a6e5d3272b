"""In which order rows are seen: native pairs and groups, mixed by a fixed share, seeded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.training.data import MISSING, Rows, TrainingData
from pentad.training.settings import TrainSettings

_SHORTEST = 1e-6


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that are compared with one another.

    Attributes:
        rows: int64 (rows, modalities), -1 where an item is missing.
        weights: float32 (rows,).
    """

    rows: Rows
    weights: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Schedule:
    """All batches of a run.

    Attributes:
        native: The native pairs; each has two items.
        groups: The groups that are used.
        settings: Sizes and shares.
        seed: Decides the order.
    """

    native: Batch
    groups: Batch
    settings: TrainSettings
    seed: int

    @property
    def steps_an_epoch(self) -> int:
        """How many batches an epoch has: once through the native pairs, if they take part."""
        lead, share = self._lead
        return math.ceil(len(lead.rows) / max(1, round(share * self.settings.batch)))

    @property
    def steps(self) -> int:
        """How many batches there are in all."""
        return self.steps_an_epoch * self.settings.epochs

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches; sizes differ by at most one within an epoch."""
        share = self._native_share
        native = _Stream(self.native, generator(self.seed, "native-order"))
        groups = _Stream(self.groups, generator(self.seed, "group-order"))
        lead, lead_share = self._lead
        for _ in range(self.settings.epochs if self.steps else 0):
            for part in np.array_split(lead.rows, self.steps_an_epoch):
                total = len(part) / lead_share
                counts = round(share * total), round((1 - share) * total)
                yield _joined([native.take(counts[0]), groups.take(counts[1])])

    @property
    def _native_share(self) -> float:
        if not len(self.native.rows):
            return 0.0
        return self.settings.native_share if len(self.groups.rows) else 1.0

    @property
    def _lead(self) -> tuple[Batch, float]:
        share = self._native_share
        return (self.native, share) if share > 0 else (self.groups, 1.0)


def schedule(data: TrainingData, settings: TrainSettings, seed: int) -> Schedule:
    """Return the batches of a run. Rows with fewer than two items are left out."""
    weights = np.ones(len(data.groups), dtype=np.float32)
    if data.ranks is not None:
        used = data.ranks <= settings.max_rank
        weights = np.power(settings.rank_decay, data.ranks - 1.0).astype(np.float32) * used
    return Schedule(
        _usable(data, _native_rows(data)), _usable(data, data.groups, weights), settings, seed
    )


def _native_rows(data: TrainingData) -> Rows:
    columns = data.modalities
    parts = [np.empty((0, len(columns)), dtype=np.int64)]
    for modality, pairs in data.pairs.items():
        part = np.full((len(pairs), len(columns)), MISSING, dtype=np.int64)
        part[:, columns.index(Modality.TEXT)] = pairs[:, 0]
        part[:, columns.index(Modality(modality))] = pairs[:, 1]
        parts.append(part)
    return np.vstack(parts)


def _usable(data: TrainingData, rows: Rows, weights: NDArray[np.float32] | None = None) -> Batch:
    known = rows.copy()
    for column, modality in enumerate(data.modalities):
        # The bridge has no direction for an item that is like the mean of its modality.
        blank = np.linalg.norm(data.vectors[modality], axis=1) < _SHORTEST
        present = known[:, column] != MISSING
        known[present, column] = np.where(
            blank[known[present, column]], MISSING, known[present, column]
        )
    share = np.ones(len(rows), dtype=np.float32) if weights is None else weights
    useful = ((known != MISSING).sum(axis=1) >= 2) & (share > 0)
    return Batch(known[useful], share[useful])


def _joined(parts: list[Batch]) -> Batch:
    return Batch(np.vstack([p.rows for p in parts]), np.concatenate([p.weights for p in parts]))


class _Stream:
    """Rows without end, in random order: each of them once before any comes again."""

    def __init__(self, batch: Batch, order: np.random.Generator) -> None:
        self._batch = batch
        self._order = order
        self._left = np.empty(0, dtype=np.int64)

    def take(self, count: int) -> Batch:
        """Return the next ``count`` rows."""
        while len(self._left) < count:
            again = self._order.permutation(len(self._batch.rows))
            self._left = np.concatenate([self._left, again])
        taken, self._left = self._left[:count], self._left[count:]
        return Batch(self._batch.rows[taken], self._batch.weights[taken])
