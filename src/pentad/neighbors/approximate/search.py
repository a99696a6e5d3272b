"""`ApproximateSearch`: an index, the parameters that reach a stated recall, exact rescoring."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.neighbors.approximate.base import Index
from pentad.neighbors.approximate.hnsw import build_hnsw
from pentad.neighbors.approximate.index_files import load_index, write_index
from pentad.neighbors.approximate.ivf import build_ivf
from pentad.neighbors.approximate.rows import MEMORY, Source
from pentad.neighbors.approximate.run import search_index
from pentad.neighbors.approximate.tune import SAMPLE, Tuning, tune
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import Floats, Metric

if TYPE_CHECKING:
    from pentad.core.progress import Task

FEWEST = 1024
"""Of fewer items no index is built: they are searched exactly."""

BACKENDS = ("ivf", "hnsw", "hnsw-flat")

Indices = NDArray[np.int64]


class ApproximateSearch:
    """Items with an index over them.

    Results are the same on any number of threads. Memory: the index, 8 bytes an item, a few MiB a
    thread; the vectors may stay mapped.

    Attributes:
        source: The items.
        index: None where there are too few items for one.
        seed: What it was built with.
        tuning: None until `tune`.
        fallbacks: How many queries were searched exactly: the index gave too few candidates.
    """

    def __init__(
        self, source: Source, index: Index | None, seed: int, tuning: Tuning | None = None
    ) -> None:
        self.source, self.index, self.seed, self.tuning = source, index, seed, tuning
        self.fallbacks = 0

    @classmethod
    def build(
        cls,
        vectors: NDArray[Any],
        metric: Metric,
        *,
        backend: str = "ivf",
        seed: int = 0,
        nlist: int | None = None,
        links: int = 32,
        memory: int = MEMORY,
    ) -> ApproximateSearch:
        """Build an index.

        Args:
            vectors: float16 or float32 (items, dim); may be memory-mapped.
            metric: How pairs are scored.
            backend: ``ivf``, ``hnsw`` (eight bits a value) or ``hnsw-flat``.
            seed: Of samples and of k-means.
            nlist: For ``ivf``, how many lists; the default depends on the number of items.
            links: For the graphs, how many links an item gets.
            memory: Bytes that prepared rows may take while building.

        Raises:
            InputError: A value is not finite, or a number is out of range.
            UnknownName: There is no such backend.
        """
        if backend not in BACKENDS:
            raise UnknownName("approximate backend", backend, BACKENDS)
        source = Source(vectors, metric)
        if len(source) < FEWEST:
            return cls(source, None, seed)
        if backend == "ivf":
            return cls(source, build_ivf(source, seed=seed, nlist=nlist, memory=memory), seed)
        storage = "sq8" if backend == "hnsw" else "flat"
        index = build_hnsw(source, seed=seed, links=links, storage=storage, memory=memory)
        return cls(source, index, seed)

    def tune(
        self,
        queries: NDArray[Any],
        k: int,
        recall: float,
        *,
        sample: int = SAMPLE,
        strict: bool = True,
    ) -> Tuning | None:
        """Choose parameters for a recall on a sample of the queries that will be searched.

        Args:
            queries: (q, dim), all of them; a sample is drawn.
            k: How many neighbors will be wanted.
            recall: Which share of the exact neighbors is to be found.
            sample: How many queries to use: one half to choose, one half to measure.
            strict: Whether a recall out of reach is an error or a notice.

        Returns:
            What was chosen and measured; None where the items are searched exactly.

        Raises:
            InputError: There are too few queries, a number is out of range, or the recall is out
                of reach.
        """
        if self.index is not None:
            self.tuning = tune(
                self.source, self.index, queries, k, recall,
                sample=sample, seed=self.seed, threads=_threads(), strict=strict,
            )  # fmt: skip
        return self.tuning

    def search(
        self, queries: NDArray[Any], k: int, task: Task | None = None
    ) -> tuple[Indices, Floats]:
        """Return the k best corpus rows found for each query and their float64 scores.

        Args:
            queries: float16 or float32 (q, dim).
            k: At least 1, at most the number of items. The measured recall holds for the k that
                was tuned for.
            task: Told after each block how many queries are done.

        Returns:
            Rows and scores, both (q, k): score descending, then row ascending.

        Raises:
            InputError: The queries do not fit, k is out of range, or nothing was tuned yet.
        """
        self.source.check(queries)
        if not 1 <= k <= len(self.source):
            raise InputError("k must be from 1 to the number of items", seen=k)
        if self.index is None or k == len(self.source):
            return self._exact.search(queries, k, task)
        if self.tuning is None:
            raise InputError("this index has no parameters yet; tune it to a recall first")
        effort, count = self._parameters(self.tuning, self.index, k)
        rows, scores = search_index(
            self.source, self.index, queries, k, effort, count, _threads(), task
        )
        short = rows[:, 0] < 0
        if short.any():
            self.fallbacks += int(short.sum())
            rows[short], scores[short] = self._exact.search(queries[short], k)
        return rows, scores

    @property
    def how(self) -> dict[str, object]:
        """How results come about, for a manifest."""
        if self.index is None:
            return {"backend": "exact", "items": len(self.source)}
        made = {"backend": self.index.backend, "factory": self.index.factory, "seed": self.seed}
        made |= {"items": len(self.source), "searched_exactly": self.fallbacks}
        if self.tuning is None:
            return made | self.index.facts()
        tuned = self.tuning.facts()
        tuned[self.index.effort_name] = tuned.pop("effort")
        return made | self.index.facts() | tuned

    def save(self, folder: str | Path) -> None:
        """Write ``index.faiss`` and its record ``index.json`` into ``folder``.

        Raises:
            StoreError: The disk is full or cannot be written.
        """
        tuning = None if self.tuning is None else self.tuning.facts()
        write_index(Path(folder), self.source, self.index, {"seed": self.seed, "tuning": tuning})

    @classmethod
    def load(
        cls, folder: str | Path, vectors: NDArray[Any], metric: Metric, *, verify: bool = True
    ) -> ApproximateSearch:
        """Read what `save` wrote.

        Args:
            folder: Where it lies.
            vectors: The items it was built from; may be memory-mapped.
            metric: How pairs are scored.
            verify: Whether to read the file once and compare it with its record.

        Raises:
            StoreError: There is no complete index, it is damaged, or of other items.
        """
        source = Source(vectors, metric)
        index, record = load_index(Path(folder), source, verify=verify)
        raw = record["tuning"]
        names = [f.name for f in fields(Tuning)]
        tuning = None if raw is None else Tuning(**{name: raw[name] for name in names})
        return cls(source, index, record["seed"], tuning)

    def _parameters(self, tuning: Tuning, index: Index, k: int) -> tuple[int, int]:
        """Return effort and candidates; for more neighbors than were tuned for, more of both."""
        count = min(max(tuning.candidates, k), len(self.source))
        needs_effort = index.most_candidates(tuning.effort) < count
        return max(tuning.effort, count) if needs_effort else tuning.effort, count

    @cached_property
    def _exact(self) -> ExactSearch:
        return ExactSearch(self.source.vectors, self.source.metric)


def _threads() -> int:
    import faiss

    return int(faiss.omp_get_max_threads())
