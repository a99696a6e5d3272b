"""`train_heads`: from what belongs together to one projection head a modality."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.heads import Head
from pentad.training.batches import Schedule, schedule
from pentad.training.data import MISSING, TrainingData
from pentad.training.repeatable import repeatable
from pentad.training.settings import TrainSettings
from pentad.training.step import Compared, Run


@dataclass(frozen=True, eq=False)
class Trained:
    """What training found.

    Attributes:
        heads: By modality, gate 1; a modality that was in no comparison has none.
        log_scale: ln(1 / temperature) at the end.
        metrics: One entry a step: ``step``, ``epoch``, ``loss`` and ``scale`` before it, ``lr``.
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
    pairs = _compared(data, plan, chosen)
    metrics: list[dict[str, float]] = []
    with repeatable(chosen.threads):
        run = Run(data, chosen, pairs, plan.steps, seed)
        with progress.task("train", plan.steps if pairs else 0) as task:
            for number, batch in enumerate(plan if pairs else ()):
                epoch = number // plan.steps_an_epoch + 1
                metrics.append({"step": number + 1, "epoch": epoch, **run.step(batch, number)})
                task.advance()
        heads = {modality: head.export() for modality, head in run.heads.items()}
    return Trained(heads, float(run.log_scale.detach()), metrics)


def _compared(data: TrainingData, plan: Schedule, settings: TrainSettings) -> list[Compared]:
    """Return the pairs of modalities that have at least two rows in the whole plan."""
    found = []
    for (i, first), (j, second) in itertools.combinations(enumerate(data.modalities), 2):
        wanted = settings.pairs == "all" or Modality.TEXT in (first, second)
        weight = settings.weight_of(first, second)
        rows = sum(
            int((part.rows[:, [i, j]] != MISSING).all(axis=1).sum())
            for part in (plan.native, plan.groups)
        )
        if wanted and weight > 0 and rows >= 2:
            found.append(Compared(i, j, weight))
    return found
