"""Small worlds of labelled vectors, and the published definitions written out in plain loops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from pentad.evaluation.similarity.labels import LabelTable
from pentad.evaluation.similarity.named import NamedVectors


@dataclass(frozen=True)
class World:
    """Items with vectors and labels; every score of a pair is an exact small integer."""

    vectors: tuple[tuple[int, ...], ...]
    labels: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"clip{i:02}" for i in range(len(self.vectors)))

    @property
    def named(self) -> NamedVectors:
        return NamedVectors(self.names, np.array(self.vectors, np.float64))

    @property
    def table(self) -> LabelTable:
        return LabelTable.from_labels(dict(zip(self.names, self.labels, strict=True)))

    def ranking(self, query: int, search: str) -> list[int]:
        """Return all other items, best first, equal ones by number."""
        own = self.vectors[query]

        def closeness(item: int) -> float:
            pairs = list(zip(own, self.vectors[item], strict=True))
            if search == "dot":
                return sum(a * b for a, b in pairs)
            return -sum((a - b) ** 2 for a, b in pairs)

        others = [item for item in range(len(self.vectors)) if item != query]
        return sorted(others, key=lambda item: (-closeness(item), item))


@st.composite
def worlds(draw: st.DrawFn, items: int = 9) -> World:
    size = draw(st.integers(2, items))
    vector = st.tuples(*[st.integers(-2, 2)] * 3)
    labels = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)
    return World(
        tuple(draw(st.lists(vector, min_size=size, max_size=size))),
        tuple(tuple(own) for own in draw(st.lists(labels, min_size=size, max_size=size))),
    )


def average_precision(relevant: Sequence[bool], n: int, whole: int) -> float:
    hits, total = 0, 0.0
    for place, found in enumerate(relevant[:n], 1):
        if found:
            hits += 1
            total += hits / place
    return total / whole if whole else 0.0


def first_rank(relevant: Sequence[bool]) -> float:
    return next((float(place) for place, found in enumerate(relevant, 1) if found), math.nan)


def published(
    world: World, n: int, search: str, families: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, object]]:
    """MAP@N and MR1 as the published program defines them; MR1 is always Euclidean.

    Where that program fails, a rank that does not exist is left out.
    """
    classes = sorted({label for own in world.labels for label in own})
    everyone = range(len(world.vectors))
    members = {c: [i for i in everyone if c in world.labels[i]] for c in classes}

    def shares(query: int, how: str) -> list[bool]:
        own = set(world.labels[query])
        return [bool(own & set(world.labels[i])) for i in world.ranking(query, how)]

    def has(query: int, label: str, how: str) -> list[bool]:
        return [label in world.labels[i] for i in world.ranking(query, how)]

    by_class = {
        c: [average_precision(has(q, c, search), n, min(n, len(m))) for q in m]
        for c, m in members.items()
    }
    ranks = {c: [first_rank(has(q, c, "euclidean")) - 1 for q in m] for c, m in members.items()}
    micro = [average_precision(shares(q, search), n, n) for q in everyone]
    micro_ranks = [first_rank(shares(q, "euclidean")) - 1 for q in everyone]
    return {
        "map": _means(micro, by_class, families),
        "mr1": _means(micro_ranks, ranks, families),
    }


def _means(
    micro: Sequence[float],
    by_class: Mapping[str, Sequence[float]],
    families: Mapping[str, Sequence[str]],
) -> dict[str, object]:
    classes = {name: mean(values) for name, values in by_class.items()}
    return {
        "micro": mean(micro),
        "class": classes,
        "macro": mean([v for v in classes.values() if v is not None]),
        "family": {
            name: mean([classes[c] for c in own if classes.get(c) is not None])  # type: ignore[misc]
            for name, own in families.items()
        },
    }


def mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else None
