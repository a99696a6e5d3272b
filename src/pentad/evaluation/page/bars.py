"""`Bar`: a name, a share from 0 to 1, and how sure it is. What lists and figures draw."""

from __future__ import annotations

from typing import NamedTuple


class Bar(NamedTuple):
    """One line of a bar chart.

    Attributes:
        label: What it is of.
        value: From 0 to 1.
        n: How many it is of.
        low: Lower end of its interval; None where there is none.
        high: Upper end of its interval.
    """

    label: str
    value: float
    n: float
    low: float | None = None
    high: float | None = None
