r"""Zero-shot classification across two modalities: which class does a query belong to?

A class is known by examples of the *other* modality. Its vector is the mean of their embeddings as
the model gave them, made unit length; a query is made unit length; the classes are ranked by dot
product, all in float64. Equal scores are ranked by the order of the classes, which is that of their
names. A query is correct in the top k if its own class is among the first k.

**Means.** *Micro* is the share of correct queries; *macro* is the mean over classes of that share,
so that a class with few queries weighs as much as one with many.

**Intervals.** Both are percentile bootstrap intervals in which whole classes are drawn. The queries
of a class are no independent trials: they are compared with one and the same class vector, and are
often near copies of one another, so a binomial interval such as Wilson's over all queries would be
too narrow. For macro the classes are all there is to draw. An interval of width 0 says only that
all classes score the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.class_vectors import Rows, class_vector, own_ranks, used_rows
from pentad.evaluation.intervals import RESAMPLES, Interval, bootstrap_means

TOP = (1, 5)


@dataclass(frozen=True)
class Accuracy:
    """A share of correct queries.

    Attributes:
        value: ``correct / n``.
        correct: How many are correct.
        n: How many there are.
    """

    value: float
    correct: int
    n: int


@dataclass(frozen=True)
class TopK:
    """How often the own class is among the first k.

    Attributes:
        k: How many classes are looked at.
        micro: Share of correct queries, with its 95 % interval.
        macro: Mean over classes of their share, with its 95 % interval.
        total: The queries behind ``micro``.
        chance: What a random order of the classes would score.
        per_class: Class -> its queries, for every class that has any.
    """

    k: int
    micro: Interval
    macro: Interval
    total: Accuracy
    chance: float
    per_class: Mapping[str, Accuracy]


@dataclass(frozen=True, eq=False)
class ZeroShot:
    """Where the own class of every query came.

    Attributes:
        classes: The classes that were ranked, sorted.
        queries: int64 (queries,), rows of the query matrix, class by class.
        labels: int64 (queries,), the own class of each.
        ranks: int64 (queries,), its place among all classes, from 0.
        without_vector: Classes that have no example and were not ranked; their queries are out.
        without_queries: Classes that were ranked and have no query.
    """

    classes: tuple[str, ...]
    queries: Rows
    labels: Rows
    ranks: Rows
    without_vector: tuple[str, ...] = ()
    without_queries: tuple[str, ...] = ()

    def correct(self, k: int) -> NDArray[np.bool_]:
        """Return for every query whether its class is among the first ``k``."""
        return self.ranks < k

    def top(self, k: int, *, seed: int = 0, name: str = "", resamples: int = RESAMPLES) -> TopK:
        """Return the accuracies among the first ``k``.

        Args:
            k: How many classes are looked at, from 1.
            seed: The run's seed.
            name: Which comparison this is, so that each has draws of its own.
            resamples: How many resamples to draw.
        """
        if k < 1:
            raise InputError("k must be at least 1", seen=k)
        right = self.correct(k).astype(np.float64)
        counts = np.bincount(self.labels, minlength=len(self.classes))
        hits = np.bincount(self.labels, weights=right, minlength=len(self.classes))
        used = np.flatnonzero(counts)
        rng = [generator(seed, "zero-shot", name, kind) for kind in ("micro", "macro")]
        micro = bootstrap_means(right[None], self.labels, rng[0], resamples=resamples)[0]
        shares = (hits[used] / counts[used])[None]
        macro = bootstrap_means(shares, used, rng[1], resamples=resamples)[0]
        return TopK(
            k,
            micro,
            macro,
            _accuracy(hits.sum(), counts.sum()),
            min(k, len(self.classes)) / len(self.classes),
            {self.classes[c]: _accuracy(hits[c], counts[c]) for c in used.tolist()},
        )


def zero_shot(
    queries: NDArray[Any],
    examples: NDArray[Any],
    *,
    query_rows: Mapping[str, Rows],
    example_rows: Mapping[str, Rows],
    normalize_members: bool = False,
) -> ZeroShot:
    """Rank all classes for every query.

    A query that belongs to two classes is asked twice, once for each. A class without examples
    cannot be ranked; it is listed, and its queries are left out.

    Args:
        queries: (rows, dim), of any length.
        examples: (rows, dim) of the other modality.
        query_rows: Class -> rows of ``queries``.
        example_rows: Class -> rows of ``examples``; the same classes.
        normalize_members: Give examples length 1 before their mean is taken, so that long vectors
            do not weigh more. The published protocol does not.

    Raises:
        InputError: A vector that is used is zero or not finite, the dimensions or classes differ,
            the examples of a class cancel out, or nothing is left to rank.
    """
    names = _check(queries, examples, query_rows, example_rows)
    classes = tuple(name for name in names if len(example_rows[name]))
    if len(classes) < 2:
        raise InputError("fewer than two classes have examples", seen=f"{len(classes)} classes")
    vectors = np.stack(
        [class_vector(examples, example_rows[name], name, normalize_members) for name in classes]
    )
    parts = [np.asarray(query_rows[name], np.int64) for name in classes]
    rows = np.concatenate(parts)
    if not len(rows):
        raise InputError("no class has a query")
    labels = np.repeat(np.arange(len(classes)), [len(part) for part in parts])
    return ZeroShot(
        classes,
        rows,
        labels,
        own_ranks(used_rows(queries, rows, "query"), vectors, labels),
        tuple(name for name in names if not len(example_rows[name])),
        tuple(name for name, part in zip(classes, parts, strict=True) if not len(part)),
    )


def top_accuracies(found: ZeroShot, *, seed: int, name: str, ks: Iterable[int] = TOP) -> list[TopK]:
    """Return `ZeroShot.top` for several k."""
    return [found.top(k, seed=seed, name=f"{name} top{k}") for k in ks]


def _check(
    queries: NDArray[Any],
    examples: NDArray[Any],
    query_rows: Mapping[str, Rows],
    example_rows: Mapping[str, Rows],
) -> list[str]:
    if queries.ndim != 2 or examples.ndim != 2 or queries.shape[1] != examples.shape[1]:
        raise InputError(
            "the two modalities need vectors of one length",
            expected=queries.shape[1:],
            seen=examples.shape[1:],
        )
    differing = sorted(query_rows.keys() ^ example_rows.keys())
    if differing:
        raise InputError("a class is known on one side only", seen=repr(differing[0]))
    return sorted(query_rows)


def _accuracy(correct: float, n: float) -> Accuracy:
    return Accuracy(float(correct / n), int(correct), int(n))
