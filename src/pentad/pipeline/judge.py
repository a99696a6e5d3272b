"""Vectors with the captions and concepts that judge them, from frozen features and a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.embeddings.features import Features
from pentad.evaluation.labelled import LabelledVectors
from pentad.pipeline.frozen import Frozen
from pentad.store.captions import caption_key
from pentad.store.items import Catalog

Project = Callable[[Features], NDArray[Any]]
"""Takes the frozen features of one modality to vectors of a common space."""


def labelled(frozen: Frozen, project: Project, space: str) -> dict[Modality, LabelledVectors]:
    """Return the vectors of everything in ``frozen``, with captions and concepts beside them."""
    texts = frozen.features.get(Modality.TEXT)
    result = {}
    if texts is not None and len(texts):
        keys = frozen.caption_keys()
        result[Modality.TEXT] = LabelledVectors.of_captions(
            keys, project(texts), ids=texts.ids, space=space
        )
    for modality, features in frozen.features.items():
        if modality is not Modality.TEXT and len(features):
            result[modality] = _items(frozen, features, project, space)
    return result


def _items(frozen: Frozen, features: Features, project: Project, space: str) -> LabelledVectors:
    items = frozen.catalog.items(features.modality).take(features.ids)
    captions = captions_of(frozen.catalog, features.modality)
    return LabelledVectors.of_items(
        features.modality,
        project(features),
        captions=[captions.get(i, ()) for i in features.ids.tolist()],
        concepts=items.frame["concept"].to_list(),
        ids=features.ids.astype(np.int64),
        space=space,
    )


def captions_of(catalog: Catalog, modality: str) -> Mapping[int, list[str]]:
    """Return item id -> the keys of its native captions."""
    texts = catalog.items(Modality.TEXT)
    key = {i: caption_key(c) for i, c in zip(texts.ids.tolist(), texts.captions, strict=True)}
    found: dict[int, list[str]] = {}
    for text_id, item_id in catalog.pairs.of(modality).tolist():
        if text_id in key:
            found.setdefault(item_id, []).append(key[text_id])
    return found
