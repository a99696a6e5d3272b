"""A sound as a picture: its spectrogram on a logarithmic pitch scale, its waveform below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.media.types import Audio

if TYPE_CHECKING:
    from PIL import Image as PillowImage

_STOPS = np.array(
    [(250, 250, 247), (190, 214, 222), (88, 150, 176), (32, 82, 122), (12, 26, 54)], np.float64
)
_WINDOW = 512


def spectrogram_image(sound: Audio, size: int) -> PillowImage.Image:
    """Return a square picture, low pitch at the bottom, time to the right."""
    from PIL import Image as Pillow

    wave = size // 5
    levels = _levels(sound, size - wave, size)
    picture = Pillow.new("RGB", (size, size), (255, 255, 255))
    picture.paste(Pillow.fromarray(_colored(levels)), (0, 0))
    picture.paste(Pillow.fromarray(_waveform(sound.samples, wave, size)), (0, size - wave))
    return picture


def _levels(sound: Audio, height: int, width: int) -> NDArray[np.float64]:
    samples = np.pad(sound.samples, (0, max(0, _WINDOW - len(sound.samples)))).astype(np.float64)
    starts = np.linspace(0, len(samples) - _WINDOW, width).astype(np.int64)
    frames = samples[starts[:, None] + np.arange(_WINDOW)] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    top = sound.rate / 2
    pitches = np.geomspace(80.0, top, height)
    bins = np.clip(np.rint(pitches / top * (_WINDOW // 2)).astype(np.int64), 0, _WINDOW // 2)
    decibels = 10 * np.log10(power[:, bins].T[::-1] + 1e-10)
    loudest = decibels.max()
    levels: NDArray[np.float64] = np.clip((decibels - loudest + 70) / 70, 0, 1)
    return levels


def _colored(levels: NDArray[np.float64]) -> NDArray[np.uint8]:
    place = levels * (len(_STOPS) - 1)
    low = np.minimum(place.astype(np.int64), len(_STOPS) - 2)
    share = (place - low)[..., None]
    mixed = _STOPS[low] * (1 - share) + _STOPS[low + 1] * share
    colored: NDArray[np.uint8] = mixed.astype(np.uint8)
    return colored


def _waveform(samples: NDArray[np.float32], height: int, width: int) -> NDArray[np.uint8]:
    pixels = np.full((height, width, 3), 255, np.uint8)
    peak = float(np.abs(samples).max()) or 1.0
    parts = np.array_split(samples / peak, width)
    rows = np.arange(height)
    for column, part in enumerate(parts):
        reach = float(np.abs(part).max()) if len(part) else 0.0
        half = max(1.0, reach * (height / 2 - 2))
        pixels[np.abs(rows - height / 2) <= half, column] = (32, 82, 122)
    return pixels
