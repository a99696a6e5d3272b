"""What autofaiss would choose, run through faiss: the package itself wants an older numpy.

Its rules for the index (`get_optimal_index_keys_v2`) depend on the number of vectors and a memory
budget; its rule for the search parameters is the best that keeps a time budget with queries that
are taken from the index itself, one by one, 40 neighbors each. Both are followed here. Its search
parameters are swept besides, as those of the others are, so that it is judged by the better.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.systems.base import K, Setting, steps
from neighbors_parts.vectors import Data

_BUDGET_MS = 10.0
_TABLE = 2048
_SIZES = (256, 128, 64, 48, 32, 24, 16, 8, 4)


def choose_factory(items: int, dim: int, memory: float) -> str:
    """Return the factory string for so many vectors and so many bytes.

    The rules for fewer than 10,000 vectors are left out.
    """
    links = math.floor((memory / (4 * items) - dim) / 2)
    if links >= 8:
        return f"HNSW{min(links, 32)}"
    small = 2 ** round(math.log2(4 * math.sqrt(items)))
    lists = small if items < 1_000_000 else 16_384 if items < 10_000_000 else 65_536
    if items < 1_000_000 and items * (4 * dim + 8) + lists * dim * 4 <= memory:
        return f"IVF{lists},Flat"
    size = next(s for s in _SIZES if s < dim and (s + 8) * items <= memory)
    turned = (min(dim // size, 6) + 1) * size
    coarse = f"IVF{lists}" if lists < 1000 else f"IVF{lists}_HNSW32"
    return f"OPQ{size}_{turned},{coarse},PQ{size}x8"


@dataclass(frozen=True)
class Autofaiss:
    """The index autofaiss chooses.

    Attributes:
        memory: Its budget in bytes, 16 GB unless told; None for as much as Pentad's lists take.
    """

    memory: float | None = 16e9
    package: str = "faiss"

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Train on 100 vectors a list, add everything, tune to the time budget, write."""
        import faiss

        items = data.items32
        memory = len(items) * (items.shape[1] / 4 + 8) if self.memory is None else self.memory
        factory = choose_factory(*items.shape, memory)
        index = faiss.index_factory(items.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        if (lists := re.search(r"IVF(\d+)", factory)) is not None:
            count = min(100 * int(lists[1]), len(items))
            chosen = np.random.default_rng(0).choice(len(items), count, replace=False)
            index.train(items[np.sort(chosen)])
        index.add(np.ascontiguousarray(items))
        faiss.write_index(index, str(folder / "index.faiss"))
        found = _in_time(items, lambda q, s: _search(index, q, s, 40), _range(factory))
        facts = {"factory": factory, "own": found}
        (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        return facts

    def open(self, data: Data, folder: Path) -> AutofaissSearcher:
        """Read the index."""
        import faiss

        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        index = faiss.read_index(str(folder / "index.faiss"))
        return AutofaissSearcher(index, facts["factory"], facts["own"], data.queries32)


@dataclass
class AutofaissSearcher:
    """An index that was read."""

    index: Any
    factory: str
    own: int
    queries: np.ndarray

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return the sweep, and what autofaiss itself sets as a series of its own."""
        values = _range(self.factory)
        swept = [{"value": v} for v in steps(values.start, min(4096, values.stop - 1))]
        return [swept, [{"value": self.own, "own": True}]]

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Search with one value of efSearch or nprobe."""
        return _search(self.index, self.queries[queries], setting["value"], K)


def _range(factory: str) -> range:
    """Return the values that autofaiss looks among."""
    if factory.startswith("HNSW"):
        return range(16, 1 << 14)
    lists = int(factory.partition("IVF")[2].partition(",")[0].partition("_")[0])
    return range(16 if "_HNSW" in factory else 1, min(6144, lists) + 1)


def _search(index: Any, queries: np.ndarray, value: int, k: int) -> np.ndarray:
    import faiss

    space = faiss.ParameterSpace()
    if isinstance(index, faiss.IndexHNSW):
        space.set_index_parameter(index, "efSearch", value)
    else:
        space.set_index_parameter(index, "nprobe", value)
        inner = faiss.extract_index_ivf(index)
        if isinstance(faiss.downcast_index(inner.quantizer), faiss.IndexHNSW):
            space.set_index_parameter(index, "quantizer_efSearch", 2 * value)
        if "PQ" in type(faiss.downcast_index(inner)).__name__:
            space.set_index_parameter(index, "ht", _TABLE)
    return index.search(queries, k)[1]


def _in_time(items: np.ndarray, search: Callable[[np.ndarray, int], object], values: range) -> int:
    """Return the greatest value that keeps the budget, by bisection, one query after another."""
    queries = np.ascontiguousarray(items[:4000])

    def too_slow(value: int) -> bool:
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < 15 * _BUDGET_MS / 1000 and done < len(queries):
            search(queries[done : done + 1], value)
            done += 1
        return 1000 * (time.perf_counter() - started) / done >= _BUDGET_MS

    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if too_slow(values[middle]) else (middle + 1, high)
    return values[max(0, low - 1)]
