"""The moving picture of a file: its packets and frames, on a clock that starts at 0 with the file.

FFmpeg opens the file anew for each pass; a pass over a part begins at a key frame before it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import DecodeError, Reason
from pentad.media.container import open_container, whole_packets
from pentad.media.segment import Segment
from pentad.media.source import Source

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_FRAME_PIXELS = 1 << 25
"""Pixels of one frame: 8K video fits."""
_VP8_SHOWN = 0x10
_FURTHER_BACK = 10.0
_TIMED = frozenset({"mov", "matroska", "mpegts", "flv", "asf"})


class NotThere(Exception):
    """A jump into the file did not land before the part that is wanted."""


@dataclass(frozen=True)
class Clip:
    """A video file, what it is, and the part of it that is wanted.

    Attributes:
        source: The file.
        kind: Its container, as FFmpeg calls it.
        segment: The part, or None for all.
    """

    source: Source
    kind: str
    segment: Segment | None

    def landings(self) -> list[float | None]:
        """Return where to begin a pass, the best first; None is the start of the file."""
        if self.segment is None or self.segment.start <= 0:
            return [None]
        start = self.segment.start
        further = [start - _FURTHER_BACK] if start > _FURTHER_BACK else []
        return [start, *further, None]

    @contextmanager
    def playing(self, landing: float | None = None, **options: str) -> Iterator[Reel]:
        """Open the file for one pass, from the key frame before second ``landing`` on.

        Raises:
            DecodeError: There is no moving picture in it, or too large a one.
            NotThere: The file cannot be entered there.
        """
        path: Path = self.source.path
        with open_container(path, self.kind, **options) as container:
            reel = Reel(container, _picture_of(container))
            if landing is not None:
                reel.jump(landing)
            yield reel


class Reel:
    """One pass over the moving picture of an open file.

    Attributes:
        tick: Seconds in which the container counts.
        fps: Frames per second as the container has it; 0 where it does not say.
        declared: Frames that the container declares; 0 where it does not say.
        stored: Packets with anything in them that were read so far, also those never shown.
        packets: Packets given to the decoder so far, those that an edit list hides left out.
        last_packet: The latest time of those.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self._origin = (container.start_time or 0) / 1_000_000
        self._hidden = _VP8_SHOWN if stream.codec_context.name in {"vp8", "libvpx"} else 0
        # AVI only numbers what it stores, so of what is decoded the least number is shown next.
        self._numbers: list[float] | None = [] if container.format.name == "avi" else None
        self.tick = float(stream.time_base or 0)
        self.fps = float(stream.average_rate or 0)
        self.declared = stream.frames
        self.stored = self.packets = 0
        self.last_packet = 0.0
        self._jumped = False

    def jump(self, second: float) -> None:
        """Go to the key frame before a time.

        Raises:
            NotThere: The container does not allow it.
        """
        import av

        if not self._may_jump():
            raise NotThere
        place = int((second + self._origin) / self.tick) if self.tick else 0
        try:
            self._container.seek(max(place, 0), stream=self._stream)
        except (av.FFmpegError, OverflowError, ValueError) as error:
            raise NotThere from error
        self._jumped = True

    def _may_jump(self) -> bool:
        """Whether what follows a jump has the right times: not where they are made by counting."""
        if self._numbers is not None:
            return not self._stream.codec_context.has_b_frames
        return self._container.format.name.split(",")[0] in _TIMED

    def ends_before(self, second: float) -> bool:
        """Whether the container declares, where its word is good, that it ends well before."""
        length = self._container.duration
        reliable = self._container.format.name.startswith(("mov", "matroska"))
        return reliable and bool(length) and second > 1 + 1.05 * (length or 0) / 1_000_000

    def pictures(self) -> Iterator[tuple[Packet[Any], float | None]]:
        """Yield the packets that hold a frame to be shown, and when."""
        for packet in self._packets():
            self.stored += packet.size > 0
            if packet.size and not packet.is_discard and self._is_shown(packet):
                yield packet, self._shown_at(packet)

    def decoded_by(self, packet: Packet[Any]) -> float | None:
        """Return when a packet must be decoded; those that follow are shown no earlier."""
        return self._seconds(packet.dts)

    def in_seconds(self, ticks: int | None) -> float:
        """Return a length in ticks as seconds."""
        return (ticks or 0) * self.tick

    def frames(self) -> Iterator[tuple[VideoFrame, float | None]]:
        """Decode, and yield the frames in the order they are shown, and when."""
        for packet in self._packets():
            if packet.size and not packet.is_discard:
                self._note(self._shown_at(packet))
            for frame in self._stream.decode(packet):
                yield frame, self._time_of(frame)

    def _packets(self) -> Iterator[Packet[Any]]:
        try:
            yield from whole_packets(self._container, self._stream)
        except DecodeError as error:
            if self._jumped:  # where one lands midway, a packet may begin midway
                raise NotThere from error
            raise

    def _note(self, time: float | None) -> None:
        self.packets += 1
        if time is not None:
            self.last_packet = max(self.last_packet, time)
            if self._numbers is not None:
                heapq.heappush(self._numbers, time)

    def _time_of(self, frame: VideoFrame) -> float | None:
        if self._numbers:
            return heapq.heappop(self._numbers)
        return None if frame.time is None else frame.time - self._origin

    def _shown_at(self, packet: Packet[Any]) -> float | None:
        return self._seconds(packet.pts if self._numbers is None else packet.dts)

    def _seconds(self, stamp: int | None) -> float | None:
        return None if stamp is None or not self.tick else stamp * self.tick - self._origin

    def _is_shown(self, packet: Packet[Any]) -> bool:
        # VP8 keeps frames that are never shown in packets of their own.
        return not self._hidden or bool(memoryview(packet)[0] & self._hidden)


def check_frame(width: int, height: int) -> None:
    """Refuse a frame with too many pixels.

    Raises:
        DecodeError: It has more than `MAX_FRAME_PIXELS`.
    """
    if width * height > MAX_FRAME_PIXELS:
        raise DecodeError(
            Reason.TOO_LARGE, f"{width} x {height} pixels; the limit is {MAX_FRAME_PIXELS:,} in all"
        )


def _picture_of(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise DecodeError(Reason.UNSUPPORTED, "no moving picture in this file")
    stream = container.streams.video[0]
    check_frame(stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.thread_count = 1
    return stream
