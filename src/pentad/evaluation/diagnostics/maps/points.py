"""`MapPoints`: where each item is on a map, and what is known about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.diagnostics.space import Part, Space
from pentad.store.atomic import replacing


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Items on a map.

    Attributes:
        places: float64 (items, 2).
        modalities: Of each item.
        ids: Integers (items,), within the modality.
        concepts: Concept of each item, or None.
        method: ``pca`` or ``umap``.
        of: How many items there are; where that is more, these are a sample.
        about: What the axes are, for the caption.
    """

    places: NDArray[np.float64]
    modalities: tuple[Modality, ...]
    ids: NDArray[Any]
    concepts: tuple[str | None, ...]
    method: str
    of: int
    about: str

    def __len__(self) -> int:
        """Return how many items are shown."""
        return len(self.places)

    @property
    def present(self) -> tuple[Modality, ...]:
        """The modalities that have items here, in the usual order."""
        return tuple(m for m in Modality if m in set(self.modalities))

    def of_modality(self, modality: Modality) -> NDArray[np.bool_]:
        """Return (items,): which are of one modality."""
        return np.array([m is modality for m in self.modalities], dtype=bool)

    def of_concept(self, concept: str) -> NDArray[np.bool_]:
        """Return (items,): which have one concept."""
        return np.array([c == concept for c in self.concepts], dtype=bool)

    def concepts_by_size(self) -> list[str]:
        """Return the concepts, the one with the most items first, equals by name."""
        counts = Counter(c for c in self.concepts if c is not None)
        return sorted(counts, key=lambda c: (-counts[c], c))

    def save(self, path: Path) -> None:
        """Write modality, id, concept, x and y of each item as Parquet.

        Raises:
            StoreError: The file cannot be written.
        """
        import polars as pl

        table = pl.DataFrame(
            {
                "modality": [m.value for m in self.modalities],
                "id": self.ids,
                "concept": list(self.concepts),
                "x": self.places[:, 0],
                "y": self.places[:, 1],
            },
            schema_overrides={"concept": pl.String},
        )
        with replacing(path) as coming:
            table.write_parquet(coming)


def sampled(space: Space, most: int, seed: int) -> dict[Modality, Part]:
    """Return at most ``most`` rows of a space, each modality keeping its share of them.

    Every modality keeps at least one row. Which rows are drawn depends on the seed alone.
    """
    total = sum(len(part) for part in space.values())
    if total <= most:
        return dict(space)
    return {m: _taken(part, max(1, most * len(part) // total), seed) for m, part in space.items()}


def _taken(part: Part, count: int, seed: int) -> Part:
    drawn = generator(seed, "map", part.modality.value).permutation(len(part))[:count]
    rows = np.sort(drawn)
    return Part(
        part.modality,
        part.vectors[rows],
        part.ids[rows],
        tuple(part.captions[row] for row in rows),
        tuple(part.concepts[row] for row in rows),
        part.units[rows],
    )
