"""`train_heads`: from what belongs together to one projection head a modality."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.core.seeds import derive_seed
from pentad.encoders.heads import Head
from pentad.training.batches import Batch, Schedule, schedule
from pentad.training.data import MISSING, TrainingData
from pentad.training.heads import ResidualHead, disturb
from pentad.training.loss import Relations, chunked_info_nce
from pentad.training.settings import TrainSettings

Pair = tuple[int, int, float]
"""Columns of two modalities, and what comparing them weighs."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What training found.

    Attributes:
        heads: By modality, gate 1; a modality that was in no comparison has none.
        log_scale: ln(1 / temperature) at the end.
        metrics: One entry a step: ``step``, ``epoch``, ``loss`` and ``scale`` before the step, ``lr``.
    """

    heads: dict[Modality, Head]
    log_scale: float
    metrics: list[dict[str, float]]


def train_heads(
    data: TrainingData,
    settings: TrainSettings | None = None,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Trained:
    """Train one head a modality, so that what belongs together comes closer than what does not.

    The same bytes come out for the same data, settings, seed and machine type.

    Args:
        data: Vectors, groups and native pairs.
        settings: How; default `TrainSettings()`.
        seed: Decides the start, the order of the rows and what is dropped.
        progress: Where progress is shown.

    Raises:
        InputError: Training has diverged.
    """
    chosen = settings or TrainSettings()
    plan = schedule(data, chosen, seed)
    pairs = _pairs(data.modalities, plan, chosen)
    with _repeatable(chosen.threads):
        run = _Run(data, chosen, pairs, plan.steps, seed)
        with progress.task("train", plan.steps) as task:
            for batch in plan if pairs else ():
                run.step(batch, epoch=len(run.metrics) // plan.steps_an_epoch + 1)
                task.advance()
        heads = {m: head.export() for m, head in run.heads.items()}
    return Trained(heads, float(run.log_scale.detach()), run.metrics)


class _Run:
    """Heads, temperature and optimizer of one run."""

    def __init__(
        self, data: TrainingData, settings: TrainSettings, pairs: list[Pair], steps: int, seed: int
    ) -> None:
        self.data, self.settings, self.pairs, self.steps = data, settings, pairs, steps
        self.metrics: list[dict[str, float]] = []
        self.noise = torch.Generator().manual_seed(derive_seed(seed, "noise"))
        start = torch.Generator().manual_seed(derive_seed(seed, "heads"))
        used = sorted({column for first, second, _ in pairs for column in (first, second)})
        self.heads = {
            data.modalities[c]: ResidualHead(data.dim, settings.hidden, start) for c in used
        }
        self.log_scale = nn.Parameter(torch.tensor(-math.log(settings.temperature)))
        weights = [p for head in self.heads.values() for p in head.parameters()]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [*weights, self.log_scale][:-1], "weight_decay": settings.weight_decay},
                {"params": [self.log_scale], "weight_decay": 0.0},
            ],
            lr=settings.lr,
        )
        self._clamp()

    def step(self, batch: Batch, epoch: int) -> None:
        """Take one step and note the loss before it."""
        rate = self.settings.lr * _rate(len(self.metrics), self.steps, self.settings.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._loss(batch)
        self.metrics.append(
            {
                "step": len(self.metrics) + 1,
                "epoch": epoch,
                "loss": float(loss.detach()),
                "scale": math.exp(float(self.log_scale.detach())),
                "lr": rate,
            }
        )
        self.optimizer.zero_grad()
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self._clamp()

    def _clamp(self) -> None:
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(self.settings.max_scale))

    def _loss(self, batch: Batch) -> Tensor:
        """Return the weighted mean over the pairs of modalities that have two rows to compare."""
        moved = _Moved(self, batch)
        total, weight = torch.zeros(()), 0.0
        for first, second, share in self.pairs:
            rows = np.flatnonzero((batch.rows[:, [first, second]] != MISSING).all(axis=1))
            if len(rows) >= 2:
                total = total + share * self._pair_loss(batch, rows, first, second, moved)
                weight += share
        return total / weight if weight else total

    def _pair_loss(
        self, batch: Batch, rows: np.ndarray, first: int, second: int, moved: _Moved
    ) -> Tensor:
        return chunked_info_nce(
            moved.of(first, rows),
            moved.of(second, rows),
            self.log_scale.exp(),
            self._relations(batch, rows, first, second),
            weights=torch.from_numpy(batch.weights[rows]),
            chunk=self.settings.chunk,
        )
