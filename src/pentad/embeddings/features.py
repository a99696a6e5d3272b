"""`Features`: what a bridge or a model sees of one modality: frozen vectors side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embed import encode_shard, load_class_scores, load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.shards import Failure, Shard, ShardFolder
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import Encoder, space_of
from pentad.store.items import Items
from pentad.store.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Features:
    """Frozen vectors of one modality; with several encoders, unit vectors side by side.

    Attributes:
        modality: What the items are.
        ids: (items,), ascending; only items that every encoder could encode.
        vectors: float32 (items, dim), unit rows of each encoder, in the order of `spaces`.
        spaces: The encoders' spaces.
        widths: How many columns each of them has.
        scores: float32 (items, classes) of the first encoder that names classes, or None.
        classifier: The space that the classes belong to, or None.
        dropped: Items that one encoder or another could not encode.
    """

    modality: Modality
    ids: NDArray[np.uint32] | NDArray[np.uint64]
    vectors: NDArray[np.float32]
    spaces: tuple[str, ...]
    widths: tuple[int, ...]
    scores: NDArray[np.float32] | None = None
    classifier: str | None = None
    dropped: int = 0

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.ids)

    def take(self, ids: ArrayLike) -> Features:
        """Return the rows of ``ids`` that are present, in id order."""
        keep = np.isin(self.ids, np.asarray(ids))
        scores = None if self.scores is None else self.scores[keep]
        return replace(self, ids=self.ids[keep], vectors=self.vectors[keep], scores=scores)


def join_features(parts: Sequence[Embeddings], scores: Sequence[Embeddings | None]) -> Features:
    """Put the embeddings of one modality side by side.

    Args:
        parts: One or more `Embeddings` of one modality, each of its own space.
        scores: For each of them its class scores, or None.

    Raises:
        InputError: There is none, they are of different modalities, or a vector is not finite.
    """
    if not parts:
        raise InputError("features need at least one encoder's embeddings")
    if len({p.modality for p in parts}) > 1:
        raise InputError("features are of one modality", seen=sorted({p.modality for p in parts}))
    ids = parts[0].ids
    for part in parts[1:]:
        ids = np.intersect1d(ids, part.ids)
    vectors = np.hstack([p.take(ids).unit() for p in parts])
    _require_finite(vectors, ids, parts)
    first = next((s for s in scores if s is not None), None)
    return Features(
        parts[0].modality,
        ids,
        vectors,
        tuple(p.space for p in parts),
        tuple(p.dim for p in parts),
        None if first is None else first.take(ids).vectors.astype(np.float32),
        None if first is None else first.space.removesuffix(".classes"),
        len(np.unique(np.concatenate([p.ids for p in parts]))) - len(ids),
    )


def _require_finite(
    vectors: NDArray[np.float32], ids: NDArray[Any], parts: Sequence[Embeddings]
) -> None:
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        first = ids[int(np.argmin(finite))]
        raise InputError(
            f"the vector of {parts[0].modality} {first} is not finite; embed it again",
            file=", ".join(p.location for p in parts) or None,
        )


def embed_features(
    items: Items,
    encoders: Sequence[Encoder],
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> tuple[Features, list[Failure]]:
    """Encode items now, in memory, with every encoder of their modality.

    Returns:
        The features of what could be encoded, possibly of no item, and what was refused.
    """
    shards = [
        encode_shard(items, e, options=EmbedOptions(workers), progress=progress) for e in encoders
    ]
    spaces = [space_of(e) for e in encoders]
    failures = {f.id: f for shard in shards for f in shard.failures}
    places = [""] * len(spaces)
    features = _side_by_side(shards, items.modality, spaces, places)
    return features, [failures[i] for i in sorted(failures)]


def load_features(workspace: Workspace, modality: str, spaces: Sequence[str]) -> Features:
    """Read the stored embeddings of one modality in these spaces, side by side."""
    return join_features(
        [load_embeddings(workspace, space, modality) for space in spaces],
        [load_class_scores(workspace, space, modality) for space in spaces],
    )


def stream_features(
    workspace: Workspace, modality: Modality, spaces: Sequence[str]
) -> Iterator[tuple[int, Features]]:
    """Yield number and features of one shard after the other; only one of them is in memory.

    Raises:
        StoreError: A shard is damaged.
    """
    places = [f"embeddings/{space}/{modality}" for space in spaces]
    folders = [ShardFolder(workspace.root / place) for place in places]
    everywhere = set.intersection(*(set(folder.numbers()) for folder in folders))
    for number in sorted(everywhere):
        shards = [folder.require(number) for folder in folders]
        yield number, _side_by_side(shards, modality, spaces, places)


def _side_by_side(
    shards: Sequence[Shard], modality: Modality, spaces: Sequence[str], places: Sequence[str]
) -> Features:
    """Return the features of what lies in one shard of each space; in memory, places are empty."""
    parts: list[Embeddings] = []
    scores: list[Embeddings | None] = []
    for shard, space, place in zip(shards, spaces, places, strict=True):
        parts.append(Embeddings(shard.vectors, shard.ids, modality, space, place))
        named, classes = shard.scores, f"{space}.classes"
        scores.append(None if named is None else Embeddings(named, shard.ids, modality, classes))
    return join_features(parts, scores)
