"""hnswlib: a graph over float32 vectors."""

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
class Hnswlib:
    """A graph of hnswlib by inner product."""

    links: int = LINKS
    construction: int = CONSTRUCTION
    package: str = "hnswlib"

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Add everything and write."""
        import hnswlib

        items = data.items32
        index = hnswlib.Index(space="ip", dim=items.shape[1])
        index.init_index(len(items), ef_construction=self.construction, M=self.links)
        index.add_items(items, num_threads=threads_here())
        index.save_index(str(folder / "index.bin"))
        return {"factory": f"M {self.links}, ef_construction {self.construction}"}

    def open(self, data: Data, folder: Path) -> HnswlibSearcher:
        """Read the index."""
        import hnswlib

        index = hnswlib.Index(space="ip", dim=data.items32.shape[1])
        index.load_index(str(folder / "index.bin"))
        return HnswlibSearcher(index, data.queries32)


@dataclass
class HnswlibSearcher:
    """A graph that was read; all queries go in at once."""

    index: Any
    queries: np.ndarray

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return lengths of the list of the best seen."""
        return [[{"ef": ef} for ef in steps(16, 4096)]]

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Search with one list length."""
        self.index.set_ef(setting["ef"])
        return self.index.knn_query(self.queries[queries], k=K, num_threads=threads_here())[0]
