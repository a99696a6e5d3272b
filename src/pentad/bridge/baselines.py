"""What a bridge and a model have to be compared with: plain ridge, and class names alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.data import BridgeData, BridgeSettings, NativePairs
from pentad.bridge.learn import Choices, learn_bridge
from pentad.core.modality import Modality
from pentad.encoders.bridge_map import BridgeMap, ClassScaling, ItemMap, TextFrame, unit

RIDGE = BridgeSettings(
    prior_weights=(0.0,),
    ridge_weights=(1.0,),
    class_weights=(0.0,),
    default=(0.0, 1.0, 0.0, 5.0),
    min_captions=math.inf,
    center=False,
)


def ridge_baseline(
    data: BridgeData, *, seed: int = 0, choices: Choices | None = None
) -> tuple[BridgeMap, Choices]:
    """Return a ridge regression from each modality's own frozen vectors to its captions' vectors.

    Features have unit length and are centred, captions are centred, the strength is chosen on inner
    folds over units unless ``choices`` holds it. No class names, nothing pooled, nothing projected
    out.
    """
    own = {m: _alone(m, pairs) for m, pairs in data.pairs.items()}
    return learn_bridge(BridgeData(own), seed=seed, choices=choices, settings=RIDGE)


def class_name_baseline(data: BridgeData) -> BridgeMap:
    """Return the bridge that needs no training: class-name vectors weighted by class scores.

    A modality whose encoder embeds text too is compared directly; one that has neither classes nor
    a shared space is left out.
    """
    width = next(iter(data.pairs.values())).texts.shape[1]
    anchors = {name: unit(rows) for name, rows in sorted(data.class_names.items())}
    frame = TextFrame(np.zeros(width), np.zeros((0, width)), anchors, (), 0.0)
    maps = {m: _untrained(pairs, anchors) for m, pairs in data.pairs.items()}
    return BridgeMap(frame, {m: item for m, item in maps.items() if item is not None})


def _alone(modality: Modality, pairs: NativePairs) -> NativePairs:
    return replace(pairs, encoder=modality.value, classifier=None, scores=None, shared_at=None)


def _untrained(pairs: NativePairs, anchors: Mapping[str, NDArray[Any]]) -> ItemMap | None:
    mean = np.zeros(pairs.features.shape[1])
    if pairs.shared_at is not None:
        return ItemMap(mean, None, None, pairs.shared_at, 1.0, 0.0, 0.0)
    if pairs.classifier is None:
        return None
    classes = len(anchors[pairs.classifier])
    scaling = ClassScaling(pairs.classifier, 1.0, np.zeros(classes), np.ones(classes))
    return ItemMap(mean, None, scaling, None, 1.0, 0.0, 0.0)
