"""When the frames of a video are shown: is the rate constant, and which frames are the wanted ones?

A file seldom says whether its frame rate varies, and what it says is often wrong; the times at
which its frames are shown do not lie. See `is_variable` for the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARE = 0.05
"""How much a step may differ from the usual one, as a part of it; and how many steps may."""
DRIFT = 0.01
"""How far a frame may be from its place in an even row, as a part of the playing time."""
_WHOLE_FROM = 10
_LEAST = 3


@dataclass(frozen=True, eq=False)
class Timing:
    """The frames of a video, or of a part of one, in the order they are shown.

    Attributes:
        count: How many frames there are.
        times: Seconds at which each is shown, ascending; None where the file does not say.
        duration: Seconds from the first frame up to the end of the last one.
        variable: Whether the frame rate varies.
    """

    count: int
    times: NDArray[np.float64] | None
    duration: float
    variable: bool

    def chosen(self, frames: int | None) -> list[int]:
        """Return which frames stand for the video: ``frames`` of them, or all.

        The time is cut into equal parts, and each part gives the frame that is shown in its middle.
        At a constant rate this is frame ``int((i + 0.5) * count / frames)``, which is what is
        returned then: the rounding of time stamps must not move it.
        """
        if frames is None:
            return list(range(self.count))
        if not self.variable or self.times is None:
            return [int((i + 0.5) * self.count / frames) for i in range(frames)]
        middles = self.times[0] + (np.arange(frames) + 0.5) * (self.duration / frames)
        found = np.searchsorted(self.times, middles, side="right") - 1
        return [int(i) for i in np.clip(found, 0, self.count - 1)]


def timing_of(
    times: Sequence[float | None], *, tick: float, fps: float, last: float = 0.0
) -> Timing:
    """Return the timing of frames shown at these times.

    Args:
        times: Seconds, in the order of the frames. Where they go back they are put in order: what
            is shown later cannot have been shown before.
        tick: Seconds that the container counts in; times are rounded to it.
        fps: Frames per second, to go by where a time is missing; 0 where unknown.
        last: Seconds that the last frame is shown; 0 where unknown.
    """
    count = len(times)
    known = np.array([t for t in times if t is not None], np.float64)
    if len(known) < count or count == 0:
        return Timing(count, None, count / fps if fps > 0 else 0.0, variable=False)
    known.sort()
    steps = np.diff(known)
    if last <= 0:
        last = float(np.median(steps)) if count > 1 else (1 / fps if fps > 0 else 0.0)
    duration = float(known[-1] - known[0]) + last
    return Timing(count, known, duration, is_variable(known, tick))


def is_variable(times: NDArray[np.float64], tick: float) -> bool:
    """Whether frames shown at these times, in ascending order, have no constant rate.

    The steps between neighbors are compared with the usual one, their median. A step is odd if it
    differs from that by more than 5 % and one tick of the container's clock: rounding to whole
    ticks, such as 33 and 34 thousandths for 30 frames a second, moves a step by no more. The rate
    varies

    - if more than 5 % of the steps are odd. A frame that was dropped here or repeated there makes
      no variable rate; or
    - if some frame is further from its place in an even row than two steps and than 1 % of the
      playing time, and a tick. A long pause in the middle is one odd step only, and still an even
      choice by number would be an uneven one in time.

    The first and the last step do not count where there are ten frames or more: encoders begin and
    end in odd ways. The order in which frames are stored, other than that in which they are shown,
    plays no part. Fewer than three frames have no rate.
    """
    if len(times) >= _WHOLE_FROM:
        times = times[1:-1]
    if len(times) < _LEAST:
        return False
    steps = np.diff(times)
    played = float(times[-1] - times[0])
    usual = float(np.median(steps)) or played / len(steps)
    if usual <= 0:
        return False
    slack = tick * (1 + 1e-6) + 1e-9
    odd = np.abs(steps - usual) > SHARE * usual + slack
    even = np.linspace(times[0], times[-1], len(times))
    drift = float(np.abs(times - even).max())
    return bool(odd.mean() > SHARE or drift > max(2 * usual, DRIFT * played) + slack)
