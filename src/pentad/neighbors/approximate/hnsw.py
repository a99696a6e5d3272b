"""A graph of near items that queries walk (faiss HNSW), over vectors of eight bits or float32.

Items are added by one thread: with more, the graph would depend on which comes first. The index is
held in memory while it is built: dim + 8 * links bytes an item, with float32 4 dim + 8 * links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.neighbors.approximate.base import Indices, ladder, one_thread
from pentad.neighbors.approximate.rows import MEMORY, Source
from pentad.neighbors.metrics import Rows

_MOST_EFFORT = 8192
_TRAINED_ON = 1 << 16


@dataclass(frozen=True, eq=False)
class HnswIndex:
    """A graph. Work is counted in values multiplied.

    Attributes:
        faiss: A filled ``IndexHNSWFlat`` or ``IndexHNSWSQ``.
        storage: ``sq8`` or ``flat``.
    """

    faiss: Any
    storage: str = "sq8"

    @property
    def effort_name(self) -> str:
        """How long the list of the best seen is."""
        return "efSearch"

    @property
    def backend(self) -> str:
        """``hnsw`` or ``hnsw-flat``."""
        return "hnsw" if self.storage == "sq8" else "hnsw-flat"

    @property
    def links(self) -> int:
        """How many links an item has above the lowest level."""
        return int(self.faiss.hnsw.nb_neighbors(1))

    @property
    def factory(self) -> str:
        """The factory string of faiss."""
        return _factory(self.links, self.storage)

    def nearest(self, queries: Rows, effort: int, count: int) -> Indices:
        """Return candidates from a list of the ``effort`` best seen."""
        import faiss

        settings = faiss.SearchParametersHNSW()  # type: ignore[attr-defined]
        settings.efSearch = effort
        rows: Indices = self.faiss.search(queries, count, params=settings)[1]
        return rows

    def efforts(self) -> list[int]:
        """Return lengths of the list."""
        return ladder(1, min(self.faiss.ntotal, _MOST_EFFORT))

    def most_candidates(self, effort: int) -> int:
        """Return the length of the list."""
        return effort

    def work(self, queries: Rows, effort: int) -> float:
        """Return about how many values are multiplied: all links of each item in the list."""
        return 4.0 * effort * self.links * int(self.faiss.d)

    def facts(self) -> dict[str, object]:
        """Return links and the effort of building."""
        return {"links": self.links, "efConstruction": self.faiss.hnsw.efConstruction}


def build_hnsw(
    source: Source,
    *,
    seed: int = 0,
    links: int = 32,
    storage: str = "sq8",
    construction: int = 100,
    memory: int = MEMORY,
) -> HnswIndex:
    """Add all items to a graph, block by block.

    Args:
        source: The items.
        seed: Of the sample that the eight bits are fitted to.
        links: How many links an item gets; twice as many on the lowest level.
        storage: ``sq8`` or ``flat``.
        construction: How many items are looked at to find the links of one.
        memory: Bytes that rows may take; the index itself comes on top.

    Raises:
        InputError: The storage is unknown, or a number is too small.
    """
    import faiss

    if storage not in ("sq8", "flat"):
        raise InputError("storage must be sq8 or flat", seen=storage)
    if links < 2 or construction < 1:
        raise InputError("links must be at least 2, construction 1", seen=(links, construction))
    by = faiss.METRIC_L2 if source.by_distance else faiss.METRIC_INNER_PRODUCT
    index: Any = faiss.index_factory(source.width, _factory(links, storage), by)
    index.hnsw.efConstruction = construction
    with one_thread():
        index.train(source.sample(_TRAINED_ON, generator(seed, "train"), memory))
        for block in source.blocks(memory):
            index.add(block)
    return HnswIndex(index, storage)


def _factory(links: int, storage: str) -> str:
    return f"HNSW{links}_SQ8" if storage == "sq8" else f"HNSW{links},Flat"
