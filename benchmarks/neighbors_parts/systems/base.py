"""What a compared index is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from neighbors_parts.vectors import Data

Setting = dict[str, Any]
K = 16
LINKS, CONSTRUCTION = 32, 200
"""Of all graphs but those of which the maker chooses: Pentad's and autofaiss's."""


class Searcher(Protocol):
    """An index that was opened."""

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return series of settings to try, each series from fast to good."""

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Return the rows (queries, k) found for these of the queries."""


class System(Protocol):
    """A kind of index.

    Attributes:
        package: What must be installed.
    """

    package: str

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Build the index, write it into an empty folder, and return what there is to say."""

    def open(self, data: Data, folder: Path) -> Searcher:
        """Open what `build` wrote."""


def steps(first: int, last: int, factor: float = 1.2) -> list[int]:
    """Return whole numbers from first to last, each greater by a factor."""
    found = [first]
    while found[-1] < last:
        found.append(min(last, max(found[-1] + 1, round(found[-1] * factor))))
    return found
