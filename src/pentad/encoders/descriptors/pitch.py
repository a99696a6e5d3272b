"""Pitch, harmonics and the log-frequency spectrum of a sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pentad.encoders.descriptors.spectra import hann, magnitudes
from pentad.encoders.features import (
    Floats,
    centered,
    hellinger,
    segment_means,
    soft_bins,
    soft_histogram,
    unit,
)

_WINDOW, _HOP = 2048, 512
_LOWEST, _OCTAVES, _STEPS = 55.0, 7, 12
_LOWEST_PITCH, _HIGHEST_PITCH = 60.0, 2000.0
_NEARLY_BEST = 0.9
_HARMONICS = 12
_CONTOUR = 10
_LARGEST_STEP = 0.12


@dataclass(frozen=True, eq=False)
class Pitches:
    """Pitch of every frame.

    Attributes:
        octave: Octaves above 55 Hz.
        weight: How loud and how clearly pitched, summing to 1 (or all 0 in silence).
        spectrum: (frames, bins) magnitudes.
        rate: Samples per second.
    """

    octave: Floats
    weight: Floats
    spectrum: Floats
    rate: int


def find_pitches(samples: Floats, rate: int) -> Pitches:
    """Return the pitch of each frame by autocorrelation."""
    padded = np.pad(samples, (_WINDOW // 2, max(0, _WINDOW - len(samples)) + _WINDOW // 2))
    spectrum = magnitudes(padded, hann(_WINDOW, periodic=True), _HOP, _WINDOW)
    energy = np.sum(spectrum**2, axis=1)
    lag, clarity = _best_lags(spectrum, rate)
    weight = energy**0.5 * clarity**2
    weight = weight / weight.sum() if weight.sum() > 0 else weight
    return Pitches(np.log2(rate / lag / _LOWEST), weight, spectrum, rate)


def _best_lags(spectrum: Floats, rate: int) -> tuple[Floats, Floats]:
    """The first lag whose correlation comes near the best one, refined by a parabola."""
    correlation = np.fft.irfft(spectrum**2, axis=1)[:, : _WINDOW // 2]
    taper = np.fft.irfft(np.abs(np.fft.rfft(hann(_WINDOW, periodic=True), 2 * _WINDOW)) ** 2)
    shortest, longest = int(rate / _HIGHEST_PITCH), min(int(rate / _LOWEST_PITCH), _WINDOW // 2 - 2)
    scale = np.maximum(correlation[:, :1], 1e-12) * (taper / taper[0])[: _WINDOW // 2]
    near = (correlation / np.maximum(scale, 1e-12))[:, shortest - 1 : longest + 2]
    inner = near[:, 1:-1]
    peak = (inner >= near[:, :-2]) & (inner >= near[:, 2:])
    height = np.where(peak, inner, -np.inf)
    best = height.max(axis=1)
    found = np.isfinite(best) & (best > 0)
    choice = np.where(found, np.argmax(height >= _NEARLY_BEST * best[:, None], axis=1), 0)
    row = np.arange(len(near))
    left, middle, right = (near[row, choice + shift] for shift in (0, 1, 2))
    curve = left - 2 * middle + right
    safe = np.where(np.abs(curve) > 1e-12, curve, 1.0)
    shift = np.where(np.abs(curve) > 1e-12, 0.5 * (left - right) / safe, 0.0)
    clarity = np.where(found, np.clip(middle, 0.0, 1.0), 0.0)
    return shortest + choice + np.clip(shift, -1, 1), clarity


def pitch_histograms(pitches: Pitches) -> Floats:
    """Return pitch over five octaves (60 bins) and folded to one (12); length 1."""
    height = soft_histogram(pitches.octave, 0, 5.2, 60, weights=pitches.weight)
    chroma = soft_histogram(pitches.octave, 0, 1, 12, weights=pitches.weight, circular=True)
    return unit(np.concatenate([hellinger(height), 0.5 * hellinger(chroma)]))


def pitch_course(pitches: Pitches) -> Floats:
    """Return how pitch moves: contour, soft bins of middle, slope, spread and clarity; (66)."""
    total = pitches.weight.sum()
    if total <= 0:
        return np.zeros(_CONTOUR + 56)
    middle = float(np.sum(pitches.weight * pitches.octave))
    away = np.clip(pitches.octave - middle, -1.5, 1.5)
    strength = segment_means(pitches.weight, _CONTOUR)
    contour = segment_means(away * pitches.weight, _CONTOUR) / np.maximum(strength, 1e-9)
    spread = float(np.sqrt(np.sum(pitches.weight * away**2)))
    time = np.linspace(-1, 1, len(away))
    slope = float(
        np.sum(pitches.weight * away * time) / max(np.sum(pitches.weight * time**2), 1e-9)
    )
    clarity = float(np.sum(pitches.weight**2) * len(away))
    bins = [soft_bins(middle, 0, 5.2, 16), soft_bins(slope, -1, 1, 12)]
    bins += [soft_bins(spread, 0, 1, 8), soft_bins(np.log(clarity + 1e-9), 0, 3, 8)]
    bins.append(soft_bins(_glide(pitches), -1.2, 1.2, 12))
    return unit(np.concatenate([unit(contour) * min(1.0, 4 * spread), *bins]))


def _glide(pitches: Pitches) -> float:
    """Octaves a second from frame to frame; jumps, which are new notes, do not count."""
    step = np.diff(pitches.octave)
    weight = np.minimum(pitches.weight[1:], pitches.weight[:-1]) * (np.abs(step) < _LARGEST_STEP)
    total = float(weight.sum())
    return float(np.sum(weight * step)) / total * pitches.rate / _HOP if total > 0 else 0.0


def harmonics(pitches: Pitches) -> Floats:
    """Return the strength of the first 12 harmonics of the pitch; length 1."""
    numbers = np.arange(1, _HARMONICS + 1)
    hertz = _LOWEST * 2.0 ** pitches.octave[:, None] * numbers
    place = np.clip(hertz / (pitches.rate / _WINDOW), 0, pitches.spectrum.shape[1] - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, pitches.spectrum.shape[1] - 1)
    row = np.arange(len(place))[:, None]
    strength = np.maximum(pitches.spectrum[row, low], pitches.spectrum[row, high])
    strength = np.where(hertz < pitches.rate / 2, strength, 0.0)
    return hellinger(np.sum(pitches.weight[:, None] * strength, axis=0))


def log_spectrum(pitches: Pitches) -> Floats:
    """Return the mean spectrum in semitones over seven octaves, 84 bins, and its shape; (168)."""
    edges = _LOWEST * 2.0 ** (np.arange(_OCTAVES * _STEPS) / _STEPS)
    bins = np.arange(pitches.spectrum.shape[1]) * (pitches.rate / _WINDOW)
    width = np.maximum(edges * (2 ** (1 / _STEPS) - 1), pitches.rate / _WINDOW)
    filters = np.maximum(0.0, 1.0 - np.abs(bins[:, None] - edges) / width)
    power = np.mean(pitches.spectrum**2, axis=0) @ filters
    return unit(np.concatenate([hellinger(np.sqrt(power)), centered(np.log(power + 1e-9))]))
