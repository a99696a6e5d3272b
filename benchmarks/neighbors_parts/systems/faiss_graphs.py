"""HNSW of faiss: over float32, over eight bits, and over eight bits with float32 rescoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.systems.base import CONSTRUCTION, LINKS, K, Setting, steps
from neighbors_parts.vectors import Data

_TRAINED_ON = 1 << 16


@dataclass(frozen=True)
class FaissGraph:
    """A graph of faiss.

    Attributes:
        storage: ``Flat`` or ``SQ8``.
        refined: Whether candidates are rescored from float32 vectors, kept beside.
    """

    storage: str = "Flat"
    refined: bool = False
    links: int = LINKS
    construction: int = CONSTRUCTION
    package: str = "faiss"

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Train on a sample, add everything, write."""
        import faiss

        items, by = data.items32, faiss.METRIC_INNER_PRODUCT
        stored = ",Flat" if self.storage == "Flat" else f"_{self.storage}"
        factory = f"HNSW{self.links}{stored}" + (",RFlat" if self.refined else "")
        index = faiss.index_factory(items.shape[1], factory, by)
        graph = faiss.downcast_index(index.base_index) if self.refined else index
        graph.hnsw.efConstruction = self.construction
        index.train(items[:: max(1, len(items) // _TRAINED_ON)])
        index.add(np.ascontiguousarray(items))
        faiss.write_index(index, str(folder / "index.faiss"))
        return {"factory": f"{factory}, efConstruction {self.construction}"}

    def open(self, data: Data, folder: Path) -> FaissSearcher:
        """Read the index."""
        import faiss

        index = faiss.read_index(str(folder / "index.faiss"))
        graph = faiss.downcast_index(index.base_index) if self.refined else index
        return FaissSearcher(index, graph, data.queries32, self.refined)


@dataclass
class FaissSearcher:
    """A graph that was read; all queries go in at once, as faiss shares them out itself."""

    index: Any
    graph: Any
    queries: np.ndarray
    refined: bool

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return lengths of the list of the best seen; with rescoring, also of what is rescored."""
        factors = (1, 2, 4) if self.refined else (None,)
        return [[{"efSearch": e, "k_factor": f} for e in steps(16, 4096)] for f in factors]

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Search with one list length."""
        self.graph.hnsw.efSearch = setting["efSearch"]
        if self.refined:
            self.index.k_factor = setting["k_factor"]
        return self.index.search(self.queries[queries], K)[1]
