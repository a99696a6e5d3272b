"""One fold of a cross-validation over concepts: what the chain would score on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.retrieval_suite import Evaluation
from pentad.pipeline.frozen import Frozen, held_out_units
from pentad.pipeline.heldout import evaluate_model
from pentad.pipeline.learned import (
    baseline_models,
    bridge_data,
    learn_model,
)
from pentad.pipeline.making import Making
from pentad.pipeline.models import FINAL
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.plan import EncoderPlan
from pentad.pipeline.trained import fit_gates, train_model


def judge_fold(
    plan: EncoderPlan,
    frozen: Frozen,
    class_names: Mapping[str, NDArray[np.float32]],
    *,
    fold: int,
    seed: int,
    k: int = 16,
) -> tuple[Evaluation, Evaluation, Evaluation, Evaluation]:
    """Learn on the other folds and judge this one.

    Returns:
        What the model, its bridge alone, ridge and the class names alone score.
    """
    training, judged = frozen.split(held_out_units(frozen.units, seed, fold=fold))
    data = bridge_data(training, class_names)
    bridge, choices = learn_model(plan, data, seed=seed)
    making = Making(NeighborOptions(k=k), seed=seed)
    groups = making.make(bridge, training)
    gates = fit_gates(plan, training, class_names, making=making, seed=seed, choices=choices)
    model, _ = train_model(bridge, training, groups, gates, name=FINAL, seed=seed)
    baselines, _ = baseline_models(plan, data, seed=seed)
    systems = (model, bridge, baselines["ridge"], baselines["bridge"])
    first, second, third, fourth = (evaluate_model(judged, s, seed) for s in systems)
    return first, second, third, fourth
