"""One step of training: a batch of rows through the heads, the loss of each pair, AdamW."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pentad.core.modality import Modality
from pentad.core.seeds import derive_seed
from pentad.training.batches import Batch
from pentad.training.data import MISSING, Rows, TrainingData
from pentad.training.heads import ResidualHead, disturb
from pentad.training.loss import Relations, chunked_info_nce
from pentad.training.settings import TrainSettings


@dataclass(frozen=True)
class Compared:
    """Two modalities that are compared.

    Attributes:
        first: Column of the one.
        second: Column of the other.
        weight: Of their loss.
    """

    first: int
    second: int
    weight: float


@dataclass(frozen=True, eq=False)
class _Column:
    """The items of one modality in a batch.

    Attributes:
        frozen: (present, dim) as the bridge leaves them.
        moved: (present, dim) as the head leaves them.
        place: (rows,) where the item of a row of the batch stands in them.
    """

    frozen: Tensor
    moved: Tensor
    place: Rows


class Run:
    """Heads, temperature and optimizer of one run.

    Attributes:
        heads: By modality, for those that are compared.
        log_scale: ln(1 / temperature), learned, never decayed.
    """

    def __init__(
        self,
        data: TrainingData,
        settings: TrainSettings,
        compared: list[Compared],
        steps: int,
        seed: int,
    ) -> None:
        self._data, self._settings = data, settings
        self._compared, self._steps = compared, steps
        self._noise = torch.Generator().manual_seed(derive_seed(seed, "noise"))
        start = torch.Generator().manual_seed(derive_seed(seed, "heads"))
        columns = sorted({c for pair in compared for c in (pair.first, pair.second)})
        self._columns = {c: data.modalities[c] for c in columns}
        self.heads: dict[Modality, ResidualHead] = {
            m: ResidualHead(data.dim, settings.hidden, start) for m in self._columns.values()
        }
        self.log_scale = nn.Parameter(torch.tensor(-math.log(settings.temperature)))
        self._clamp()
        weights = [p for head in self.heads.values() for p in head.parameters()]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [self.log_scale], "weight_decay": 0.0},
                *([{"params": weights, "weight_decay": settings.weight_decay}] if weights else []),
            ],
            lr=settings.lr,
        )

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """Take step ``number`` (from 0) and return its loss, scale and learning rate."""
        rate = self._settings.lr * warmed_cosine(number, self._steps, self._settings.warmup)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = self._loss(batch)
        figures = {
            "loss": float(loss.detach()),
            "scale": math.exp(float(self.log_scale.detach())),
            "lr": rate,
        }
        if loss.requires_grad:
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            self._clamp()
        return figures

    def _clamp(self) -> None:
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(self._settings.max_scale))

    def _loss(self, batch: Batch) -> Tensor:
        """Return the weighted mean over the pairs that have two rows in the batch."""
        moved = {c: self._move(batch, c) for c in self._columns}
        total, weight = torch.zeros(()), 0.0
        for pair in self._compared:
            both = (batch.rows[:, [pair.first, pair.second]] != MISSING).all(axis=1)
            rows = np.flatnonzero(both)
            if len(rows) >= 2:
                total = total + pair.weight * self._pair_loss(batch, rows, pair, moved)
                weight += pair.weight
        return total / weight if weight else total

    def _move(self, batch: Batch, column: int) -> _Column:
        items = batch.rows[:, column]
        present = items != MISSING
        modality = self._columns[column]
        frozen = torch.from_numpy(self._data.vectors[modality][items[present]])
        seen = disturb(frozen, self._settings.dropout, self._settings.noise, self._noise)
        return _Column(frozen, self.heads[modality](frozen, seen), np.cumsum(present) - 1)

    def _pair_loss(
        self, batch: Batch, rows: Rows, pair: Compared, moved: dict[int, _Column]
    ) -> Tensor:
        first, second = moved[pair.first], moved[pair.second]
        left, right = torch.from_numpy(first.place[rows]), torch.from_numpy(second.place[rows])
        threshold = self._settings.false_negative
        frozen = () if threshold is None else (first.frozen[left], second.frozen[right])
        return chunked_info_nce(
            first.moved[left],
            second.moved[right],
            self.log_scale.exp(),
            Relations(self._keys(batch, rows, pair), frozen, threshold or 0.0),
            weights=torch.from_numpy(batch.weights[rows]),
            chunk=self._settings.chunk,
        )

    def _keys(self, batch: Batch, rows: Rows, pair: Compared) -> Tensor:
        """Return int64 (2 or 3, rows): the two items, and the caption where the row has one.

        Captions go by their key, so that equal captions are one whichever row of the text they are.
        """
        text = self._data.modalities.index(Modality.TEXT)
        captions = batch.rows[rows, text]
        # A row without a caption gets a key of its own, below all keys that data can have.
        alone = self._data.caption_keys.min(initial=0) - 1 - np.arange(len(rows))
        keys = self._data.caption_keys
        caption = np.where(captions != MISSING, keys[np.maximum(captions, 0)], alone)
        items = [batch.rows[rows, c] for c in (pair.first, pair.second) if c != text]
        return torch.from_numpy(np.stack([caption, *items]))


def warmed_cosine(step: int, steps: int, warmup: float) -> float:
    """Return the factor of the learning rate: up in a straight line, down as half a cosine."""
    rising = max(1, math.ceil(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1.0 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
