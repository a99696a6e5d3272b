"""One vector for a class, and at which place a query finds its own class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.retrieval import CosineCorpus, unit_rows

Rows = NDArray[np.int64]
Matrix = NDArray[np.float64]


def class_vector(
    examples: NDArray[Any], rows: Rows, name: str, normalize_members: bool, what: str = "example"
) -> Matrix:
    """Return float64 (dim,) of length 1: the direction of the mean of some rows.

    Args:
        examples: (n, dim), of any length.
        rows: Those of the class, at least one.
        name: Name of the class, for messages.
        normalize_members: Give rows length 1 before their mean is taken.
        what: What the rows are, for messages.

    Raises:
        InputError: A row is not finite, or zero where it should have length 1; or they cancel out.
    """
    kind = f"class {name!r}, {what}"
    members = used_rows(examples, rows, kind, allow_zero=not normalize_members)
    mean = (unit_rows(members) if normalize_members else members).mean(axis=0)
    if not mean.any() or not np.isfinite(mean).all():
        raise InputError(f"the mean of the {len(rows)} {what}s of class {name!r} has no direction")
    vector: Matrix = mean / np.linalg.norm(mean)
    return vector


def used_rows(
    vectors: NDArray[Any], rows: Rows, what: str, *, allow_zero: bool = False
) -> NDArray[np.float64]:
    """Return rows as float64.

    Raises:
        InputError: One of them is not finite; or zero, unless that is allowed.
    """
    found = vectors[rows].astype(np.float64)
    finite = np.isfinite(found).all(axis=1)
    if not finite.all():
        raise InputError(f"{what} row {rows[np.argmin(finite)]}: NaN or infinite")
    some = found.any(axis=1)
    if not allow_zero and not some.all():
        raise InputError(f"{what} row {rows[np.argmin(some)]}: a zero vector has no direction")
    return found


def own_ranks(queries: Matrix, vectors: Matrix, labels: Rows) -> Rows:
    """Return how many classes come before the own one: those that score more, or come first.

    Args:
        queries: float64 (n, dim).
        vectors: float64 (classes, dim).
        labels: int64 (n,), the own class of each query.
    """
    corpus = CosineCorpus(vectors)  # classes with equal vectors score exactly the same
    ranks = np.empty(len(labels), np.int64)
    for block in row_blocks(len(labels), 2 * len(vectors)):
        scores = corpus.scores(queries[block])[:, corpus.place]
        own = np.take_along_axis(scores, labels[block, None], axis=1)
        earlier = np.arange(len(vectors)) < labels[block, None]
        before = (scores > own) | ((scores == own) & earlier)
        ranks[block] = np.count_nonzero(before, axis=1)
    return ranks


@dataclass(frozen=True, eq=False)
class ClassVectors:
    """Classes that items can be classified into; `of` puts them in the order of their names.

    Attributes:
        names: The classes, sorted, no two equal.
        vectors: float64 (classes, dim), unit rows.
        made: How the vectors were made, as plain values.
    """

    names: tuple[str, ...]
    vectors: Matrix
    made: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many classes there are."""
        return len(self.names)

    @classmethod
    def of(
        cls, names: Sequence[str], vectors: NDArray[Any], made: Mapping[str, Any] | None = None
    ) -> ClassVectors:
        """Return classes in the order of their names, whatever order they come in.

        Raises:
            InputError: There are fewer than two, a name occurs twice, or a vector has no direction.
        """
        if len(names) < 2 or len(set(names)) < len(names):
            raise InputError("classes need two different names or more", seen=list(names)[:5])
        order = sorted(range(len(names)), key=names.__getitem__)
        rows = used_rows(np.asarray(vectors), np.array(order), "class")
        return cls(tuple(names[place] for place in order), unit_rows(rows), dict(made or {}))
