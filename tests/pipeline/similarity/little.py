"""Small sounds, vectors and labels on disk."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

LABELS = ("Dog,Animal", "Müzik", "Wind")


def tone(path: Path, hertz: float, seconds: float = 0.4, rate: int = 16_000) -> None:
    """Write one tone as WAV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * rate)) / rate
    samples = (np.sin(2 * np.pi * hertz * time) * 12_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def names(count: int = 18) -> list[str]:
    return [str(100 + number) for number in range(count)]


def clips(folder: Path, items: Iterable[str] = (), dim: int = 6, frames: int = 3) -> Path:
    """Write one JSON file an item, near others of its label; no frames is one vector."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(len(LABELS), dim))
    for number, name in enumerate(items or names()):
        center = centers[number % len(LABELS)]
        vectors = center + rng.normal(size=(max(1, frames), dim))
        value = (vectors if frames else vectors[0]).astype(np.float32).tolist()
        clip = {"audio_path": f"/x/{name}.wav", "embeddings": value}
        (folder / f"{name}.json").write_text(json.dumps(clip), encoding="utf-8")
    return folder


def truth(file: Path, items: Iterable[str] = (), extension: str = "") -> Path:
    """Write labels, FSD50K's way."""
    rows = [
        f'{name}{extension},"{LABELS[number % len(LABELS)]}"'
        for number, name in enumerate(items or names())
    ]
    file.write_text("\n".join(["fname,labels", *rows]) + "\n", encoding="utf-8")
    return file


def families(file: Path, groups: Mapping[str, list[str]] | None = None) -> Path:
    found = groups or {"Living": ["Dog", "Animal"], "Other": ["Müzik", "Wind"], "Empty": ["Gong"]}
    file.write_text(json.dumps(found), encoding="utf-8")
    return file
