"""Pairs of items of one modality whose vectors are nearer than chance brings them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.curation.leakage.external_ids import NAME, external_id
from pentad.curation.leakage.kinds import What, pair_frame
from pentad.curation.leakage.side import Side
from pentad.curation.leakage.threshold import Threshold, calibrate
from pentad.curation.leakage.vectors import EmbeddingCheck
from pentad.curation.leakage.within import all_within
from pentad.embeddings.embeddings import Embeddings, require_same_space
from pentad.store.captions import caption_key
from pentad.store.items import Items

if TYPE_CHECKING:
    import polars as pl


def pairs_by_embedding(
    train: Side,
    vectors: tuple[Embeddings, Embeddings],
    check: EmbeddingCheck,
    modality: Modality,
) -> tuple[pl.DataFrame, Threshold]:
    """Return the pairs whose cosine reaches the threshold, and how that was found.

    Args:
        train: The training side; what is a duplicate within it is known from its items.
        vectors: Of the training and of the evaluation items, in one space.
        check: The threshold, or how it is set.
        modality: What is compared.

    Raises:
        SpaceMismatch: The vectors are of two spaces.
        InputError: A threshold cannot be set.
    """
    ours, theirs = vectors
    require_same_space(ours, theirs)
    if check.threshold is None:
        same = duplicate_groups(train.catalog.items(modality), ours)
        threshold = calibrate(ours, rate=check.rate, same=same, seed=check.seed)
    else:
        threshold = Threshold(check.threshold, "given")
    found = all_within(theirs, ours, threshold.value)
    pairs = (
        (mine, other, min(1.0, max(0.0, score)), 1 - score, f"cosine {score:.4f}")
        for mine, other, score in found
    )
    above = len({mine for mine, _, _ in found})
    threshold = replace(threshold, eval_above=above, eval_items=len(theirs))
    return pair_frame(What.NEIGHBOR, (modality, modality), pairs), threshold


def duplicate_groups(items: Items, vectors: Embeddings) -> NDArray[np.int64]:
    """Return int64 (vectors,): equal numbers for items that are known to be the same.

    Captions are the same by their key, files by an external id, and else by their bytes.
    """
    rows = {number: row for row, number in enumerate(items.ids.tolist())}
    keys = _keys(items)
    numbers: dict[str, int] = {}
    out = np.empty(len(vectors), np.int64)
    for place, number in enumerate(vectors.ids.tolist()):
        row = rows.get(number)
        key = f"id {number}" if row is None else keys[row]
        out[place] = numbers.setdefault(key, len(numbers))
    return out


def _keys(items: Items) -> list[str]:
    if items.modality is Modality.TEXT:
        return [caption_key(caption) for caption in items.captions]
    found = (external_id(file) for file in items.frame["file"])
    return [
        content if one is None or one.scheme == NAME else f"{one.scheme} {one.value}"
        for content, one in zip(items.fingerprints, found, strict=True)
    ]
