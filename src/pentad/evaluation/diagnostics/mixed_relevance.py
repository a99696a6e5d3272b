"""What is relevant in a mixed list: items of any modality with the query's concept or caption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.space import NONE, Rows, Space, concept_codes
from pentad.neighbors.merge_modalities import NOTHING, Merged


class MixedRelevance:
    """Two rows of a space are relevant to one another if they share their concept or a caption.

    A caption's concept is that of most of its items. No row is relevant to itself.
    """

    def __init__(self, space: Space) -> None:
        """Number the concepts and captions of all rows, modality after modality."""
        from scipy.sparse import csr_array

        sizes = [len(part) for part in space.values()]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        self._start = dict(zip(space, starts.tolist(), strict=False))
        self._size = int(starts[-1])
        codes = concept_codes(space)
        self._concept = np.concatenate([codes[m] for m in space])
        self._modality = np.repeat(np.arange(len(sizes)), sizes)
        keys = [row for part in space.values() for row in part.captions]
        number = {key: n for n, key in enumerate(sorted({k for row in keys for k in row}))}
        columns = np.array([number[k] for row in keys for k in row], dtype=np.int64)
        rows = np.repeat(np.arange(self._size), [len(row) for row in keys])
        shape = (self._size, max(1, len(number)))
        self._captions = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)

    def found(self, modality: Modality, rows: Rows, merged: Merged) -> NDArray[np.bool_]:
        """Return (queries, k): which items of some lists are relevant to their query.

        Args:
            modality: Of the queries.
            rows: int64 (queries,), their rows in the space.
            merged: Lists whose ids are rows of the space.
        """
        offsets = np.array([self._start[m] for m in merged.modalities], dtype=np.int64)
        there = merged.which != NOTHING
        items = np.where(there, merged.ids + offsets[np.maximum(merged.which, 0)], 0)
        asked = np.repeat(rows + self._start[modality], merged.ids.shape[1])
        found = self._related(asked, items.ravel()).reshape(items.shape)
        relevant: NDArray[np.bool_] = found & there
        return relevant

    def available(self, modality: Modality, rows: Rows) -> NDArray[np.bool_]:
        """Return (queries, modalities of the space): where a query has anything relevant."""
        asked = rows + self._start[modality]
        count = self._modality.max() + 1
        kinds = np.eye(count)[self._modality]
        by_caption = self._captions[asked] @ (self._captions.T @ kinds)
        by_caption -= (self._captions[asked].sum(axis=1)[:, None]) * kinds[asked]
        concepts = self._concept[asked]
        table = np.zeros((self._concept.max() + 2, count), dtype=np.int64)
        np.add.at(table, (self._concept, self._modality), 1)
        by_concept = np.where((concepts != NONE)[:, None], table[concepts] - kinds[asked], 0)
        available: NDArray[np.bool_] = np.asarray(by_caption + by_concept) > 0
        return available

    def _related(self, left: Rows, right: Rows) -> NDArray[np.bool_]:
        same = (self._concept[left] == self._concept[right]) & (self._concept[left] != NONE)
        shared: Any = self._captions[left].multiply(self._captions[right]).sum(axis=1)
        related: NDArray[np.bool_] = (same | (np.asarray(shared).ravel() > 0)) & (left != right)
        return related


def fair_weights(space: Space) -> Mapping[Modality, float]:
    """Return how many items each modality has, for a quota in proportion to the corpus."""
    return {m: float(len(part)) for m, part in space.items()}
