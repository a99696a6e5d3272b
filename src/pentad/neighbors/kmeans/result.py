"""What k-means found, in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import StoreError
from pentad.neighbors.metrics import Rows
from pentad.store.records import committing, read_record

RECORD = "kmeans.json"

_KIND = "k-means"
_ARRAYS = ("centroids", "assignment", "scores")


@dataclass(frozen=True, eq=False)
class KMeans:
    """Centroids, and the nearest of them for every vector.

    Attributes:
        metric: ``cosine`` or ``euclidean``.
        centroids: float32 (c, dim); with cosine at length 1.
        assignment: int32 (n,), the cluster of each vector; zero vectors are in 0 with cosine.
        scores: float32 (n,), the cosine of each vector and its centroid, or the squared distance.
        objective: The mean score of all vectors trained on, after each assignment to the centroids
            as they then were: one more than iterations. It never falls with cosine and never rises
            with Euclidean, but for the rounding of centroids to float32.
        converged: Whether one more iteration would have changed nothing, or too little.
        how: How it was found, for a manifest: settings and counts.
    """

    metric: str
    centroids: Rows
    assignment: NDArray[np.int32]
    scores: Rows
    objective: tuple[float, ...]
    converged: bool
    how: Mapping[str, Any]

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.centroids)

    @property
    def iterations(self) -> int:
        """How often the centroids were moved."""
        return len(self.objective) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """int64 (c,), how many vectors are in each cluster."""
        return np.bincount(self.assignment, minlength=self.clusters)

    def save(self, folder: Path) -> None:
        """Write three arrays and the record ``kmeans.json`` into a folder, all or nothing.

        Raises:
            StoreError: The disk is full or cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with committing(folder / RECORD) as commit:
            for name in _ARRAYS:
                with commit.path(f"{name}.npy").open("wb") as file:
                    np.save(file, getattr(self, name))
            commit.finish(
                {
                    "kind": _KIND,
                    "metric": self.metric,
                    "objective": list(self.objective),
                    "converged": self.converged,
                    "how": dict(self.how),
                }
            )

    @classmethod
    def load(cls, folder: Path, *, verify: bool = True) -> KMeans:
        """Return what `save` wrote; assignment and scores are mapped into memory.

        Args:
            folder: Where it lies.
            verify: Whether to read the files once and compare them with their record.

        Raises:
            StoreError: There is no complete result, or it is damaged.
        """
        record = read_record(folder / RECORD)
        if record is None or record.fields.get("kind") != _KIND:
            raise StoreError(f"{folder}: no complete k-means here; run it again")
        if not record.intact() or (verify and record.damaged()):
            raise StoreError(f"{folder}: not the files that were written; run k-means again")
        fields = record.fields
        centroids, assignment, scores = (
            np.load(
                folder / f"{name}.npy",
                mmap_mode=None if name == "centroids" else "r",
                allow_pickle=False,
            )
            for name in _ARRAYS
        )
        return cls(
            fields["metric"], centroids, assignment, scores,
            tuple(fields["objective"]), fields["converged"], fields["how"],
        )  # fmt: skip

    def assign(self, vectors: Any, *, memory: int | None = None) -> tuple[NDArray[np.int32], Rows]:
        """Return the cluster and the score of other vectors: see `assign_to`."""
        from pentad.neighbors.kmeans.lloyd import MEMORY, assign_to

        return assign_to(vectors, self.centroids, self.metric, memory=memory or MEMORY)
