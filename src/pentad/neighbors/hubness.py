"""Rows whose inner product orders items by cosine less the advantage that hubs have.

    none         u.v, with u and v the query and the item at length 1
    center       the same with u' and v': u and v less the mean of their side, at length 1 again
    csls         2 u.v - r(v), with r(v) the mean of v's cosines to its ``neighborhood`` nearest
                 queries
    center+csls  both: 2 u'.v' - r(v'), with the nearest queries sought among the u'

CSLS is of Lample, Conneau, Ranzato, Denoyer and Jegou, "Word translation without parallel data",
ICLR 2018. There the mean cosine r(u) of a query to its nearest items is subtracted as well. It is
the same for all items of a query, so that it changes no order, and it would cost a second search
over everything. So **it is not part of the adjusted score**, which is just what any index for inner
products returns for rows ``[u, 1]`` and ``[2 v, -r(v)]``. `query_terms` gives it to those who want
to compare pairs of different queries by the published number.

The float32 rows are the definition. The search for r and the final one, if they are those of
`ExactSearch` with metric ``dot``, are exact for the rows as they are: a pair's score is the float64
product of its two rows, ties by row, whatever found it. Against the formula above in real numbers
rounding moves a score by less than ``7 * 2^-24`` (5e-7), so that items whose real scores are nearer
than twice that may change places; items with equal stored vectors have equal rows and remain ties.
(The rows of centered vectors are rounded after centering, so nothing is lost to a large mean.)

Lengths carry no meaning in a cosine, so they are removed before a mean is taken: a mean of long
vectors would be that of a few. Zero vectors have no direction: they have no part in the mean and
stay zero, with all cosines 0, as elsewhere. So does a vector that is equal to the mean of its side.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import Floats, Metric, Rows, get_metric, row_dots
from pentad.neighbors.stored import as_float64, pair_scores, row_slices, squared_lengths

if TYPE_CHECKING:
    from pentad.core.progress import Task

METHODS = ("none", "center", "csls", "center+csls")

_BREADTH = 6
_FOUND = 1 << 23
_MEMORY = 1 << 29
# Far below what stored vectors differ by, above the rounding of the mean of a billion of them.
_NO_LENGTH = 2.0**-32

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Rows to search by inner product (metric ``dot``); the product is the adjusted score.

    Attributes:
        queries: float32 (q, dim), with CSLS (q, dim + 1): the last value is 1.
        corpus: float32 (n, dim), with CSLS (n, dim + 1): twice the item, and -r behind it.
        method: One of `METHODS`.
        neighborhood: How many queries each r is a mean of; 0 without CSLS.
        query_mean: float64 (dim,), what was subtracted from queries at length 1; None uncentered.
        corpus_mean: float64 (dim,), likewise for items.
    """

    queries: Rows
    corpus: Rows
    method: str
    neighborhood: int
    query_mean: Floats | None
    corpus_mean: Floats | None

    @property
    def item_terms(self) -> Rows | None:
        """float32 (n,): r of each item; None without CSLS."""
        return -self.corpus[:, -1] if self.neighborhood else None

    def scores(self, rows: NDArray[np.int64]) -> Floats:
        """Return the adjusted scores, float64 (q, k), of the corpus rows found for each query."""
        return _pair_scores(self.queries, self.corpus, rows, get_metric("dot"))


def require_method(name: str) -> str:
    """Return ``name`` if it is one of `METHODS`.

    Raises:
        UnknownName: It is none; the message names the nearest one.
    """
    if name not in METHODS:
        raise UnknownName("hubness method", name, METHODS)
    return name


def fair_neighborhood(k: int, queries: int, items: int) -> int:
    """Return how many queries an item's r should be a mean of: ``6 k queries / items``, 10 to 1000.

    ``k queries / items`` is how often an item would be found if all were found equally often. Where
    there are many more queries than items, a mean of the nearest 10, or of that many, is far above
    what decides whether an item is found: items that have some queries of their own are pushed away
    from all others, and items that have none become hubs. A mean of a few times as many does not do
    that; with too many it says no more than the mean of all. ``benchmarks/neighbors.py`` compares.
    """
    return max(10, min(1000, round(_BREADTH * k * queries / max(items, 1))))


