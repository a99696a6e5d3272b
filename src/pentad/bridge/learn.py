"""`learn_bridge`: from native pairs to a `BridgeMap`, in closed form, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.choose import Prepared, choose_weights
from pentad.bridge.data import BridgeData, BridgeSettings, Choice, NativePairs
from pentad.bridge.frame import fit_frame
from pentad.bridge.ridge import NormalEquations, accumulate
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.encoders.bridge_map import Array, BridgeMap, ClassScaling, ItemMap, TextFrame, unit

Choices = Mapping[Modality, Choice]


def learn_bridge(
    data: BridgeData,
    *,
    seed: int = 0,
    choices: Choices | None = None,
    settings: BridgeSettings | None = None,
) -> tuple[BridgeMap, dict[Modality, Choice]]:
    """Learn the map from every modality into the frame of captions.

    Args:
        data: Native pairs and class names.
        seed: Decides the inner folds.
        choices: Weights found before, to be used as they are; None chooses them on inner folds.
        settings: What to choose from.

    Returns:
        The bridge, and the weights of each modality.
    """
    fixed = settings or BridgeSettings()
    frame = fit_frame(data, fixed)
    fold_of = _deal(data, fixed.folds, seed)
    prepared = {m: _prepare(p, frame, fold_of, fixed) for m, p in data.pairs.items() if len(p)}
    chosen: dict[Modality, Choice] = {}
    items: dict[Modality, ItemMap] = {}
    for encoder in sorted({data.pairs[m].encoder for m in prepared}):
        group = [m for m in prepared if data.pairs[m].encoder == encoder]
        equations = _equations([prepared[m] for m in group], fixed.folds)
        weights = choices or _choose(data, prepared, group, frame, equations, fixed, seed)
        for modality in group:
            chosen[modality] = weights[modality]
            items[modality] = _item_map(
                data.pairs[modality], prepared[modality], equations, weights[modality]
            )
    ordered = {m: items[m] for m in Modality if m in items}
    notes = {m.value: vars(chosen[m]) for m in ordered}
    return BridgeMap(frame, ordered, notes), {m: chosen[m] for m in ordered}


def _deal(data: BridgeData, folds: int, seed: int) -> dict[int, int]:
    units = np.unique(np.concatenate([p.units for p in data.pairs.values()]))
    order = generator(seed, "bridge-folds").permutation(len(units))
    return {int(units[unit]): place % folds for place, unit in enumerate(order.tolist())}


def _prepare(
    pairs: NativePairs, frame: TextFrame, fold_of: Mapping[int, int], settings: BridgeSettings
) -> Prepared:
    features = unit(pairs.features)
    fold: NDArray[np.int64] = np.array([fold_of[u] for u in pairs.units.tolist()], dtype=np.int64)
    x = unit(features - features.mean(axis=0))
    return Prepared(x, frame.frame(pairs.texts), fold, _scaling(pairs, settings))


def _scaling(pairs: NativePairs, settings: BridgeSettings) -> ClassScaling | None:
    if pairs.classifier is None or pairs.scores is None:
        return None
    powers = np.maximum(np.asarray(pairs.scores, dtype=np.float64), 0.0) ** settings.power
    scale = np.maximum(powers.std(axis=0) + settings.floor * powers.std(), 1e-6)
    return ClassScaling(pairs.classifier, settings.power, powers.mean(axis=0), scale)


def _equations(group: list[Prepared], folds: int) -> NormalEquations:
    """Pool the modalities of one encoder; each one's mean caption is not to be explained."""
    return accumulate([(p.x, p.y - p.y.mean(axis=0), p.fold) for p in group], folds)


def _choose(
    data: BridgeData,
    prepared: Mapping[Modality, Prepared],
    group: list[Modality],
    frame: TextFrame,
    equations: NormalEquations,
    settings: BridgeSettings,
    seed: int,
) -> dict[Modality, Choice]:
    ridges: dict[tuple[int, float], Array] = {
        (fold, strength): equations.solve(strength, without=fold)
        for fold in range(settings.folds)
        for strength in settings.lambdas
    }
    return {
        m: choose_weights(data.pairs[m], prepared[m], frame, ridges, settings, seed) for m in group
    }


def _item_map(
    pairs: NativePairs, prepared: Prepared, equations: NormalEquations, choice: Choice
) -> ItemMap:
    return ItemMap(
        mean=unit(pairs.features).mean(axis=0),
        ridge=equations.solve(choice.strength) if choice.ridge > 0 else None,
        classes=prepared.classes,
        shared_at=pairs.shared_at,
        prior_weight=choice.prior,
        ridge_weight=choice.ridge,
        class_weight=choice.classes,
    )
