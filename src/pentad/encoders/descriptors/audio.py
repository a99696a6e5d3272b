"""Sounds as log-mel statistics, pitch, timbre, rhythm and loudness: the sound, not its cause."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.builtin import AUDIO_DESCRIPTOR
from pentad.encoders.descriptors.base import Descriptor, Reader
from pentad.encoders.descriptors.pitch import (
    find_pitches,
    harmonics,
    log_spectrum,
    pitch_course,
    pitch_histograms,
)
from pentad.encoders.descriptors.rhythm import (
    beats,
    loudness_course,
    onset_counts,
    onsets,
    repetition,
)
from pentad.encoders.descriptors.spectra import hann, magnitudes, mel_filters, resampled
from pentad.encoders.features import Blocks, Floats, centered, segment_means, soft_bins, unit
from pentad.media.types import Audio, DecodeOptions

_RATE = 16000
_SECONDS = 10.0
_WINDOW, _HOP, _FFT = 400, 160, 512
_BANDS, _LOW, _HIGH = 48, 60.0, 7600.0
_FLOOR = 1e-8
_HEARD = 1e-4
_SEGMENTS, _COARSE = 8, 12


def load() -> Descriptor:
    """Return the encoder ``audio-descriptor``."""
    options = DecodeOptions(sample_rate=_RATE, max_seconds=_SECONDS)
    return Descriptor(AUDIO_DESCRIPTOR, {Modality.AUDIO: Reader(Audio, options, describe_audio)})


def describe_audio(audio: Audio) -> NDArray[np.float32]:
    """Return the unit vector of the first 10 seconds of a sound, float32."""
    samples = resampled(audio.samples, audio.rate, _RATE)[: int(_SECONDS * _RATE)]
    samples = np.pad(samples, (0, max(0, 2 * _WINDOW - len(samples))))
    power = magnitudes(samples, hann(_WINDOW, periodic=True), _HOP, _FFT) ** 2 / _WINDOW
    mel = power @ mel_filters(_RATE, _FFT, _BANDS, _LOW, _HIGH)
    blocks = Blocks()
    _add_timbre(blocks, power, mel)
    _add_pitch(blocks, samples)
    _add_rhythm(blocks, power, mel)
    return blocks.vector()


def _add_timbre(blocks: Blocks, power: Floats, mel: Floats) -> None:
    logs = np.log(mel + _FLOOR)
    loud = mel.sum(axis=1)
    heard = loud > _HEARD * max(float(loud.max()), _FLOOR)
    kept = logs[heard] if heard.any() else logs
    blocks.add(1.0, centered(kept.mean(axis=0)))
    blocks.add(0.5, unit(kept.std(axis=0)))
    blocks.add(
        0.5, unit(np.abs(np.diff(kept, axis=0)).mean(axis=0) if len(kept) > 1 else 0 * kept[0])
    )
    blocks.add(0.8, _course_of_bands(logs))
    blocks.add(1.0, _spectral_shape(power[heard] if heard.any() else power))


def _course_of_bands(logs: Floats) -> Floats:
    """A coarse picture of the sound: 8 parts in time, 12 bands."""
    bands = logs.reshape(len(logs), _COARSE, -1).mean(axis=2)
    return centered(np.stack([segment_means(bands[:, b], _SEGMENTS) for b in range(_COARSE)]))


def _spectral_shape(power: Floats) -> Floats:
    """Soft bins of centre, width, roll-off, flatness, and the spread of the centre; (50)."""
    hertz = np.arange(power.shape[1]) * (_RATE / _FFT)
    strength = np.sqrt(power) + 1e-9
    total = strength.sum(axis=1)
    center = strength @ hertz / total
    width = np.sqrt(np.sum(strength * (hertz - center[:, None]) ** 2, axis=1) / total)
    rolled = np.cumsum(power, axis=1) >= 0.85 * power.sum(axis=1, keepdims=True)
    edge = hertz[np.argmax(rolled, axis=1)]
    flatness = np.exp(np.mean(np.log(power + 1e-12), axis=1)) / (power.mean(axis=1) + 1e-12)
    octave = np.log2(center / 100.0)
    bins = [
        soft_bins(float(octave.mean()), 0, 6, 12),
        soft_bins(float(octave.std()), 0, 1.5, 8),
        soft_bins(float(np.log2(width.mean() / 100.0)), 0, 5, 10),
        soft_bins(float(np.log2(edge.mean() / 100.0 + 0.5)), -1, 6.5, 10),
        soft_bins(float(np.log10(flatness.mean() + 1e-9)), -6, 0, 10),
    ]
    return unit(np.concatenate(bins))


def _add_pitch(blocks: Blocks, samples: Floats) -> None:
    pitches = find_pitches(samples, _RATE)
    blocks.add(1.0, pitch_histograms(pitches))
    blocks.add(1.0, pitch_course(pitches))
    blocks.add(1.0, harmonics(pitches))
    blocks.add(1.0, log_spectrum(pitches))


def _add_rhythm(blocks: Blocks, power: Floats, mel: Floats) -> None:
    logs = np.log(mel + max(float(mel.max()), _FLOOR) * 1e-5)
    strength = onsets(logs)
    level = power.mean(axis=1)
    blocks.add(1.0, onset_counts(strength))
    blocks.add(0.8, repetition(strength))
    blocks.add(1.0, beats(level, logs - logs.max()))
    blocks.add(1.0, loudness_course(level))
