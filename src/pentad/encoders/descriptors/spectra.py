"""Short-time spectra and mel filters in numpy, for the audio descriptor and ONNX audio cards."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

Floats = NDArray[np.float64]
_BLOCK_FRAMES = 512
_HTK_SCALE, _HTK_CORNER = 1127.0, 700.0
_SLANEY_STEP, _SLANEY_CORNER = 200.0 / 3.0, 1000.0
_SLANEY_LOG_STEP = math.log(6.4) / 27.0


def hann(size: int, *, periodic: bool) -> Floats:
    """Return a Hann window; the periodic one leaves out the last, repeated point."""
    return _cosine_window(size, 0.5, periodic)


def hamming(size: int, *, periodic: bool) -> Floats:
    """Return a Hamming window; the periodic one leaves out the last, repeated point."""
    return _cosine_window(size, 0.54, periodic)


def _cosine_window(size: int, base: float, periodic: bool) -> Floats:
    turns = np.arange(size) / (size if periodic else max(size - 1, 1))
    return np.asarray(base - (1.0 - base) * np.cos(2 * np.pi * turns))


def magnitudes(samples: Floats, window: Floats, hop: int, fft_size: int) -> Floats:
    """Return |rfft| of every whole window, (frames, fft_size // 2 + 1); the ends are not padded."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, len(window))[::hop]
    blocks = [
        np.abs(np.fft.rfft(frames[start : start + _BLOCK_FRAMES] * window, fft_size))
        for start in range(0, len(frames), _BLOCK_FRAMES)
    ]
    return np.concatenate(blocks)


def htk_mel(hertz: Floats) -> Floats:
    """Return mel = 1127 ln(1 + f / 700)."""
    return np.asarray(_HTK_SCALE * np.log1p(hertz / _HTK_CORNER))


def htk_hertz(mel: Floats) -> Floats:
    """Return the inverse of `htk_mel`."""
    return np.asarray(_HTK_CORNER * np.expm1(mel / _HTK_SCALE))


def slaney_mel(hertz: Floats) -> Floats:
    """Return the scale of Slaney's toolbox: linear to 1000 Hz, logarithmic above."""
    above = np.maximum(hertz, _SLANEY_CORNER) / _SLANEY_CORNER
    linear = np.minimum(hertz, _SLANEY_CORNER) / _SLANEY_STEP
    return np.asarray(linear + np.log(above) / _SLANEY_LOG_STEP)


def slaney_hertz(mel: Floats) -> Floats:
    """Return the inverse of `slaney_mel`."""
    corner = _SLANEY_CORNER / _SLANEY_STEP
    linear = np.minimum(mel, corner) * _SLANEY_STEP
    return np.asarray(linear * np.exp(np.maximum(mel - corner, 0.0) * _SLANEY_LOG_STEP))


_SCALES: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "htk": (htk_mel, htk_hertz),
    "slaney": (slaney_mel, slaney_hertz),
}


@lru_cache(maxsize=16)
def mel_filters(
    rate: int,
    fft_size: int,
    bands: int,
    low: float,
    high: float,
    formula: str = "htk",
    slopes: str = "mel",
    equal_area: bool = False,
) -> Floats:
    """Return triangular filters, (fft_size // 2 + 1, bands). Bin 0, the mean, is in none.

    Args:
        rate: Samples per second.
        fft_size: Length of the transform.
        bands: Number of filters.
        low: Lower end of the first filter in Hz.
        high: Upper end of the last filter in Hz.
        formula: ``htk`` or ``slaney``: how corners are spaced.
        slopes: ``mel`` or ``hertz``: in which unit the sides of a triangle are straight.
        equal_area: Scale each triangle to an area of 1 (over Hz) in place of a height of 1.
    """
    to_mel, to_hertz = _SCALES[formula]
    ends = to_mel(np.array([low, high]))
    corners = np.linspace(ends[0], ends[1], bands + 2)
    edges = to_hertz(corners.astype(np.float64))
    bins = np.arange(fft_size // 2 + 1, dtype=np.float64) * (rate / fft_size)
    places, marks = (to_mel(bins), corners) if slopes == "mel" else (bins, edges)
    rising = (places[:, None] - marks[:-2]) / np.diff(marks)[:-1]
    falling = (marks[2:] - places[:, None]) / np.diff(marks)[1:]
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters[0] = 0.0
    filters = filters * (2.0 / (edges[2:] - edges[:-2])) if equal_area else filters
    filters.flags.writeable = False
    return np.asarray(filters)


def resampled(samples: NDArray[np.float32], rate: int, wanted: int) -> Floats:
    """Return ``samples`` at ``wanted`` per second, by polyphase filtering if the rates differ."""
    if rate < 1:
        raise InputError("a sound needs a positive sample rate", seen=rate)
    if rate == wanted or not len(samples):
        return np.asarray(samples, dtype=np.float64)
    from scipy.signal import resample_poly

    shared = math.gcd(rate, wanted)
    wide = np.asarray(samples, dtype=np.float64)
    return np.asarray(resample_poly(wide, wanted // shared, rate // shared), dtype=np.float64)
