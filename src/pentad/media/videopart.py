"""A part of a video: the frames shown from one second up to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pentad.core.errors import DecodeError, Reason
from pentad.media.clip import NotThere, Reel
from pentad.media.ends import TOLERANCE
from pentad.media.segment import Segment, seconds
from pentad.media.timing import Timing, timing_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_SLACK = 1e-6


def survey_part(reel: Reel, segment: Segment, landing: float | None, most: int) -> Timing:
    """Return the timing of a part as its packets have it; a count of 0 where they do not say.

    Raises:
        DecodeError: The video ends before the part begins, or it has more than ``most`` packets.
        NotThere: The jump landed behind the start of the part.
    """
    if reel.ends_before(segment.start):
        raise DecodeError(Reason.EMPTY, f"{segment}: the video ends before")
    times: list[float] = []
    last = 0.0
    reached, ended = landing is None, True
    for number, (packet, time) in enumerate(reel.pictures()):
        if number > most:
            raise DecodeError(Reason.TOO_LARGE, f"more than {most:,} frames")
        if time is None:
            return timing_of([], tick=reel.tick, fps=reel.fps)
        decoded = reel.decoded_by(packet)
        if segment.end is not None and decoded is not None and decoded >= segment.end:
            ended = False
            break
        reached = reached or time <= segment.start + _SLACK
        if _within(time, segment):
            times.append(time)
        last = max(last, time + reel.in_seconds(packet.duration))
    if not reached:
        raise NotThere
    if ended and not times and last <= segment.start:
        raise _outside(segment, last)
    return timing_of(list(times), tick=reel.tick, fps=reel.fps)


class Window:
    """The frames of one pass that belong to the wanted part; all of them where there is none.

    Args:
        reel: The pass.
        segment: The part, or None.
        landing: Where the pass began, if not at the start of the file.
    """

    def __init__(self, reel: Reel, segment: Segment | None, landing: float | None) -> None:
        self._reel = reel
        self._segment = segment
        self._landing = landing
        self._last: float | None = None
        self._next: float | None = None
        self._length = 0.0
        self._decoded = 0

    def frames(self) -> Iterator[tuple[VideoFrame, float | None]]:
        """Yield each frame and when it is shown.

        Raises:
            NotThere: The jump landed behind the start of the part, or frames have no time.
        """
        if self._segment is None:
            yield from self._reel.frames()
            return
        before: tuple[VideoFrame, float] | None = None
        some = False
        for frame, time in self._timed(self._segment):
            if time < self._segment.start - _SLACK:
                before = frame, time
                continue
            landed_late = self._landing is not None and not some and before is None
            if landed_late and time > self._segment.start + _SLACK:
                raise NotThere
            if not _within(time, self._segment):
                self._next = time
                break
            some = True
            self._note(frame, time)
            yield frame, time
        if not some and before is not None and self._is_shown(*before):
            # Nothing new is shown in the part: what is shown all along is from before.
            self._note(*before)
            yield before

    def last_length(self, length: float) -> float:
        """Return how long the last frame is shown within the part."""
        segment = self._segment
        if segment is None or self._last is None:
            return length
        until = self._last + length if self._next is None else self._next
        if segment.end is not None:
            until = min(until, segment.end)
        return max(until - self._last, 0.0)

    def check_complete(self, declared: int, count: int) -> None:
        """Refuse a part that is not there, or not all of it.

        Raises:
            DecodeError: Nothing is shown in it, it goes beyond the end of the video, or frames are
                missing.
        """
        segment = self._segment
        if segment is None:
            return
        if self._last is None:
            raise _outside(segment, self._length)
        if declared - count > max(1, TOLERANCE * declared):
            if self._landing is not None:
                raise NotThere
            raise DecodeError(Reason.TRUNCATED, f"{count} of {declared} frames can be decoded")
        if segment.length is None or self._next is not None:
            return
        if self._length - segment.start < (1 - TOLERANCE) * segment.length:
            raise DecodeError(
                Reason.TRUNCATED, f"{segment}: the video ends at second {seconds(self._length)}"
            )

    def _timed(self, segment: Segment) -> Iterator[tuple[VideoFrame, float]]:
        for number, (frame, time) in enumerate(self._reel.frames()):
            if time is None:
                if self._landing is not None or self._reel.fps <= 0:
                    raise NotThere
                time = number / self._reel.fps  # noqa: PLW2901
            self._length = max(self._length, time + self._length_of(frame))
            yield frame, time

    def _length_of(self, frame: VideoFrame) -> float:
        told = self._reel.in_seconds(frame.duration)
        return told or (1 / self._reel.fps if self._reel.fps > 0 else 0.0)

    def _note(self, frame: VideoFrame, time: float) -> None:
        self._last = time

    def _is_shown(self, frame: VideoFrame, time: float) -> bool:
        segment = self._segment
        if segment is None or self._next is not None:
            return True
        return time + self._length_of(frame) > segment.start + _SLACK


def _within(time: float, segment: Segment) -> bool:
    if time < segment.start - _SLACK:
        return False
    return segment.end is None or time < segment.end - _SLACK


def _outside(segment: Segment, length: float) -> DecodeError:
    return DecodeError(Reason.EMPTY, f"{segment}: the video ends at second {seconds(length)}")
