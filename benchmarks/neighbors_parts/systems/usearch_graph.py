"""usearch: a graph over bf16 or eight-bit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.processes import threads_here
from neighbors_parts.systems.base import CONSTRUCTION, LINKS, K, Setting, steps
from neighbors_parts.vectors import Data


@dataclass(frozen=True)
class Usearch:
    """A graph of usearch by cosine.

    Attributes:
        dtype: How vectors are stored.
    """

    dtype: str = "bf16"
    links: int = LINKS
    construction: int = CONSTRUCTION
    package: str = "usearch"

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Add everything and write."""
        from usearch.index import Index

        items = data.items32
        index = Index(
            ndim=items.shape[1],
            metric="cos",
            dtype=self.dtype,
            connectivity=self.links,
            expansion_add=self.construction,
        )
        index.add(np.arange(len(items)), items, threads=threads_here())
        index.save(str(folder / "index.usearch"))
        told = f"{self.dtype}, connectivity {self.links}, expansion_add {self.construction}"
        return {"factory": told}

    def open(self, data: Data, folder: Path) -> UsearchSearcher:
        """Read the index."""
        from usearch.index import Index

        index = Index.restore(str(folder / "index.usearch"))
        return UsearchSearcher(index, data.queries32)


@dataclass
class UsearchSearcher:
    """A graph that was read; all queries go in at once."""

    index: Any
    queries: np.ndarray

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return lengths of the list of the best seen."""
        return [[{"expansion": expansion} for expansion in steps(16, 4096)]]

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Search with one list length."""
        self.index.expansion_search = setting["expansion"]
        found = self.index.search(self.queries[queries], K, threads=threads_here())
        rows = np.full((len(found.keys), K), -1, np.int64)
        rows[:, : found.keys.shape[1]] = found.keys
        return rows
