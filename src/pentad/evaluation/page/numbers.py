"""Numbers as people read them."""

from __future__ import annotations

from math import isfinite

from pentad.evaluation.results.names import people_direction

NONE, MINUS = "\u2013", "\u2212"


def number(value: float) -> str:
    """Return a score: three digits after the point, fewer for ranks, a dash for none."""
    if not isfinite(value):
        return NONE
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def arrow(key: str) -> str:
    """Return a direction such as ``text_to_audio`` with an arrow."""
    return people_direction(key).replace("->", "\u2192")


def signed(value: float) -> str:
    """Return a difference with its sign."""
    return f"{value:+.3f}".replace("-", MINUS) if isfinite(value) else NONE


def percent(part: float, whole: float) -> str:
    """Return a share, such as ``12.5 %``."""
    return f"{part / whole:.1%}".replace("%", "\u00a0%") if whole else NONE


def many(count: int, what: str) -> str:
    """Return a count with its noun.

    Examples:
        >>> many(1, "task"), many(1200, "task"), many(2, "class")
        ('1 task', '1,200 tasks', '2 classes')
    """
    plural = "" if count == 1 else "es" if what.endswith("s") else "s"
    return f"{count:,} {what}{plural}"
