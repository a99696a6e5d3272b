"""Videos, decoded by FFmpeg through PyAV: the exact frames asked for, in time order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.container import open_container, whole_packets
from pentad.media.ends import TOLERANCE, check_end
from pentad.media.types import DecodeOptions, Video

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_FRAME_PIXELS = 1 << 25
"""Pixels of one frame: 8K video fits."""
MAX_KEPT_PIXELS = 1 << 27
"""Pixels of all returned frames together: 402 MB of RGB."""
MAX_FRAMES = 250_000
"""Frames that are decoded at most, kept or not: more than two hours."""


@dataclass
class _Taken:
    """What one pass over a video gave."""

    frames: dict[int, NDArray[np.uint8]]
    packets: int = 0
    count: int = 0
    last_packet: float = 0.0
    last_frame: float = 0.0
    fps: float = 0.0


def decode_video(path: Path, options: DecodeOptions, _seed: int) -> Video:
    """Decode the wanted frames of one video, upright, as RGB."""
    check_end(path)
    guess = _count_packets(path)
    taken = _take(path, guess, options)
    if taken.count != guess and options.video_frames is not None:
        # Which frames are the evenly spaced ones is known only once they have been counted.
        guess = taken.count
        taken = _take(path, guess, options)
    wanted = _wanted(taken.count, options.video_frames)
    if any(i not in taken.frames for i in wanted):
        raise DecodeError(Reason.CORRUPT, f"{guess} frames at first, {taken.count} the next time")
    return Video(np.stack([taken.frames[i] for i in wanted]), taken.fps)


def _wanted(count: int, frames: int | None) -> list[int]:
    if frames is None:
        return list(range(count))
    return [int((i + 0.5) * count / frames) for i in range(frames)]


def _video_stream(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise DecodeError(Reason.UNSUPPORTED, "no moving picture in this file")
    stream = container.streams.video[0]
    _check_frame(stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.thread_count = 1
    return stream


def _check_frame(width: int, height: int) -> None:
    if width * height > MAX_FRAME_PIXELS:
        raise DecodeError(
            Reason.TOO_LARGE, f"{width} x {height} pixels; the limit is {MAX_FRAME_PIXELS:,} in all"
        )


def _count_packets(path: Path) -> int:
    """Count the packets of the video, and compare with what the container declares."""
    # A cut made by an edit list hides frames that are there; here they count.
    with open_container(path, ignore_editlist="1") as container:
        stream = _video_stream(container)
        count = sum(packet.size > 0 for packet in whole_packets(container, stream))
        if count < stream.frames * (1 - TOLERANCE):
            raise DecodeError(
                Reason.TRUNCATED, f"{count} of {stream.frames} declared frames are there"
            )
    if count > MAX_FRAMES:
        raise DecodeError(Reason.TOO_LARGE, f"{count:,} frames; the limit is {MAX_FRAMES:,}")
    return count


def _take(path: Path, guess: int, options: DecodeOptions) -> _Taken:
    """Decode all frames, keeping those wanted if there are ``guess`` of them."""
    taken = _Taken({})
    wanted = None if options.video_frames is None else set(_wanted(guess, options.video_frames))
    keep = _Keeper(options.image_side)
    with open_container(path) as container:
        stream = _video_stream(container)
        taken.fps = float(stream.average_rate or 0)
        for frame in _frames(container, stream, taken):
            if wanted is None or taken.count in wanted:
                taken.frames[taken.count] = keep(frame)
            taken.count += 1
    _check_complete(taken)
    return taken


def _frames(container: InputContainer, stream: VideoStream, taken: _Taken) -> Iterator[VideoFrame]:
    for packet in whole_packets(container, stream):
        if packet.size and not packet.is_discard:
            taken.packets += 1
            if packet.pts is not None and packet.time_base:
                taken.last_packet = max(taken.last_packet, float(packet.pts * packet.time_base))
        for frame in stream.decode(packet):
            if frame.is_corrupt:
                raise DecodeError(Reason.CORRUPT, f"frame {taken.count} is damaged")
            if frame.time is not None:
                taken.last_frame = max(taken.last_frame, frame.time)
            yield frame


def _check_complete(taken: _Taken) -> None:
    """Compare frames with packets; some codecs pack no picture into some packets, so also times."""
    if taken.count == 0:
        raise DecodeError(Reason.EMPTY, "no frame can be decoded")
    few = taken.packets - taken.count > max(1, TOLERANCE * taken.packets)
    early = taken.last_frame < (1 - TOLERANCE) * taken.last_packet or taken.last_packet == 0
    if few and early:
        raise DecodeError(
            Reason.TRUNCATED, f"{taken.count} of {taken.packets} frames can be decoded"
        )


class _Keeper:
    """Turns frames into arrays, all of the first one's size, within the pixel budget."""

    def __init__(self, image_side: int | None) -> None:
        self._image_side = image_side
        self._size: tuple[int, int] | None = None
        self._left = MAX_KEPT_PIXELS

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        _check_frame(frame.width, frame.height)
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
