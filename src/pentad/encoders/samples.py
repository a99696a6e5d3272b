"""Made-up inputs of every modality, to try an encoder with."""

from __future__ import annotations

import numpy as np

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.encoders.accept import accepted
from pentad.media.types import Audio, DecodeOptions, Image, Media, Points, Video

_WORDS = ("a", "red", "ball", "on", "wet", "grass", "while", "the", "dog", "runs")
_SIDE, _SECONDS, _RATE, _FRAMES, _POINTS = 64, 2.0, 16_000, 8, 4096


def sample_input(modality: Modality, number: int, options: DecodeOptions) -> Media:
    """Return one input; the same ``number`` gives the same one, another gives another."""
    rng = generator(number, f"sample {modality.value}")
    if modality is Modality.TEXT:
        return " ".join(rng.choice(_WORDS, size=6).tolist())
    made: Media
    if modality is Modality.IMAGE:
        made = Image(_noise(rng, 1)[0])
    elif modality is Modality.VIDEO:
        made = Video(_noise(rng, options.video_frames or _FRAMES), 25.0)
    elif modality is Modality.AUDIO:
        rate = options.sample_rate or _RATE
        time = np.arange(int(rate * min(_SECONDS, options.max_seconds or _SECONDS))) / rate
        tone = 0.3 * np.sin(2 * np.pi * rng.uniform(200, 2000) * time)
        hiss = rng.normal(0, 0.05, len(time))
        made = Audio((tone + hiss).astype(np.float32), rate)
    else:
        xyz = rng.normal(size=(_POINTS, 3)).astype(np.float32)
        made = Points(xyz, rng.integers(0, 256, (_POINTS, 3)).astype(np.uint8))
    return accepted("sample", [made], modality, object, options)[0]


def _noise(rng: np.random.Generator, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return (count, side, side, 3) pictures of colour that changes slowly over the picture."""
    coarse = rng.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)
    return coarse.repeat(_SIDE // 8, axis=1).repeat(_SIDE // 8, axis=2)
