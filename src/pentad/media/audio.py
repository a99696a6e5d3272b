"""Sounds: libsndfile first, FFmpeg for what it does not know; mono, resampled, checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.collected import (
    MAX_SAMPLES,
    Collected,
    check_channels,
    check_length,
    most_samples,
    outside,
    plan,
)
from pentad.media.container import open_container, whole_packets
from pentad.media.ends import check_end
from pentad.media.segment import Segment
from pentad.media.sndfile import KINDS, read_sndfile
from pentad.media.sniff import container_of
from pentad.media.source import Source
from pentad.media.types import Audio, DecodeOptions

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

# Below -120 dB of full scale there is nothing to hear, and nothing but rounding.
_SILENCE = 1e-6
_LOUDEST = 1e6
# A sound of so many samples and no known end is looked over before memory is given to all of it.
_LONG = 1 << 25
# A decoder that starts midway needs what came shortly before.
_RUN_UP_SECONDS = 1.0


def decode_audio(
    source: Source, options: DecodeOptions, _seed: int, segment: Segment | None
) -> Audio:
    """Decode one sound, or a part of it, to mono float32, at the wanted rate and length."""
    kind = container_of(source.path)
    if kind is None:
        raise DecodeError(Reason.UNSUPPORTED, f"{source.name}: no known kind of sound")
    check_end(source.path)
    sound = read_sndfile(source, options.max_seconds, segment) if kind in KINDS else None
    if sound is None:
        sound = _read_ffmpeg(source, kind, options.max_seconds, segment)
    samples = _checked(sound.samples())
    rate = options.sample_rate
    if rate is None or rate == sound.rate:
        return Audio(samples, sound.rate)
    resampled = _resampled(samples, sound.rate, rate)
    if options.max_seconds is not None:
        resampled = resampled[: most_samples(rate, options.max_seconds)]
    return Audio(_checked(resampled), rate)


def _read_ffmpeg(
    source: Source, kind: str, max_seconds: float | None, segment: Segment | None
) -> Collected:
    # No expected length: an MP4's edit list may leave out sound on purpose, and `check_end` and
    # `whole_packets` have seen whether all of the file is there.
    sound: Collected | None = None
    known = False
    with open_container(source.path, kind) as container:
        tape = _Tape(source, container, segment)
        for frame, time in tape.frames():
            if sound is None:
                sound = plan(frame.sample_rate, None, max_seconds, segment)
                if segment is not None and time is not None:
                    sound.passed = math.floor(time * sound.rate + 0.5)
            if frame.sample_rate != sound.rate:
                raise DecodeError(Reason.UNSUPPORTED, "the sampling rate changes midway")
            check_channels(frame.layout.nb_channels)
            if not sound.add(_mono(frame)):
                break
            if sound.count > _LONG and sound.limit > MAX_SAMPLES and not known:
                _check_packets(source, kind, segment)
                known = True
        if sound is None and segment is not None:
            raise outside(segment, tape.length)
    return sound or Collected(0, 0, None)


def _check_packets(source: Source, kind: str, segment: Segment | None) -> None:
    """Refuse what is too long by its packets, before memory is given to it."""
    with open_container(source.path, kind) as container:
        tape = _Tape(source, container, segment)
        total = 0.0
        for samples in tape.samples():
            total += samples
            check_length(total)


class _Tape:
    """One pass over the sound of an open file, on a clock that starts at 0 with the file.

    Attributes:
        length: Seconds of the file that were seen so far.
    """

    def __init__(self, source: Source, container: InputContainer, segment: Segment | None) -> None:
        self._container = container
        self._stream = _sound_of(container, source)
        self._tick = float(self._stream.time_base or 0)
        self._origin = (container.start_time or 0) / 1_000_000
        self._start = 0.0 if segment is None else segment.start - _RUN_UP_SECONDS
        self.length = 0.0

    def samples(self) -> Iterator[float]:
        """Yield how many samples each packet has, those before the wanted part left out."""
        rate, frame = self._stream.rate, self._stream.codec_context.frame_size
        for packet in whole_packets(self._container, self._stream):
            if packet.size and not self._is_early(packet.pts, packet.duration):
                yield max(frame, (packet.duration or 0) * self._tick * rate)

    def frames(self) -> Iterator[tuple[AudioFrame, float | None]]:
        """Decode, from shortly before the wanted part on, and yield frames and when they sound."""
        for packet in whole_packets(self._container, self._stream):
            if packet.size and self._is_early(packet.pts, packet.duration):
                continue
            for frame in self._stream.decode(packet):
                yield frame, None if frame.time is None else frame.time - self._origin

    def _is_early(self, stamp: int | None, ticks: int | None) -> bool:
        if stamp is None or not self._tick:
            return False
        end = (stamp + (ticks or 0)) * self._tick - self._origin
        self.length = max(self.length, end)
        return end < self._start


def _sound_of(container: InputContainer, source: Source) -> AudioStream:
    if not container.streams.audio:
        raise DecodeError(Reason.UNSUPPORTED, f"{source.name}: no sound in this file")
    stream = container.streams.audio[0]
    check_channels(stream.codec_context.channels)
    stream.codec_context.thread_count = 1
    return stream


def _mono(frame: AudioFrame) -> NDArray[np.float32]:
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    mono: NDArray[np.float32] = values.mean(axis=0, dtype=np.float64).astype(np.float32)
    if values.dtype.kind == "f":
        return mono
    half = np.float32(2 ** (8 * values.dtype.itemsize - 1))
    return mono / half - np.float32(values.dtype.kind == "u")


def _resampled(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    import soxr

    return np.asarray(soxr.resample(samples, rate, wanted), dtype=np.float32)


def _checked(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    if samples.size == 0:
        raise DecodeError(Reason.TOO_SMALL, "too short to resample")
    low, high = float(samples.min()), float(samples.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DecodeError(Reason.NON_FINITE, "NaN or infinite samples")
    if max(-low, high) > _LOUDEST:
        raise DecodeError(Reason.CORRUPT, f"a sample of {max(-low, high):.3g}; full scale is 1")
    if high - low < _SILENCE:
        raise DecodeError(Reason.CONSTANT, f"{samples.size:,} samples of silence")
    return samples
