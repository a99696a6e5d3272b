"""Sounds: libsndfile first, FFmpeg for what it does not know; mono, resampled, checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.container import open_container, whole_packets
from pentad.media.ends import TOLERANCE, check_end
from pentad.media.files import read_head
from pentad.media.types import Audio, DecodeOptions

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

MAX_SAMPLES = 1 << 27
"""Samples of one sound after mixing down: 50 minutes at 44.1 kHz."""
MIN_RATE, MAX_RATE = 100, 768_000
# Below -120 dB of full scale there is nothing to hear, and nothing but rounding.
_SILENCE = 1e-6
_LOUDEST = 1e6
_BLOCK = 1 << 18
_UNSUPPORTED_ENCODING = 4
# Where libsndfile knows the container, its refusal stands: other decoders play broken FLACs.
_SNDFILE_HEADS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b".snd", b"caff", b"ID3")


@dataclass
class _Collected:
    """Mono blocks read so far. `expected` is None where the file does not say its length."""

    rate: int
    limit: int
    expected: int | None
    blocks: list[NDArray[np.float32]]
    count: int = 0

    def add(self, block: NDArray[np.float32]) -> bool:
        """Keep a block; say whether more is wanted."""
        self.blocks.append(block[: self.limit - self.count])
        self.count += len(self.blocks[-1])
        if self.count > MAX_SAMPLES:
            raise DecodeError(Reason.TOO_LARGE, f"more than {MAX_SAMPLES:,} samples")
        return self.count < self.limit

    def samples(self) -> NDArray[np.float32]:
        """Return everything as one array, if it is as long as the file says."""
        if self.count == 0:
            raise DecodeError(Reason.EMPTY, "no samples")
        wanted = self.count if self.expected is None else min(self.expected, self.limit)
        if self.count < wanted * (1 - TOLERANCE):
            raise DecodeError(
                Reason.TRUNCATED, f"{self.count:,} of {wanted:,} declared samples are there"
            )
        return np.concatenate(self.blocks)


def decode_audio(path: Path, options: DecodeOptions, _seed: int) -> Audio:
    """Decode one sound to mono float32, at the wanted rate, cut at the wanted length."""
    check_end(path)
    sound = _read_sndfile(path, options.max_seconds) or _read_ffmpeg(path, options.max_seconds)
    samples = _checked(sound.samples())
    rate = options.sample_rate
    if rate is None or rate == sound.rate:
        return Audio(samples, sound.rate)
    resampled = _resampled(samples, sound.rate, rate)
    if options.max_seconds is not None:
        resampled = resampled[: _limit(rate, options.max_seconds)]
    return Audio(_checked(resampled), rate)


def _limit(rate: int, max_seconds: float | None) -> int:
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DecodeError(Reason.UNSUPPORTED, f"a rate of {rate} samples a second")
    return MAX_SAMPLES + 1 if max_seconds is None else max(1, math.ceil(rate * max_seconds))


def _read_sndfile(path: Path, max_seconds: float | None) -> _Collected | None:
    import soundfile

    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        known = read_head(path).startswith(_SNDFILE_HEADS)
        if known and error.code != _UNSUPPORTED_ENCODING:
            raise DecodeError(Reason.CORRUPT, f"{path.name}: {error.error_string}") from error
        return None
    with file:
        # The length of an MP3 is an estimate; `check_end` has counted its frames.
        known = file.format != "MP3" and 0 <= file.frames < 1 << 62
        sound = _Collected(
            file.samplerate,
            _limit(file.samplerate, max_seconds),
            file.frames if known else None,
            [],
        )
        while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
            mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)
            if not sound.add(mono):
                break
        return sound


def _read_ffmpeg(path: Path, max_seconds: float | None) -> _Collected:
    # No expected length: an MP4's edit list may leave out sound on purpose, and `check_end` and
    # `whole_packets` have seen whether all of the file is there.
    sound: _Collected | None = None
    for frame in _audio_frames(path):
        if sound is None:
            rate = frame.sample_rate
            sound = _Collected(rate, _limit(rate, max_seconds), None, [])
        if frame.sample_rate != sound.rate:
            raise DecodeError(Reason.UNSUPPORTED, "the sampling rate changes midway")
        if not sound.add(_mono(frame)):
            break
    return sound or _Collected(0, 0, None, [])


def _audio_frames(path: Path) -> Iterator[AudioFrame]:
    with open_container(path) as container:
        if not container.streams.audio:
            raise DecodeError(Reason.UNSUPPORTED, f"{path.name}: no sound in this file")
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        for packet in whole_packets(container, stream):
            yield from stream.decode(packet)


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
