"""A few small, different inputs of every modality, and every encoder there is to try them on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.modality import Modality
from pentad.encoders.protocol import Encoder
from pentad.media.types import Audio, Image, Media, Points, Video, Views
from tests.encoders import tiny_onnx

BUILTIN_NAMES = (
    "hashed-text",
    "image-descriptor",
    "audio-descriptor",
    "video-descriptor",
    "points-descriptor",
)
TINY_NAMES = ("tiny-text", "tiny-image", "tiny-audio")


class Lengths:
    """A bare object with encode, to be wrapped."""

    def encode(self, texts: list[str]) -> list[list[float]]:
        return [[len(text), text.count("e") + 1] for text in texts]


def encoder(name: str, folder: Path) -> Encoder:
    from pentad.encoders.onnx.encoder import load_onnx
    from pentad.encoders.registry import get_encoder
    from pentad.encoders.wrap import as_encoder

    if name == "wrapped":
        return as_encoder(Lengths(), name="lengths", modality="text")
    if name in TINY_NAMES:
        make: Any = getattr(tiny_onnx, f"{name.removeprefix('tiny-')}_folder")
        return load_onnx(make(folder), threads=2)
    return get_encoder(name)


def inputs(accepts: str) -> list[Media]:
    rng = np.random.default_rng(7)
    if accepts == "text":
        return ["red ball", "ball", "blue", "red red ball", "a blue one, please"]
    if accepts == "image":
        return [Image(p) for p in _pictures(rng)]
    if accepts == "views":
        return [Views(np.stack([p, p[::-1], 255 - p])) for p in _pictures(rng)]
    if accepts == "video":
        return [
            Video(np.stack([np.roll(p, k, axis=1) for k in range(5)]), 5.0) for p in _pictures(rng)
        ]
    if accepts == "audio":
        return [
            _tone(hertz, rate)
            for hertz, rate in ((60, 800), (110, 800), (150, 800), (70, 1600), (90, 1000))
        ]
    return [_cloud(rng, stretch) for stretch in (0.3, 0.7, 1.0, 2.0, 4.0)]


def kind_of(encoder: Encoder, modality: str) -> str:
    """Encoders that see pictures take points as rendered views."""
    sees_pictures = Modality.IMAGE in encoder.modalities
    return "views" if modality == "points" and sees_pictures else modality


def _pictures(rng: np.random.Generator) -> list[Any]:
    out = []
    for number in range(5):
        pixels = np.full((20 + 3 * number, 24, 3), 240, dtype=np.uint8)
        pixels[4 : 9 + number, 3 : 12 + 2 * number] = rng.integers(0, 200, 3)
        out.append(pixels)
    return out


def _tone(hertz: float, rate: int) -> Audio:
    time = np.arange(rate // 2) / rate
    wave = np.sin(2 * np.pi * hertz * time) * np.linspace(1, 0.1, len(time))
    return Audio(wave.astype(np.float32), rate)


def _cloud(rng: np.random.Generator, stretch: float) -> Points:
    xyz = rng.normal(size=(300, 3)) * [1, stretch, 1]
    return Points(xyz.astype(np.float32), rng.integers(0, 255, (300, 3)).astype(np.uint8))
