"""Small spaces made by hand: classes around centers, each modality pushed aside by its own gap."""

from __future__ import annotations

import numpy as np

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.labelled import LabelledVectors


def make_space(
    modalities=("text", "image", "audio"), *, classes=4, per=6, dim=16, gap=0.0, noise=0.3, seed=0
):
    """Return vectors by modality; item i of each modality has caption ``cC number i``."""
    rng = generator(seed, "made")
    centers = rng.normal(size=(classes, dim))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    labels = np.repeat(np.arange(classes), per)
    keys = [f"c{c} number {i}" for i, c in enumerate(labels)]
    found = {}
    for name in modalities:
        aside = rng.normal(size=dim)
        aside *= gap / np.linalg.norm(aside)
        rows = centers[labels] + noise * rng.normal(size=(len(labels), dim)) + aside
        found[Modality(name)] = labelled(name, rows, keys, [f"c{c}" for c in labels])
    return found


def labelled(name, rows, keys=None, concepts=None):
    """Return vectors of one modality with a caption and a concept a row."""
    keys = [f"caption {i}" for i in range(len(rows))] if keys is None else keys
    if name == "text":
        return LabelledVectors.of_captions(keys, rows)
    return LabelledVectors.of_items(name, rows, captions=[[k] for k in keys], concepts=concepts)
