"""Onsets, repetition and the course of loudness."""

from __future__ import annotations

import numpy as np

from pentad.encoders.features import Floats, centered, hellinger, segment_means, soft_bins, unit

_FRAMES_PER_SECOND = 100
_LAGS = np.unique(np.round(np.geomspace(5, 200, 36)).astype(np.int64))
_BEATS = np.geomspace(0.5, 25.0, 24)
_BANDS, _BAND_BEATS = 4, np.geomspace(1.0, 20.0, 12)
_SEGMENTS = 16
_ONSET_GAP = 6


def onsets(log_mel: Floats) -> Floats:
    """Return how much louder the bands get from frame to frame, (frames)."""
    rise = np.maximum(np.diff(log_mel, axis=0, prepend=log_mel[:1]), 0.0)
    return np.asarray(rise.mean(axis=1))


def onset_counts(strength: Floats) -> Floats:
    """Return soft bins of the number of onsets and of onsets a second; (28)."""
    peaks = _peaks(strength)
    seconds = len(strength) / _FRAMES_PER_SECOND
    number = soft_bins(float(np.log2(1 + len(peaks))), 0, 6, 16)
    rate = soft_bins(float(np.log2(1 + len(peaks) / seconds)), 0, 5, 12)
    return unit(np.concatenate([number, rate]))


def _peaks(strength: Floats) -> list[int]:
    floor = max(float(strength.mean() + strength.std()), 0.15)
    found: list[int] = []
    for frame in np.flatnonzero(strength > floor):
        near = strength[max(0, frame - _ONSET_GAP) : frame + _ONSET_GAP + 1]
        fresh = not found or frame - found[-1] > _ONSET_GAP
        if strength[frame] >= near.max() and fresh:
            found.append(int(frame))
    return found


def repetition(strength: Floats) -> Floats:
    """Return the autocorrelation of onset strength at lags of 0.05 to 2 s; length 1."""
    series = strength - strength.mean()
    size = 1 << int(np.ceil(np.log2(2 * len(series))))
    correlation = np.fft.irfft(np.abs(np.fft.rfft(series, size)) ** 2)
    inside = _LAGS[len(series) > _LAGS]
    out = np.zeros(len(_LAGS))
    out[: len(inside)] = correlation[inside]
    return unit(out)


def beats(power: Floats, log_mel: Floats) -> Floats:
    """Return how strongly loudness swings at 0.5 to 25 Hz, overall and in four bands; length 1."""
    whole = _swing(np.sqrt(power), _BEATS)
    size = log_mel.shape[1] // _BANDS
    bands = [
        _swing(np.exp(0.5 * log_mel[:, band * size : (band + 1) * size]).mean(axis=1), _BAND_BEATS)
        for band in range(_BANDS)
    ]
    return unit(np.concatenate([hellinger(whole), 0.7 * hellinger(np.concatenate(bands))]))


def _swing(series: Floats, hertz: Floats) -> Floats:
    time = np.arange(len(series)) / _FRAMES_PER_SECOND
    away = (series - series.mean()) * np.hanning(len(series))
    waves = np.exp(-2j * np.pi * hertz[:, None] * time)
    return np.asarray(np.abs(waves @ away) / max(float(series.sum()), 1e-9))


def loudness_course(power: Floats) -> Floats:
    """Return the loudness contour over 16 parts and soft bins of rise, middle and length; (68)."""
    loud = np.sqrt(power)
    total = max(float(loud.sum()), 1e-12)
    time = (np.arange(len(loud)) + 0.5) / len(loud)
    middle = float((loud * time).sum() / total)
    spread = float(np.sqrt((loud * (time - middle) ** 2).sum() / total))
    contour = segment_means(loud, _SEGMENTS)
    heard = float((loud > 0.05 * max(float(loud.max()), 1e-12)).mean())
    bins = [
        soft_bins(float(np.argmax(loud)) / len(loud), 0, 1, 8),
        soft_bins(middle, 0, 1, 8),
        soft_bins(spread, 0, 0.35, 6),
        soft_bins(heard, 0, 1, 6),
        soft_bins(float(np.log2(len(loud) / _FRAMES_PER_SECOND)), -4, 3.5, 10),
        soft_bins(10 * float(np.log10(power.mean() + 1e-10)), -70, 0, 8),
    ]
    attack = centered(np.diff(contour, prepend=0.0))[: _SEGMENTS - 10]
    return unit(np.concatenate([hellinger(contour), attack, *bins]))
