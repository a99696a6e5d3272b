"""The frame captions are looked at in: centred, and blind to how modalities differ as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.data import BridgeData, BridgeSettings, NativePairs, first_of_each
from pentad.encoders.bridge_map import Array, TextFrame, unit


def fit_frame(data: BridgeData, settings: BridgeSettings) -> TextFrame:
    """Return the frame of captions.

    The center is the mean over modalities of their mean caption, so that a modality with many
    captions does not decide it. The differences between those means are what a whole modality's
    captions have in common ("a turning view of ..."); they are projected out of every caption and
    every class name. A modality with few captions has no say, its mean would be about its things.
    """
    means = {m: _mean_caption(p) for m, p in data.pairs.items() if len(p)}
    large = [means[m] for m in means if _captions(data.pairs[m]) >= settings.min_captions]
    center = np.mean(large or list(means.values()), axis=0)
    basis = _differences(large, center)
    anchors = _anchors(data.class_names, basis)
    return TextFrame(center, basis, anchors, tuple(anchors), settings.threshold, settings.share)


def _captions(pairs: NativePairs) -> int:
    return len(first_of_each(pairs.keys))


def _mean_caption(pairs: NativePairs) -> Array:
    mean: Array = unit(pairs.texts[first_of_each(pairs.keys)]).mean(axis=0)
    return mean


def _differences(means: Sequence[Array], center: Array) -> Array:
    if len(means) < 2:
        return np.zeros((0, len(center)))
    _, sizes, rows = np.linalg.svd(np.stack(means) - center, full_matrices=False)
    kept = rows[: len(means) - 1][sizes[: len(means) - 1] > 1e-6]
    signs = np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])
    result: Array = kept * signs[:, None]
    return result


def _anchors(names: Mapping[str, NDArray[Any]], basis: Array) -> dict[str, Array]:
    anchors = {}
    for classifier in sorted(names):
        rows = unit(names[classifier])
        rows = rows - rows.mean(axis=0) if len(rows) > 1 else rows
        anchors[classifier] = unit(rows - (rows @ basis.T) @ basis)
    return anchors
