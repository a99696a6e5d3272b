"""Scores on held-out concepts: everything is learned from the other concepts alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.model import Model
from pentad.evaluation.report import Report
from pentad.evaluation.retrieval_suite import (
    Evaluation,
    compare,
    evaluate_vectors,
    shuffled_control,
)
from pentad.evaluation.scores import Skipped
from pentad.pipeline.frozen import Frozen
from pentad.pipeline.judge import labelled
from pentad.pipeline.learned import project


@dataclass(frozen=True, eq=False)
class Judged:
    """What systems score on the same items.

    Attributes:
        evaluations: By system.
        control: The last system with captions shuffled among items.
    """

    evaluations: Mapping[str, Evaluation]
    control: Evaluation | None


def judge(
    frozen: Frozen,
    model: Model,
    baselines: Mapping[str, Model],
    *,
    seed: int,
    control: bool = True,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = SILENT,
) -> Report:
    """Return a report on the items of ``frozen`` for a model, its baselines and a shuffled control.

    Raises:
        InputError: There is nothing to evaluate.
    """
    own = evaluate_model(frozen, model, seed, progress)
    others = {
        name: evaluate_model(frozen, baseline, seed)
        for name, baseline in baselines.items()
        if _known_media(frozen, baseline)
    }
    vectors = labelled(_known(frozen, model), lambda f: project(model, f), model.name)
    shuffled = shuffled_control(vectors, seed=seed) if control else None
    return Report(
        scores=own.scores,
        baselines={name: e.scores for name, e in others.items()},
        controls={} if shuffled is None else {"shuffled": shuffled.scores},
        differences={name: compare(own, e, seed=seed) for name, e in others.items()},
        skipped=(*_unknown(frozen, model), *own.skipped),
        settings=dict(settings or {}),
    )


def evaluate_model(
    frozen: Frozen, model: Model, seed: int, progress: Progress = SILENT
) -> Evaluation:
    """Return what one model scores on the items of ``frozen``."""
    known = _known(frozen, model)
    vectors = labelled(known, lambda f: project(model, f), model.name)
    return evaluate_vectors(vectors, seed=seed, progress=progress)


def _known(frozen: Frozen, model: Model) -> Frozen:
    return replace(
        frozen, features={m: f for m, f in frozen.features.items() if m in model.modalities}
    )


def _known_media(frozen: Frozen, model: Model) -> bool:
    """Return whether a baseline has any rows: class names know nothing without a classifier."""
    return any(m in model.modalities for m in frozen.features if m is not Modality.TEXT)


def _unknown(frozen: Frozen, model: Model) -> list[Skipped]:
    return [
        Skipped(m.value, f"model {model.name!r} does not encode it")
        for m in Modality
        if m in frozen.features and m not in model.modalities
    ]


def has_both_sides(frozen: Frozen, held: np.ndarray[Any, np.dtype[np.bool_]]) -> bool:
    """Return whether some modality has captioned items on both sides of a split."""
    training, judged = (
        {m for m in part.features if m is not Modality.TEXT and len(part.pairs(m))}
        for part in frozen.split(held)
    )
    return bool(training & judged)
