"""The three views of a ranking that metrics are computed from."""

from __future__ import annotations

from typing import Protocol

from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.midranks import Midranks
from pentad.evaluation.metrics.places import Places


class Views(Protocol):
    """Rankings of some queries, as metrics see them; each view is made when it is asked for."""

    def first(self, level: int) -> First:
        """Return where the best item of at least this grade is."""

    def places(self, level: int) -> Places:
        """Return the first places; what has a lesser grade is not relevant."""

    def midranks(self, level: int) -> Midranks:
        """Return the ranks of all items of at least this grade."""
