"""Frozen vectors in which a hidden likeness is planted, a different way in each modality."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.projection import ProjectionModel

HIDDEN = 8
WIDTHS = {"text": 24, "image": 16, "audio": 20, "points": 12}


def ids_of(rows: int) -> NDArray[np.int64]:
    """Ids with gaps, as published ones have."""
    return np.arange(rows) * 3 + 1


def world(rows: int, seed: int, *, kinds: int | None = None) -> dict[str, Embeddings]:
    """Items i of all modalities show the same thing.

    With ``kinds``, items i and i + kinds are of one kind: half of what they show is the same.
    """
    rng = np.random.default_rng(seed)
    shown = rng.normal(size=(rows, HIDDEN))
    if kinds is not None:
        shown[:, : HIDDEN // 2] = np.resize(shown[:kinds, : HIDDEN // 2], (rows, HIDDEN // 2))
    found = {}
    for number, (modality, width) in enumerate(WIDTHS.items()):
        turn = np.random.default_rng(100 + number).normal(size=(HIDDEN, width))
        seen = np.tanh(shown @ turn) + 0.05 * rng.normal(size=(rows, width))
        found[modality] = Embeddings.from_array(
            seen.astype(np.float16), modality=modality, space=f"toy-{modality}", ids=ids_of(rows)
        )
    return found


def aligned(rows: int, media: tuple[str, ...] = ("image", "audio", "points")) -> pl.DataFrame:
    """Groups of what belongs together."""
    ids = ids_of(rows)
    return pl.DataFrame({"text_id": ids, "rank": 1, **{f"{m}_id": ids for m in media}})


def hit_rate(model: ProjectionModel, features: Mapping[str, Embeddings], a: str, b: str) -> float:
    """Share of items of ``a`` whose own item of ``b`` is nearest."""
    left, right = (model.embed(features[m]).vectors.astype(np.float32) for m in (a, b))
    return float(((left @ right.T).argmax(axis=1) == np.arange(len(left))).mean())
