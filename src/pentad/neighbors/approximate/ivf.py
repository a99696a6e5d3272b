"""Inverted lists with codes of four bits a pair of values, scanned in registers (faiss fast-scan).

Items are divided by k-means; of the lists nearest to a query all codes are scanned. The index takes
a byte for every four values of an item and 8 bytes for its number: an eighth of float16 vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import derive_seed, generator
from pentad.neighbors.approximate.base import Indices, ladder
from pentad.neighbors.approximate.rows import MEMORY, Source
from pentad.neighbors.metrics import Rows

_TRAINED_ON = 64
_FEWEST = 39
_COARSE = 0.4


@dataclass(frozen=True, eq=False)
class IvfIndex:
    """Lists of codes. Work is counted in looked-up codes.

    Attributes:
        faiss: A trained and filled ``IndexIVFPQFastScan``.
    """

    faiss: Any

    @property
    def backend(self) -> str:
        """``ivf``."""
        return "ivf"

    @property
    def effort_name(self) -> str:
        """How many lists are scanned."""
        return "nprobe"

    @property
    def factory(self) -> str:
        """The factory string of faiss."""
        return f"IVF{self.faiss.nlist},PQ{self.faiss.pq.M}x4fs"

    def nearest(self, queries: Rows, effort: int, count: int) -> Indices:
        """Return candidates from the ``effort`` nearest lists."""
        import faiss

        settings = faiss.SearchParametersIVF()
        settings.nprobe = effort
        rows: Indices = self.faiss.search(queries, count, params=settings)[1]
        return rows

    def efforts(self) -> list[int]:
        """Return numbers of lists."""
        return ladder(1, self.faiss.nlist)

    def most_candidates(self, effort: int) -> int:
        """Return the number of items: lists can be of any length."""
        return int(self.faiss.ntotal)

    def work(self, queries: Rows, effort: int) -> float:
        """Return codes looked up, and the products with all centers at what they take of that."""
        lists = self.faiss.quantizer.search(queries, effort)[1]
        scanned = float(self._sizes[lists].sum(axis=1).mean())
        return float(scanned * self.faiss.pq.M + _COARSE * self.faiss.nlist * self.faiss.d)

    def facts(self) -> dict[str, object]:
        """Return the number of lists."""
        return {"nlist": self.faiss.nlist}

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        lists = self.faiss.invlists
        return np.array([lists.list_size(j) for j in range(self.faiss.nlist)], np.int64)


def build_ivf(
    source: Source, *, seed: int = 0, nlist: int | None = None, memory: int = MEMORY
) -> IvfIndex:
    """Train lists and codes on a sample, then add all items block by block.

    Args:
        source: The items.
        seed: Of the sample and of k-means.
        nlist: How many lists; default the power of two nearest to ``4 sqrt(items)``, fewer where
            a list would have less than 39 items.
        memory: Bytes that rows may take, sample and block alike; the index itself comes on top.

    Raises:
        InputError: More lists than items, or less than one.
    """
    import faiss

    nlist = default_lists(len(source)) if nlist is None else nlist
    if not 1 <= nlist <= len(source):
        raise InputError("nlist must be from 1 to the number of items", seen=nlist)
    by = faiss.METRIC_L2 if source.by_distance else faiss.METRIC_INNER_PRODUCT
    index: Any = faiss.index_factory(source.width, f"IVF{nlist},PQ{source.width // 2}x4fs", by)
    # Means that keep their length tell more of what a list can offer; lengths that differ mislead.
    index.cp.spherical = source.metric.name == "dot"
    for settings, name in ((index.cp, "lists"), (index.pq.cp, "codes")):
        settings.seed = derive_seed(seed, "approximate", name) % (1 << 31)
        settings.min_points_per_centroid = 1
    index.train(source.sample(_TRAINED_ON * nlist + 4096, generator(seed, "train"), memory))
    for block in source.blocks(memory):
        index.add(block)
    return IvfIndex(index)


def default_lists(items: int) -> int:
    """Return how many lists so many items are divided into."""
    wanted = 2 ** round(np.log2(4 * np.sqrt(items)))
    return int(max(1, min(wanted, items // _FEWEST)))