def adjust(
    queries: NDArray[Any],
    corpus: NDArray[Any],
    method: str,
    neighborhood: int = 10,
    *,
    folder: Path | None = None,
    memory: int | None = _MEMORY,
    task: Task | None = None,
) -> Adjusted:
    """Return rows of queries and items whose inner product is the adjusted score.

    Beyond the rows it takes ``memory``, 16 bytes a vector and some 500 MiB, most of which is the
    block of items that `ExactSearch` looks for together.

    Args:
        queries: float16 or float32 (q, dim); may be memory-mapped.
        corpus: float16 or float32 (n, dim); may be memory-mapped.
        method: One of `METHODS`.
        neighborhood: How many of its nearest queries an item's r is the mean of; all, if fewer.
            The paper's 10 suits about as many queries as items; else see `fair_neighborhood`.
        folder: Where the rows are written, as ``queries.npy`` and ``corpus.npy``, and mapped into
            memory; by default they are held. Whoever names the folder removes it.
        memory: Bytes that the search for r may take for prepared queries.
        task: Told how many items have their r.

    Raises:
        UnknownName: There is no such method.
        InputError: A value is not finite, dimensions differ, ``neighborhood`` is less than 1, or
            all queries are the same, so that centering would leave nothing of them.
    """
    _require_sizes(queries, corpus, require_method(method), neighborhood)
    center, local = "center" in method, "csls" in method
    left = _Side(queries, "queries", center=center)
    right = _Side(corpus, "items", center=center)
    asked = left.rows(1.0, 1.0 if local else None, folder, "queries.npy")
    left.require_directions()
    stored = right.rows(2.0 if local else 1.0, 0.0 if local else None, folder, "corpus.npy")
    left.notice_lost()
    right.notice_lost()
    size = min(neighborhood, len(queries)) if local else 0
    if size:
        items = stored[:, :-1]
        for part, means in _neighbor_means(items, asked[:, :-1], size, memory, task):
            stored[part, -1] = -means / 2  # products with rows of twice the length
    return Adjusted(asked, stored, method, size, left.mean, right.mean)


def query_terms(
    adjusted: Adjusted, neighborhood: int = 10, *, memory: int | None = _MEMORY
) -> Floats:
    """Return r of each query, float64 (q,): the mean of its cosines to its nearest items.

    Subtracted from the adjusted scores of a query it makes them the CSLS of the paper.

    Raises:
        InputError: There is no CSLS in these rows, or no item, or ``neighborhood`` is less than 1.
    """
    if adjusted.item_terms is None or not len(adjusted.corpus):
        raise InputError("only rows adjusted by csls have query terms", seen=adjusted.method)
    if neighborhood < 1:
        raise InputError("neighborhood must be at least 1", seen=neighborhood)
    size = min(neighborhood, len(adjusted.corpus))
    terms = np.zeros(len(adjusted.queries), dtype=np.float64)
    pairs = adjusted.queries[:, :-1], adjusted.corpus[:, :-1]
    for part, means in _neighbor_means(*pairs, size, memory, None):
        terms[part] = means / 2
    return terms


def raw_cosines(queries: NDArray[Any], corpus: NDArray[Any], rows: NDArray[np.int64]) -> Floats:
    """Return the cosines, float64 (q, k), of stored vectors and the corpus rows found for them.

    The same numbers that `ExactSearch` gives for these pairs with metric ``cosine``.
    """
    return _pair_scores(queries, corpus, rows, get_metric("cosine"))


