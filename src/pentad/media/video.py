"""Videos, decoded by FFmpeg through PyAV: the exact frames asked for, in time order.

A first pass over the packets alone tells when frames are shown, and so which ones are wanted; the
second decodes, and keeps those. Where the frames tell otherwise than the packets, there is a third.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.clip import MAX_FRAME_PIXELS, Clip, NotThere, Reel, check_frame
from pentad.media.ends import TOLERANCE, check_end
from pentad.media.segment import Segment
from pentad.media.sniff import container_of
from pentad.media.source import Source
from pentad.media.timing import Timing, timing_of
from pentad.media.types import DecodeOptions, Video
from pentad.media.videopart import Window, survey_part

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["MAX_FRAMES", "MAX_FRAME_PIXELS", "MAX_KEPT_PIXELS", "decode_video"]

MAX_KEPT_PIXELS = 1 << 27
"""Pixels of all returned frames together: 402 MB of RGB."""
MAX_FRAMES = 250_000
"""Frames that are decoded at most, kept or not: more than two hours."""


@dataclass
class _Taken:
    """What one pass over a video gave."""

    fps: float
    tick: float
    frames: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    times: list[float | None] = field(default_factory=list)
    last_length: float = 0.0

    def timing(self) -> Timing:
        """Return when the frames are shown."""
        return timing_of(self.times, tick=self.tick, fps=self.fps, last=self.last_length)


def decode_video(
    source: Source, options: DecodeOptions, _seed: int, segment: Segment | None
) -> Video:
    """Decode the wanted frames of one video, or of a part of it, upright, as RGB."""
    import av

    kind = container_of(source.path)
    if kind is None:
        raise DecodeError(Reason.UNSUPPORTED, f"{source.name}: no known kind of video")
    check_end(source.path)
    clip = Clip(source, kind, segment)
    for landing in clip.landings():
        try:
            return _decoded(clip, landing, options)
        except NotThere:
            continue
        except av.FFmpegError:
            if landing is None:
                raise
    raise DecodeError(Reason.UNSUPPORTED, f"{source.name}: it does not say when its frames are")


def _decoded(clip: Clip, landing: float | None, options: DecodeOptions) -> Video:
    if options.video_frames == 0:
        return _video([], *_survey(clip, landing), options)
    guess, _ = _survey(clip, landing, ignore_editlist="1")
    taken = _take(clip, landing, guess, options)
    timing = taken.timing()
    wanted = timing.chosen(options.video_frames)
    if any(i not in taken.frames for i in wanted):
        # Which frames are the evenly spaced ones is known only once they have been seen.
        taken = _take(clip, landing, timing, options)
        again = taken.timing()
        wanted = again.chosen(options.video_frames)
        if any(i not in taken.frames for i in wanted):
            raise DecodeError(
                Reason.CORRUPT, f"{timing.count} frames at first, {again.count} the next time"
            )
    return _video([taken.frames[i] for i in wanted], timing, taken.fps, options)


def _video(
    frames: list[NDArray[np.uint8]], timing: Timing, fps: float, options: DecodeOptions
) -> Video:
    if timing.variable and options.reject_variable:
        rate = timing.count / timing.duration
        raise DecodeError(
            Reason.VARIABLE_RATE,
            f"{timing.count:,} frames at uneven times, {rate:.3g} a second on average",
        )
    pixels = np.stack(frames) if frames else np.empty((0, 0, 0, 3), np.uint8)
    return Video(pixels, fps, timing.variable, timing.duration)


def _survey(clip: Clip, landing: float | None, **how: str) -> tuple[Timing, float]:
    """Return the timing as the packets have it, and the frame rate as the container has it."""
    if clip.segment is not None:
        with clip.playing(landing) as reel:
            return survey_part(reel, clip.segment, landing, MAX_FRAMES), reel.fps
    # A cut made by an edit list hides frames that are there; if it is ignored they count, and their
    # number must be the declared one. The guess is then too high, and the frames tell.
    with clip.playing(None, **how) as reel:
        times: list[float | None] = []
        last = latest = 0.0
        for packet, time in reel.pictures():
            times.append(time)
            if time is not None and time >= latest:
                latest, last = time, reel.in_seconds(packet.duration)
            _check_count(reel.stored)
        if how and reel.stored < reel.declared * (1 - TOLERANCE):
            raise DecodeError(
                Reason.TRUNCATED, f"{reel.stored} of {reel.declared} declared frames are there"
            )
        return timing_of(times, tick=reel.tick, fps=reel.fps, last=last), reel.fps


def _check_count(count: int) -> None:
    if count > MAX_FRAMES:
        raise DecodeError(Reason.TOO_LARGE, f"{count:,} frames; the limit is {MAX_FRAMES:,}")


def _take(clip: Clip, landing: float | None, guess: Timing, options: DecodeOptions) -> _Taken:
    """Decode the frames, keeping those wanted if ``guess`` is right."""
    wanted = None if options.video_frames is None else set(guess.chosen(options.video_frames))
    keep = _Keeper(options.image_side)
    with clip.playing(landing) as reel:
        taken = _Taken(reel.fps, reel.tick)
        window = Window(reel, clip.segment, landing)
        for frame, time in window.frames():
            if frame.is_corrupt:
                if landing is not None:
                    raise NotThere
                raise DecodeError(Reason.CORRUPT, f"frame {len(taken.times)} is damaged")
            if wanted is None or len(taken.times) in wanted:
                taken.frames[len(taken.times)] = keep(frame)
            taken.times.append(time)
            taken.last_length = reel.in_seconds(frame.duration)
            _check_count(len(taken.times))
        taken.last_length = window.last_length(taken.last_length)
        if clip.segment is None:
            _check_complete(reel, taken.times)
        else:
            window.check_complete(guess.count, len(taken.times))
    return taken


def _check_complete(reel: Reel, times: list[float | None]) -> None:
    """Compare frames with packets; some codecs pack no picture into some packets, so also times."""
    if not times:
        raise DecodeError(Reason.EMPTY, "no frame can be decoded")
    last_frame = max((t for t in times if t is not None), default=0.0)
    few = reel.packets - len(times) > max(1, TOLERANCE * reel.packets)
    early = last_frame < (1 - TOLERANCE) * reel.last_packet or reel.last_packet == 0
    if few and early:
        raise DecodeError(Reason.TRUNCATED, f"{len(times)} of {reel.packets} frames can be decoded")


class _Keeper:
    """Turns frames into arrays, all of the first one's size, within the pixel budget."""

    def __init__(self, image_side: int | None) -> None:
        self._image_side = image_side
        self._size: tuple[int, int] | None = None
        self._left = MAX_KEPT_PIXELS

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        check_frame(frame.width, frame.height)
        if self._size is None:
            self._size = self._reduced(frame.width, frame.height)
        width, height = self._size
        self._left -= width * height
        if self._left < 0:
            raise DecodeError(
                Reason.TOO_LARGE, f"the frames have more than {MAX_KEPT_PIXELS:,} pixels in all"
            )
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
        return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))

    def _reduced(self, width: int, height: int) -> tuple[int, int]:
        factor = 1.0
        if self._image_side is not None:
            factor = max(1.0, max(width, height) / (2 * self._image_side))
        return max(1, round(width / factor)), max(1, round(height / factor))
