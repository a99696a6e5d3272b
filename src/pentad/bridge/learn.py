"""`learn_bridge`: from native pairs to a `BridgeMap`, in closed form and reproducible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pentad.bridge.choose import Prepared, choose_strength, choose_weights
from pentad.bridge.data import (
    BridgeData,
    BridgeSettings,
    Choice,
    NativePairs,
    first_of_each,
    sample_rows,
)
from pentad.bridge.frame import fit_frame
from pentad.bridge.ridge import Ridge, make_ridge
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.encoders.bridge_map import BridgeMap, ClassScaling, ItemMap, TextFrame, unit

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
        choices: Weights found before, to be used as they are; those of other modalities are chosen
            on inner folds.
        settings: What to choose from.

    Returns:
        The bridge, and the weights of each modality.
    """
    fixed = settings or BridgeSettings()
    # Small systems: more threads cost more than they give, and the bytes would depend on how many.
    with threadpool_limits(1):
        return _learn(data, fixed, choices, seed)


def _learn(
    data: BridgeData, settings: BridgeSettings, choices: Choices | None, seed: int
) -> tuple[BridgeMap, dict[Modality, Choice]]:
    frame = fit_frame(data, settings)
    fold_of = _deal(data, settings.folds, seed)
    prepared = {m: _prepare(p, frame, fold_of, settings) for m, p in data.pairs.items() if len(p)}
    chosen: dict[Modality, Choice] = {}
    items: dict[Modality, ItemMap] = {}
    for encoder in sorted({p.pairs.encoder for p in prepared.values()}):
        group = [m for m in prepared if prepared[m].pairs.encoder == encoder]
        ridge = _ridge([prepared[m] for m in group], settings.folds)
        weights = dict(choices or {})
        if not weights.keys() >= {*group}:
            weights = _choose(prepared, group, frame, ridge, settings, seed) | weights
        chosen |= {m: weights[m] for m in group}
        items |= {m: _item_map(prepared[m], ridge, weights[m]) for m in group}
    ordered = {m: items[m] for m in Modality if m in items}
    notes = {m.value: vars(chosen[m]) for m in ordered}
    bridge = BridgeMap(frame, ordered, notes)
    if settings.center:
        bridge = _take_means_off(bridge, prepared, settings, seed)
    return bridge, {m: chosen[m] for m in ordered}


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
    return Prepared(pairs, x, frame.frame(pairs.texts), fold, _scaling(pairs, settings))


def _scaling(pairs: NativePairs, settings: BridgeSettings) -> ClassScaling | None:
    if pairs.classifier is None or pairs.scores is None:
        return None
    powers = np.maximum(np.asarray(pairs.scores, dtype=np.float64), 0.0) ** settings.power
    scale = np.maximum(powers.std(axis=0) + settings.floor * powers.std(), 1e-6)
    return ClassScaling(pairs.classifier, settings.power, powers.mean(axis=0), scale)


def _ridge(group: Sequence[Prepared], folds: int) -> Ridge:
    """Pool the modalities of one encoder; each one's mean caption is not to be explained."""
    return make_ridge([(p.x, p.y - p.y.mean(axis=0), p.fold) for p in group], folds)


def _choose(
    prepared: Mapping[Modality, Prepared],
    group: Sequence[Modality],
    frame: TextFrame,
    ridge: Ridge,
    settings: BridgeSettings,
    seed: int,
) -> dict[Modality, Choice]:
    strength = choose_strength([prepared[m] for m in group], ridge, settings, seed)
    pool = sum(len(prepared[m].x) for m in group)
    return {
        m: choose_weights(prepared[m], frame, ridge, strength, pool, settings, seed) for m in group
    }


def _item_map(prepared: Prepared, ridge: Ridge, choice: Choice) -> ItemMap:
    return ItemMap(
        mean=unit(prepared.pairs.features).mean(axis=0),
        ridge=ridge.solve(choice.strength) if choice.ridge > 0 else None,
        classes=prepared.classes,
        shared_at=prepared.pairs.shared_at,
        prior_weight=choice.prior,
        ridge_weight=choice.ridge,
        class_weight=choice.classes,
    )


def _take_means_off(
    bridge: BridgeMap, prepared: Mapping[Modality, Prepared], settings: BridgeSettings, seed: int
) -> BridgeMap:
    """Return the bridge with the means of captions and of each modality's items taken off.

    A modality with few units keeps its mean: it would be about its things.
    """
    items, means = dict(bridge.items), []
    for modality, part in prepared.items():
        if part.units() < settings.min_units:
            continue
        pairs = part.pairs
        rows = sample_rows(len(pairs), settings.max_rows, seed)
        scores = None if pairs.scores is None else pairs.scores[rows]
        mapped = items[modality].raw(bridge.frame, pairs.features[rows], scores)
        items[modality] = replace(items[modality], offset=mapped.mean(axis=0))
        captions = pairs.texts[rows][first_of_each(pairs.keys[rows])]
        means.append(bridge.frame.raw(captions).mean(axis=0))
    frame: TextFrame = bridge.frame
    if means:
        frame = replace(frame, offset=np.mean(means, axis=0))
    return replace(bridge, frame=frame, items=items)
