"""Trained heads on a bridge: how much of them helps is found on inner folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.core.seeds import derive_seed
from pentad.encoders.model import Model
from pentad.groups.groups import Groups
from pentad.pipeline.frozen import Frozen, held_out_units
from pentad.pipeline.learned import (
    Choices,
    bridge_data,
    learn_model,
    project,
)
from pentad.pipeline.making import Making
from pentad.pipeline.plan import EncoderPlan
from pentad.training.data import MISSING, TrainingData
from pentad.training.gates import HeldOut, choose_gate, with_gates
from pentad.training.settings import TrainSettings
from pentad.training.train import train_heads

Gates = Mapping[Modality, float]

INNER_FOLDS = 3


def fit_gates(
    plan: EncoderPlan,
    frozen: Frozen,
    class_names: Mapping[str, NDArray[np.float32]],
    *,
    making: Making,
    seed: int,
    choices: Choices | None = None,
    settings: TrainSettings | None = None,
) -> dict[Modality, float]:
    """Return how much of a trained correction helps, by inner folds of ``frozen`` alone.

    On each inner fold bridge, neighbors, groups and heads are made without the fold's concepts.
    Where the folds do not clearly favour the heads, every gate is 0 and the model is its bridge.

    Args:
        plan: The encoders.
        frozen: Training items only.
        class_names: Class-name vectors.
        making: How neighbors and groups are made.
        seed: Decides folds and training.
        choices: Weights of the bridge; None chooses them on every fold.
        settings: How heads are trained.
    """
    folds = []
    inner_seed = derive_seed(seed, "gates")
    for fold in range(INNER_FOLDS):
        held = held_out_units(frozen.units, inner_seed, fold=fold, folds=INNER_FOLDS)
        training, judged = frozen.split(held)
        if not _has_pairs(training) or not _has_pairs(judged):
            continue
        data = bridge_data(training, class_names)
        bridge, _ = learn_model(plan, data, seed=seed, choices=_known(choices, data.pairs))
        groups = making.make(bridge, training)
        heads = train_heads(_data(bridge, training, groups), settings, seed=seed).heads
        judged = _within(judged, bridge)
        folds.append(HeldOut(heads, _data(bridge, judged, None), _caption_units(judged)))
    if not folds:
        return {}
    return dict(choose_gate(folds, seed=seed).gates)


def train_model(
    bridge: Model,
    frozen: Frozen,
    groups: Groups,
    gates: Gates,
    *,
    name: str,
    seed: int,
    settings: TrainSettings | None = None,
    progress: Progress = SILENT,
) -> tuple[Model, list[dict[str, Any]]]:
    """Return the bridge with heads trained on the groups, and the metrics of training.

    Where every gate is 0 nothing is trained: no head would be used.
    """
    if not any(gates.values()):
        return replace(bridge, name=name), []
    trained = train_heads(_data(bridge, frozen, groups), settings, seed=seed, progress=progress)
    used = {m: head for m, head in with_gates(trained.heads, gates).items() if head.gate > 0}
    return replace(bridge, name=name, heads=used), [dict(row) for row in trained.metrics]


def _known(choices: Choices | None, pairs: Mapping[Modality, Any]) -> Choices | None:
    return choices if choices is not None and set(pairs) <= set(choices) else None


def _has_pairs(frozen: Frozen) -> bool:
    return any(len(frozen.pairs(m)) for m in frozen.features if m is not Modality.TEXT)


def _within(frozen: Frozen, model: Model) -> Frozen:
    known = {m: f for m, f in frozen.features.items() if m in model.modalities}
    return replace(frozen, features=known)


def _data(bridge: Model, frozen: Frozen, groups: Groups | None) -> TrainingData:
    """Return where the bridge puts everything, and what belongs together."""
    features = {
        m: frozen.features[m] for m in Modality if m in frozen.features and m in bridge.modalities
    }
    table, ranks = _group_rows(groups, {m: f.ids for m, f in features.items()})
    keys = frozen.caption_keys()
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return TrainingData(
        vectors={m: project(bridge, f) for m, f in features.items()},
        groups=table,
        pairs={m: frozen.pairs(m)[:, :2] for m in features if m is not Modality.TEXT},
        caption_keys=np.array([number[key] for key in keys], dtype=np.int64),
        ranks=ranks,
    )


def _group_rows(
    groups: Groups | None, ids: Mapping[Modality, NDArray[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    if groups is None:
        return np.empty((0, len(ids)), np.int64), None
    table = groups.frame()
    columns = []
    for modality, known in ids.items():
        column = table[modality.id_column] if modality.id_column in table.columns else None
        rows = np.full(table.height, MISSING, np.int64)
        if column is not None:
            present = column.is_not_null().to_numpy()
            rows[present] = np.searchsorted(known, column.drop_nulls().to_numpy())
        columns.append(rows)
    return np.column_stack(columns), table["rank"].to_numpy().astype(np.int64)


def _caption_units(frozen: Frozen) -> NDArray[np.int64]:
    """Return a unit for each caption: that of its first native item, else one of its own."""
    captions = len(frozen.features[Modality.TEXT])
    units = np.arange(captions, dtype=np.int64) + len(frozen.units.labels)
    for modality in reversed([m for m in frozen.features if m is not Modality.TEXT]):
        pairs = frozen.pairs(modality)[::-1]
        units[pairs[:, 0]] = pairs[:, 2]
    return units
