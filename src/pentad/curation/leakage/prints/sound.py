"""The print of a sound: 32 bits for every 24 ms, and which of them can be relied on.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): one bit for
each pair of neighboring frequency bands, 1 where the difference of their energies has grown since
the frame before. Here energies are logarithms above a floor, "before" is 72 ms, and a second word
says which differences are large enough to have a sign: silence and steady tones, of which every
recording has the same bits, count for nothing. Gain moves no bit but at the floor; lossy coding and
resampling move few.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 8000
SECONDS = 180.0
HOP = 192
BYTES = 8
"""Of a row: a word of bits, then a word of those that count."""

_WINDOW, _FFT = 2048, 2048
_BANDS, _LOW, _HIGH = 33, 200.0, 3400.0
_LAG = 3
_FLOOR = 1e-5  # of the loudest band energy of the sound: -50 dB
_SIGN = 0.15  # nepers of energy that a difference needs to have a sign
_BLOCK = 1024

Bytes = NDArray[np.uint8]


def sound_print(samples: NDArray[np.float32]) -> Bytes | None:
    """Return the print of a sound, uint8 (frames, BYTES).

    Args:
        samples: float32 (samples,) at RATE.

    Returns:
        None for silence.
    """
    energy = _energies(samples)
    loudest = float(energy.max())
    if not loudest > 0:
        return None
    level = np.log(energy / loudest + _FLOOR)
    across = level[:, :-1] - level[:, 1:]
    change = across[_LAG:] - across[:-_LAG]
    words = np.stack([change > 0, np.abs(change) > _SIGN], axis=1)
    packed: Bytes = np.packbits(words, axis=2).reshape(len(words), BYTES)
    return packed


def _energies(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the energy of every band, (frames, BANDS); the ends count as silent."""
    padded = np.pad(np.asarray(samples, np.float64), _WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    window = np.hanning(_WINDOW)
    blocks = []
    for start in range(0, len(frames), _BLOCK):
        spectrum = np.fft.rfft(frames[start : start + _BLOCK] * window, _FFT)
        blocks.append((spectrum.real**2 + spectrum.imag**2) @ _filters())
    return np.concatenate(blocks)


@cache
def _filters() -> NDArray[np.float64]:
    """Return which bins belong to which band, (FFT // 2 + 1, BANDS), shared at their borders."""
    edges = np.geomspace(_LOW, _HIGH, _BANDS + 1) * _FFT / RATE
    bins = np.arange(_FFT // 2 + 1)[:, None]
    covered = np.minimum(bins + 0.5, edges[None, 1:]) - np.maximum(bins - 0.5, edges[None, :-1])
    return np.asarray(np.clip(covered, 0.0, 1.0))
