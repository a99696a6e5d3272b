"""The loop that trains projection heads: batches, the loss of each comparison, AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from pentad.core.modality import Modality
from pentad.core.progress import Progress
from pentad.core.seeds import generator
from pentad.training.projection_order import Order
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_towers import Towers, diverged
from pentad.training.step import warmed_cosine

Metrics = list[dict[str, float]]
LOSS_OF = "loss."
"""Stands before the name of a comparison in the metrics: ``loss.text-image``."""


class Rows(Protocol):
    """What heads are trained on: `GroupRows` or `RatedPairs`."""

    @property
    def pairs(self) -> dict[str, int]: ...  # noqa: D102
    @property
    def modalities(self) -> tuple[Modality, ...]: ...  # noqa: D102
    @property
    def steps_an_epoch(self) -> int: ...  # noqa: D102

    def __len__(self) -> int: ...

    def epoch(self, rng: np.random.Generator) -> Iterator[Order]:
        """Yield the batches of one epoch."""

    def losses(self, batch: Order, towers: Towers) -> dict[str, Tensor]:
        """Return the loss of each comparison in a batch."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        metrics: A row a step: ``step``, ``epoch``, ``lr``, and before the step ``loss``, ``scale``
            and the loss of each comparison.
        epochs: How many epochs there were.
    """

    metrics: Metrics
    epochs: int

    def last_epoch(self) -> dict[str, float]:
        """Return the mean of each loss over the last epoch."""
        rows = [row for row in self.metrics if row["epoch"] == self.epochs]
        names = dict.fromkeys(n for row in rows for n in row if n.startswith("loss"))
        return {n: float(np.mean([row[n] for row in rows if n in row])) for n in names}


def run(
    rows: Rows, towers: Towers, settings: FitSettings, seed: int, progress: Progress
) -> Outcome:
    """Train the heads in place.

    Raises:
        InputError: Training has diverged.
    """
    steps = rows.steps_an_epoch * settings.epochs
    trained = [m for m in rows.modalities if m in towers.heads]
    optimizer = _optimizer(towers, trained, settings)
    _clamp(towers, settings)
    metrics: Metrics = []
    with progress.task("train", steps) as task:
        for epoch in range(settings.epochs):
            for batch in rows.epoch(generator(seed, "order", epoch)):
                rate = settings.lr * warmed_cosine(len(metrics), steps, settings.warmup)
                row = _step(rows, batch, towers, optimizer, rate)
                _clamp(towers, settings)
                metrics.append({"step": len(metrics) + 1, "epoch": epoch + 1, **row})
                task.advance()
    return Outcome(metrics, settings.epochs)


def _step(
    rows: Rows, batch: Order, towers: Towers, optimizer: torch.optim.Optimizer, rate: float
) -> dict[str, float]:
    losses = rows.losses(batch, towers)
    figures = {"lr": rate, "scale": float(towers.scale.detach())}
    if not losses:
        return figures
    loss = torch.stack(list(losses.values())).mean()
    figures["loss"] = float(loss.detach())
    figures |= {LOSS_OF + name: float(each.detach()) for name, each in losses.items()}
    if not math.isfinite(figures["loss"]):
        raise diverged()
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return figures


def _optimizer(
    towers: Towers, trained: list[Modality], settings: FitSettings
) -> torch.optim.Optimizer:
    heads = [towers.heads[m] for m in trained]
    matrices = [p for head in heads for p in (head.inner, head.outer)]
    others = [p for head in heads for p in (head.inner_bias, head.outer_bias)]
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": [*others, towers.log_scale], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.lr)


def _clamp(towers: Towers, settings: FitSettings) -> None:
    with torch.no_grad():
        towers.log_scale.clamp_(max=math.log(settings.max_scale))
