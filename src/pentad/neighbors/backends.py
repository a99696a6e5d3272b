"""The ways to search, by name: each takes rows and gives rows, scores and an account of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.core.engine import Engine, LocalEngine
from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.neighbors.metrics import Floats, Metric
from pentad.neighbors.settings import Settings

if TYPE_CHECKING:
    from pentad.core.progress import Task
    from pentad.neighbors.approximate.search import ApproximateSearch
    from pentad.neighbors.device.search import DeviceSearch
    from pentad.neighbors.exact import ExactSearch

Indices = NDArray[np.int64]

AUTO = "auto"
PRODUCTS = "products"
INDEX = "index"
MANY_ITEMS = 1_000_000
MANY_QUERIES = 1_000
_LONG = 1 << 46


class Searcher(Protocol):
    """A corpus made ready for one kind of search."""

    def tune(self, queries: NDArray[Any], k: int) -> object:
        """Choose what the search of these queries needs; exact search needs nothing."""

    def search(
        self, queries: NDArray[Any], k: int, task: Task | None = None
    ) -> tuple[Indices, Floats]:
        """Return corpus rows and float64 scores, both (q, k), best first, ties by row."""

    @property
    def how(self) -> dict[str, Any]:
        """How results came about, for a manifest."""


Open = Callable[[NDArray[Any], Metric, Settings, int], Searcher]
"""Makes a searcher of a corpus, a metric, settings, and for how many queries it will be."""


def get_backend(
    name: str, queries: int = 0, items: int = 0, settings: Settings | None = None
) -> Open:
    """Return the backend called ``name``.

    ``auto`` is ``ivf`` for more than a million items and at least a thousand queries, which an
    index has to be worth and its recall to be measured on; else, and wherever settings name a
    device or an engine, ``exact``.

    Raises:
        UnknownName: There is none; the message names the nearest one.
    """
    if name == AUTO:
        here = settings is None or (settings.device == "cpu" and settings.engine is None)
        large = items > MANY_ITEMS and queries >= MANY_QUERIES
        name = "ivf" if large and here else "exact"
    if name not in BACKENDS:
        raise UnknownName("backend", name, (AUTO, *BACKENDS), listing="pentad list backends")
    return BACKENDS[name]


def require_possible(backend: str, device: str, engine: Engine | None) -> None:
    """Refuse a backend where it does not run.

    Raises:
        InputError: An approximate one is to run on another device or on an engine, or an engine is
            to use a device.
    """
    elsewhere = device != "cpu" or engine is not None
    if elsewhere and backend not in (AUTO, "exact"):
        raise InputError("only exact search runs on other devices and engines", seen=backend)
    if device != "cpu" and engine is not None:
        raise InputError("an engine searches on processors", seen=f"device {device}")


class _Exact:
    """Exact search in this process, on its processor or on a device."""

    def __init__(self, corpus: NDArray[Any], metric: Metric, settings: Settings) -> None:
        self._engine = _exact_engine(corpus, metric, settings)
        self.search = self._engine.search

    def tune(self, queries: NDArray[Any], k: int) -> None:
        """There is nothing to choose."""

    @property
    def how(self) -> dict[str, Any]:
        """Queries by path."""
        return {"backend": "exact", **asdict(self._engine.proof)}


class _Grid:
    """Exact search as a grid of shards, which goes on where it was cut short."""

    def __init__(self, corpus: NDArray[Any], metric: Metric, settings: Settings) -> None:
        require_possible("exact", settings.device, settings.engine)
        self._corpus, self._metric, self._settings = corpus, metric, settings
        self._engine = settings.engine or LocalEngine()

    def tune(self, queries: NDArray[Any], k: int) -> None:
        """There is nothing to choose."""

    def search(
        self, queries: NDArray[Any], k: int, task: Task | None = None
    ) -> tuple[Indices, Floats]:
        """Return what exact search in one process returns, to the byte."""
        from pentad.neighbors.grid.run import grid_search

        scratch = self._settings.scratch
        return grid_search(
            queries,
            self._corpus,
            k,
            self._metric,
            engine=self._engine,
            memory=self._settings.memory,
            resume=None if scratch is None else scratch / PRODUCTS,
            task=task,
        )

    @property
    def how(self) -> dict[str, Any]:
        """Where it ran."""
        return {"backend": "exact", "engine": self._engine.name}


def _exact(corpus: NDArray[Any], metric: Metric, settings: Settings, queries: int) -> Searcher:
    """Return exact search: as a grid on an engine, or where it takes minutes and can be kept."""
    keeps = settings.scratch is not None and settings.device == "cpu"
    if settings.engine is not None or (keeps and queries * corpus.size > _LONG):
        return _Grid(corpus, metric, settings)
    return _Exact(corpus, metric, settings)


def _exact_engine(
    corpus: NDArray[Any], metric: Metric, settings: Settings
) -> ExactSearch | DeviceSearch:
    if settings.device != "cpu":
        from pentad.neighbors.device.search import DeviceSearch

        return DeviceSearch(corpus, metric, device=settings.device)
    from pentad.neighbors.exact import ExactSearch

    return ExactSearch(corpus, metric, memory=settings.memory)


class _Approximate:
    """Search by an index, kept from an earlier search or made now."""

    def __init__(
        self, corpus: NDArray[Any], metric: Metric, settings: Settings, _: int, *, backend: str
    ) -> None:
        require_possible(backend, settings.device, settings.engine)
        kept = _kept_index(corpus, metric, settings, backend)
        self._made = kept or _new_index(corpus, metric, settings, backend)
        self._recall = settings.recall
        self.search = self._made.search

    def tune(self, queries: NDArray[Any], k: int) -> None:
        """Choose parameters that reach the recall on a sample of the queries."""
        self._made.tune(queries, k, self._recall)

    @property
    def how(self) -> dict[str, Any]:
        """The index, its parameters, the recall that was measured."""
        return self._made.how


def _new_index(
    corpus: NDArray[Any], metric: Metric, settings: Settings, backend: str
) -> ApproximateSearch:
    from pentad.neighbors.approximate.search import ApproximateSearch

    made = ApproximateSearch.build(
        corpus, metric, backend=backend, seed=settings.seed, memory=settings.memory
    )
    if settings.scratch is not None and made.index is not None:
        made.save(settings.scratch / INDEX)
    return made


def _kept_index(
    corpus: NDArray[Any], metric: Metric, settings: Settings, backend: str
) -> ApproximateSearch | None:
    """Return the index that an earlier search left, if it is of these items and this kind."""
    if settings.scratch is None:
        return None
    from pentad.neighbors.approximate.search import ApproximateSearch

    try:
        kept = ApproximateSearch.load(settings.scratch / INDEX, corpus, metric)
    except StoreError:
        return None
    same = kept.index is not None and kept.index.backend == backend and kept.seed == settings.seed
    return kept if same else None


BACKENDS: dict[str, Open] = {
    "exact": _exact,
    **{name: partial(_Approximate, backend=name) for name in ("ivf", "hnsw", "hnsw-flat")},
}