class _Side:
    """One side's stored vectors and their mean at length 1."""

    def __init__(self, vectors: NDArray[Any], name: str, *, center: bool) -> None:
        self._vectors = vectors
        self._name = name
        self._squares = squared_lengths(vectors, name)
        self._directions = int((self._squares > 0).sum())
        self._lost = 0
        self.mean = self._mean() if center else None

    def rows(self, factor: float, last: float | None, folder: Path | None, name: str) -> Rows:
        """Return the vectors, adjusted, times ``factor``, with ``last`` behind each if given."""
        dim = self._vectors.shape[1]
        rows = _room((len(self._vectors), dim + (last is not None)), folder, name)
        for part in row_slices(len(rows), dim):
            values = self._units(part)
            if self.mean is not None:
                values, gone = _centered(values, self.mean)
                self._lost += gone
            rows[part, :dim] = factor * values.astype(np.float32)
            if last is not None:
                rows[part, dim:] = last
        return rows

    def require_directions(self) -> None:
        """Refuse vectors of which centering left nothing at all.

        Raises:
            InputError: There were some, and all were the same.
        """
        if self._lost and self._lost == self._directions:
            raise InputError(
                f"centering leaves nothing of {self._name} that are all the same; "
                "search without centering",
                expected="at least two that differ",
                seen=self._lost,
            )

    def notice_lost(self) -> None:
        """Say of how many vectors centering left nothing."""
        if self._lost:
            _log.warning(
                "%d of %d %s are equal to the mean: centering leaves nothing of them, "
                "their cosines are 0",
                self._lost,
                len(self._vectors),
                self._name,
            )

    def _mean(self) -> Floats:
        total = np.zeros(self._vectors.shape[1], dtype=np.float64)
        for part in row_slices(len(self._vectors), self._vectors.shape[1]):
            total += self._units(part).sum(axis=0)
        return total / max(1, self._directions)

    def _units(self, part: slice) -> Floats:
        return _unit(as_float64(self._vectors[part]), self._squares[part])


def _unit(vectors: Floats, squares: Floats) -> Floats:
    lengths = np.where(squares > 0, np.sqrt(squares), 1.0)
    return vectors / lengths[:, None]


def _centered(units: Floats, mean: Floats) -> tuple[Floats, int]:
    """Return rows less ``mean`` at length 1, zeros as they are, and of how many nothing is left."""
    had = np.asarray(units.any(axis=1), dtype=np.bool_)
    rest = np.where(had[:, None], units - mean, 0.0)
    squares = row_dots(rest, rest)
    gone = np.less_equal(squares, _NO_LENGTH**2)
    rest[gone] = 0.0
    return _unit(rest, np.where(gone, 0.0, squares)), int((had & gone).sum())


def _neighbor_means(
    vectors: Rows, among: Rows, size: int, memory: int | None, task: Task | None
) -> Iterator[tuple[slice, Floats]]:
    """Yield, block by block, each row's mean product with its ``size`` best rows of ``among``."""
    search = ExactSearch(among, get_metric("dot"), memory=memory)
    step = max(1, _FOUND // size)
    for start in range(0, len(vectors), step):
        part = slice(start, start + step)
        yield part, search.search(vectors[part], size, task)[1].mean(axis=1)


def _pair_scores(
    queries: NDArray[Any], corpus: NDArray[Any], rows: NDArray[np.int64], metric: Metric
) -> Floats:
    if rows.ndim != 2 or len(rows) != len(queries):
        raise InputError("rows must be (queries, k)", expected=len(queries), seen=rows.shape)
    left = np.repeat(np.arange(len(rows)), rows.shape[1])
    return pair_scores(queries, corpus, left, rows.reshape(-1), metric).reshape(rows.shape)


def _room(shape: tuple[int, int], folder: Path | None, name: str) -> Rows:
    if folder is None or 0 in shape:
        return np.empty(shape, dtype=np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    mapped: Rows = np.lib.format.open_memmap(folder / name, "w+", np.float32, shape)
    return mapped


def _require_sizes(
    queries: NDArray[Any], corpus: NDArray[Any], method: str, neighborhood: int
) -> None:
    if queries.ndim != 2 or corpus.ndim != 2 or queries.shape[1] != corpus.shape[1]:
        seen = f"{queries.shape} and {corpus.shape}"
        raise InputError("queries and items must be matrices of one width", seen=seen)
    if "csls" in method and neighborhood < 1:
        raise InputError("neighborhood must be at least 1", seen=neighborhood)
