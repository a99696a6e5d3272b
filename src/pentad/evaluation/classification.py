"""Which class items belong to, and how often that is right where the answer is known.

Items are compared with class vectors by cosine. Equal scores are ranked by the names of the
classes, so the order in which classes are given changes nothing. Probabilities are the softmax of
cosines over temperature, over the classes asked for: they say how the classes compare with one
another, not how likely it is that any of them is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.class_vectors import ClassVectors, Rows, own_ranks, used_rows
from pentad.evaluation.retrieval import CosineCorpus
from pentad.evaluation.temperature import Temperature
from pentad.evaluation.zero_shot import TOP, TopK, ZeroShot, top_accuracies

UNKNOWN = -1
PAIRS = 5


class LabelScore(NamedTuple):
    """One label of an item.

    Attributes:
        label: Name of the class.
        score: Cosine of the item and the class.
        probability: Its share among all classes asked for.
    """

    label: str
    score: float
    probability: float


@dataclass(frozen=True)
class Classification:
    """What one item was taken for.

    Attributes:
        item: Its path, or its text.
        modality: What it is.
        top: The best labels, best first.
        own: The class it is known to have, or None.
    """

    item: str
    modality: Modality
    top: tuple[LabelScore, ...]
    own: str | None = None

    @property
    def label(self) -> str:
        """The best label."""
        return self.top[0].label

    def to_json(self) -> dict[str, Any]:
        """Return plain values: ``text`` or ``file``, ``modality``, ``own`` and the labels."""
        kind = "text" if self.modality is Modality.TEXT else "file"
        top = [each._asdict() for each in self.top]
        return {kind: self.item, "modality": self.modality.value, "own": self.own, "top": top}


@dataclass(frozen=True)
class Confusion:
    """Items of one class that were taken for another.

    Attributes:
        own: Their class.
        taken_for: The class that came first.
        count: How many.
        of: How many items the class has.
    """

    own: str
    taken_for: str
    count: int
    of: int


@dataclass(frozen=True, eq=False)
class Classifications(Sequence[Classification]):
    """What the items of one modality were taken for.

    Attributes:
        modality: What they are.
        items: Their paths or texts.
        classes: The classes asked for.
        places: int64 (items, top), places of classes, best first.
        scores: float64 (items, top), their cosines.
        probabilities: float64 (items, top).
        own: int64 (items,), the class an item is known to have, or `UNKNOWN`.
        temperature: Of the probabilities.
        accuracy: Where classes are known: how often the own one is among the first k.
        confusions: Where classes are known: the most frequent mistakes.
    """

    modality: Modality
    items: tuple[str, ...]
    classes: ClassVectors
    places: Rows
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    own: Rows
    temperature: Temperature
    accuracy: tuple[TopK, ...] = ()
    confusions: tuple[Confusion, ...] = ()

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.items)

    @overload
    def __getitem__(self, row: int) -> Classification: ...
    @overload
    def __getitem__(self, row: slice) -> list[Classification]: ...
    def __getitem__(self, row: int | slice) -> Classification | list[Classification]:
        """Return one item, or several."""
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        cells = zip(self.places[row], self.scores[row], self.probabilities[row], strict=True)
        top = tuple(LabelScore(self.classes.names[c], float(s), float(p)) for c, s, p in cells)
        return Classification(self.items[row], self.modality, top, self._own(int(self.own[row])))

    def __iter__(self) -> Iterator[Classification]:
        """Yield every item."""
        return (self[row] for row in range(len(self)))

    @property
    def known(self) -> int:
        """How many items have a known class."""
        return int(np.count_nonzero(self.own != UNKNOWN))

    def _own(self, place: int) -> str | None:
        return None if place == UNKNOWN else self.classes.names[place]


def classify_vectors(
    vectors: NDArray[Any],
    classes: ClassVectors,
    *,
    items: Sequence[str],
    modality: Modality,
    own: Rows | None = None,
    top: int = 5,
    temperature: Temperature,
    seed: int = 0,
) -> Classifications:
    """Return the nearest classes of every vector.

    Args:
        vectors: (items, dim), of any length.
        classes: What they are compared with.
        items: What each is called.
        modality: What they are.
        own: int64 (items,), the place of each item's class, or `UNKNOWN`.
        top: How many labels an item gets.
        temperature: Of the probabilities.
        seed: Seed of the intervals.

    Raises:
        InputError: Dimensions differ, a vector has no direction, or top is below 1.
    """
    if top < 1:
        raise InputError("top must be at least 1", seen=top)
    if vectors.ndim != 2 or vectors.shape[1] != classes.vectors.shape[1]:
        expected = classes.vectors.shape[1]
        raise InputError(
            "items and classes need vectors of one length", expected=expected, seen=vectors.shape
        )
    queries = used_rows(vectors, np.arange(len(vectors)), str(modality))
    known = np.full(len(vectors), UNKNOWN, np.int64) if own is None else own
    found = _nearest(queries, classes, min(top, len(classes)), temperature.value)
    rows = np.flatnonzero(known != UNKNOWN)
    accuracy: tuple[TopK, ...] = ()
    if len(rows):
        ranked = _ranked(queries, classes, known, rows)
        ks = [k for k in TOP if k == 1 or k < len(classes)]
        accuracy = tuple(top_accuracies(ranked, seed=seed, name=f"classify {modality}", ks=ks))
    return Classifications(
        modality,
        tuple(items),
        classes,
        *found,
        known,
        temperature,
        accuracy,
        _confusions(classes, known[rows], found[0][rows, 0]),
    )


def _nearest(
    queries: NDArray[np.float64], classes: ClassVectors, top: int, temperature: float
) -> tuple[Rows, NDArray[np.float64], NDArray[np.float64]]:
    """Return places, cosines and probabilities (queries, top), best first."""
    corpus = CosineCorpus(classes.vectors)  # classes with equal vectors score exactly the same
    places = np.empty((len(queries), top), np.int64)
    scores, shares = (np.empty((len(queries), top)) for _ in range(2))
    for block in row_blocks(len(queries), 4 * len(classes)):
        cosines = corpus.scores(queries[block])[:, corpus.place]
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :top]
        with np.errstate(over="ignore"):  # far below the best one nothing is left
            weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / temperature)
        weights /= weights.sum(axis=1, keepdims=True)
        places[block] = best
        scores[block] = np.clip(np.take_along_axis(cosines, best, axis=1), -1, 1)
        shares[block] = np.take_along_axis(weights, best, axis=1)
    return places, scores, shares


def _ranked(queries: NDArray[np.float64], classes: ClassVectors, own: Rows, rows: Rows) -> ZeroShot:
    rows = rows[np.argsort(own[rows], kind="stable")]
    labels = own[rows]
    asked = set(labels.tolist())
    return ZeroShot(
        classes.names,
        rows,
        labels,
        own_ranks(queries[rows], classes.vectors, labels),
        without_queries=tuple(n for place, n in enumerate(classes.names) if place not in asked),
    )


def _confusions(classes: ClassVectors, own: Rows, taken_for: Rows) -> tuple[Confusion, ...]:
    sizes = Counter(own.tolist())
    pairs = zip(own.tolist(), taken_for.tolist(), strict=True)
    wrong = Counter((a, b) for a, b in pairs if a != b)
    most = sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0]))[:PAIRS]
    return tuple(
        Confusion(classes.names[a], classes.names[b], count, sizes[a]) for (a, b), count in most
    )
