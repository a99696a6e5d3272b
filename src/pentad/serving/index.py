"""`Index`: exact search in memory over items of several modalities in one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embeddings import Embeddings, require_same_space
from pentad.encoders.protocol import Encoder, space_of
from pentad.media.types import Audio, Image, Media, Points, Video, Views
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import get_metric
from pentad.serving.labels import Labels, label_items, texts_among

if TYPE_CHECKING:
    import polars as pl

    from pentad.store.items import Items, Pairs

_KINDS: dict[type, Modality] = {
    str: Modality.TEXT,
    Image: Modality.IMAGE,
    Audio: Modality.AUDIO,
    Video: Modality.VIDEO,
    Points: Modality.POINTS,
    Views: Modality.POINTS,
}


@dataclass(frozen=True)
class Hit:
    """One item that a search found.

    Attributes:
        modality: What it is.
        id: Its id within that modality.
        rank: From 1, within the hits of its modality.
        score: Cosine to the query.
        space: The space both were compared in.
        file: Where it lies, relative to its source; None for a caption or where not known.
        captions: Its captions; None where not known.
    """

    modality: Modality
    id: int
    rank: int
    score: float
    space: str
    file: str | None = None
    captions: tuple[str, ...] | None = None


class Index:
    """Embeddings of several modalities in one space, ready to be searched.

    Everything is held in memory; a search may run in any number of threads at once.
    """

    def __init__(
        self,
        embeddings: Mapping[Modality, Embeddings],
        model: Encoder | None = None,
        labels: Mapping[Modality, pl.DataFrame | Labels] | None = None,
    ) -> None:
        """Prepare an index.

        Args:
            embeddings: One for each modality, all of one space and one length.
            model: What encodes queries; without it only vectors can be searched for.
            labels: Files and captions to show with hits, columns as `Labels` says.

        Raises:
            SpaceMismatch: Two embeddings, or the model, are of different spaces.
            InputError: There are no embeddings, or one stands under another modality.
        """
        parts = {as_modality(name): part for name, part in embeddings.items()}
        _require_one_space(parts, model)
        first = _widest(parts)
        self.space, self.dim, self.model = first.space, first.dim, model
        self.modalities = tuple(m for m in Modality if m in parts)
        self._ids = {m: part.ids for m, part in parts.items()}
        self._search = {
            m: ExactSearch(part.vectors, get_metric("cosine"), memory=None)
            for m, part in parts.items()
        }
        self._labels = {
            as_modality(name): table
            if isinstance(table, Labels)
            else Labels(as_modality(name), table)
            for name, table in (labels or {}).items()
        }

    @classmethod
    def build(
        cls,
        model: Encoder,
        items: Sequence[Items],
        *,
        pairs: Pairs | None = None,
        workers: int | None = None,
        progress: Progress = SILENT,
    ) -> Index:
        """Embed items and index them.

        Args:
            model: Encodes the items now, and queries later.
            items: One for each modality.
            pairs: Native pairs, so that files show their captions (when ``items`` has those too).
            workers: Decoder processes; default one a processor.
            progress: Where to report; items that cannot be encoded are told as notices.

        Raises:
            InputError: Two of one modality, or one that the model does not know.
        """
        if len({part.modality for part in items}) < len(items):
            names = ", ".join(part.modality for part in items)
            raise InputError("an index takes one table of items for each modality", seen=names)
        from pentad.embeddings.embed import embed

        embeddings = {
            part.modality: embed(part, model, workers=workers, progress=progress) for part in items
        }
        texts = texts_among(items)
        return cls(embeddings, model, {p.modality: label_items(p, texts, pairs) for p in items})

    def __len__(self) -> int:
        """Return how many items there are, of all modalities."""
        return sum(len(ids) for ids in self._ids.values())

    def search(
        self,
        query: Media | NDArray[Any],
        *,
        modality: str | None = None,
        query_modality: str | None = None,
        k: int = 10,
    ) -> list[Hit]:
        """Return the items closest to a query.

        Args:
            query: A caption, a decoded file, or a vector (dim,) of the index's space.
            modality: What to search; None for everything. Scores of two modalities do not compare
                (text would lie before all else), so the hits then come as one list a modality after
                the other, in the usual order.
            query_modality: What the query is, where its type does not tell, such as a picture
                (`Image`) that shows a point cloud.
            k: Most hits of one modality.

        Returns:
            Hits by modality, then score descending, then id ascending.

        Raises:
            InputError: k is less than 1, the modality is not in the index, or the query cannot
                be encoded or is not a finite vector of the right length.
        """
        if k < 1:
            raise InputError("k must be at least 1", seen=k)
        searched = self._searched(modality)
        vector = self._vector(query, query_modality)
        return [hit for m in searched for hit in self._hits(m, vector, k)]

    def _searched(self, modality: str | None) -> tuple[Modality, ...]:
        if modality is None:
            return self.modalities
        wanted = as_modality(modality)
        if wanted not in self.modalities:
            known = ", ".join(self.modalities)
            raise InputError("no items of this modality are indexed", expected=known, seen=wanted)
        return (wanted,)

    def _hits(self, modality: Modality, vector: NDArray[np.float32], k: int) -> list[Hit]:
        ids = self._ids[modality]
        if not len(ids):
            return []
        rows, scores = self._search[modality].search(vector, min(k, len(ids)))
        found = zip(ids[rows[0]].tolist(), scores[0].tolist(), strict=True)
        return [
            Hit(modality, item, rank, score, self.space, *self._label(modality, item))
            for rank, (item, score) in enumerate(found, start=1)
        ]

    def _label(self, modality: Modality, item: int) -> tuple[str | None, tuple[str, ...] | None]:
        return self._labels[modality].of(item) if modality in self._labels else (None, None)

    def _vector(self, query: Media | NDArray[Any], modality: str | None) -> NDArray[np.float32]:
        """Return the query as a finite (1, dim) matrix."""
        if isinstance(query, np.ndarray):
            with np.errstate(over="ignore"):  # refused below
                rows = query.astype(np.float32).reshape(1, -1)
        else:
            rows = self._encode(query, modality)
        if rows.shape != (1, self.dim):
            raise InputError("a query must be one vector", expected=self.dim, seen=rows.shape[1])
        if not np.isfinite(rows).all():
            raise InputError("a query's vector must be finite")
        return rows

    def _encode(self, query: Media, modality: str | None) -> NDArray[np.float32]:
        if self.model is None:
            raise InputError("this index has no model to encode queries; search for a vector")
        kind = _kind(query) if modality is None else as_modality(modality)
        if kind not in self.model.modalities:
            raise InputError(
                f"model {self.model.name!r} cannot encode this query",
                expected=", ".join(self.model.modalities),
                seen=kind.value,
            )
        return self.model.encode([query], modality=kind)


def _widest(parts: Mapping[Modality, Embeddings]) -> Embeddings:
    """Return the embeddings that say how long a vector is: an empty part may not know."""
    return max(parts.values(), key=lambda part: (len(part) > 0, part.dim))


def _kind(query: Media) -> Modality:
    if type(query) not in _KINDS:
        expected = "a caption, a decoded file or a vector"
        raise InputError("not a query", expected=expected, seen=type(query).__name__)
    return _KINDS[type(query)]


def _require_one_space(parts: Mapping[Modality, Embeddings], model: Encoder | None) -> None:
    if not parts:
        raise InputError("an index needs the embeddings of at least one modality")
    first = _widest(parts)
    for modality, part in parts.items():
        require_same_space(first, part)
        if part.modality is not modality:
            raise InputError(
                "embeddings stand under another name", expected=modality, seen=part.modality
            )
        if len(part) and part.dim != first.dim:
            raise InputError(
                "vectors of one space must have one length", expected=first.dim, seen=part.dim
            )
    if model is not None and space_of(model) != first.space:
        raise SpaceMismatch(space_of(model), first.space)
