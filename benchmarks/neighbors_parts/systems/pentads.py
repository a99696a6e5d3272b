"""Pentad's own: `ApproximateSearch`, tuned to stated recalls on a sample of the queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neighbors_parts.clocks import Clock
from neighbors_parts.systems.base import K, Setting
from neighbors_parts.vectors import Data

if TYPE_CHECKING:
    from pentad.neighbors.approximate.search import ApproximateSearch

RECALLS = (0.8, 0.85, 0.9, 0.93, 0.945, 0.955, 0.965, 0.975, 0.98, 0.985, 0.99, 0.995)
"""What is stated; as each is reached with confidence, what is measured is a little more."""


@dataclass(frozen=True)
class Pentad:
    """One backend of `ApproximateSearch` with its defaults."""

    backend: str
    package: str = "pentad"

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Build, tune and save; the time of tuning is told apart."""
        from pentad.neighbors.approximate.search import ApproximateSearch
        from pentad.neighbors.metrics import get_metric

        with Clock() as clock:
            made = ApproximateSearch.build(data.items, get_metric("cosine"), backend=self.backend)
            made.save(folder)
        tunings = []
        with Clock() as tuning:
            for recall in RECALLS:
                tunings.append(asdict(made.tune(data.queries, K, recall, strict=False)))
        (folder / "tunings.json").write_text(json.dumps(tunings), encoding="utf-8")
        facts = {"cpu": clock.cpu, "wall": clock.wall, "tune_wall": tuning.wall / len(RECALLS)}
        return facts | {"factory": str(made.index.factory)}

    def open(self, data: Data, folder: Path) -> Tuned:
        """Open the index; the vectors stay mapped."""
        from pentad.neighbors.approximate.search import ApproximateSearch
        from pentad.neighbors.metrics import get_metric

        index = ApproximateSearch.load(folder, data.items, get_metric("cosine"), verify=False)
        tunings = json.loads((folder / "tunings.json").read_text(encoding="utf-8"))
        return Tuned(index, data.queries, tunings)


@dataclass
class Tuned:
    """An index and what it was tuned to."""

    index: ApproximateSearch
    queries: np.ndarray
    tunings: list[dict[str, Any]]

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return what was chosen for each stated recall, once each."""
        found: dict[str, Setting] = {}
        for tuning in self.tunings:
            found.setdefault(f"{tuning['effort']} {tuning['candidates']}", tuning)
        return [list(found.values())]

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Search with one tuning."""
        from pentad.neighbors.approximate.tune import Tuning

        self.index.tuning = Tuning(**setting)
        return self.index.search(self.queries[queries], K)[0]
