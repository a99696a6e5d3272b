"""The part of a sound or video that is wanted, in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pentad.core.errors import DecodeError, Reason


@dataclass(frozen=True)
class Segment:
    """Seconds from `start` up to, not including, `end`; None means up to the end.

    They count from where the file begins to play, whatever its own clock says there.
    """

    start: float
    end: float | None

    @property
    def length(self) -> float | None:
        """Seconds that are wanted, or None for all that follow."""
        return None if self.end is None else self.end - self.start

    def samples(self, rate: int) -> tuple[int, int | None]:
        """Return the first wanted sample, and the one behind the last."""
        return _nearest(self.start * rate), None if self.end is None else _nearest(self.end * rate)

    def __str__(self) -> str:
        if self.end is None:
            return f"what follows second {seconds(self.start)}"
        return f"seconds {seconds(self.start)} to {seconds(self.end)}"


def as_segment(start: float | None, end: float | None) -> Segment | None:
    """Return the part from ``start`` to ``end``; None where neither is given.

    Raises:
        DecodeError: These are no seconds of anything: negative, not finite, or the wrong way round.
    """
    if start is None and end is None:
        return None
    try:
        first = 0.0 if start is None else float(start)
        last = math.inf if end is None else float(end)
        if 0 <= first < last and (end is None or last < math.inf):
            return Segment(first, None if end is None else last)
    except (TypeError, ValueError):
        pass
    raise DecodeError(Reason.BAD_ROW, f"there is no part from second {start} to second {end}")


def seconds(value: float) -> str:
    """Return seconds as text, to the thousandth where they need it.

    Examples:
        >>> seconds(14.0), seconds(0.5)
        ('14', '0.5')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _nearest(value: float) -> int:
    return math.floor(value + 0.5)
