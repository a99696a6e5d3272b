"""One sound of the world: every toy heard once, in a room, over a little noise."""

from __future__ import annotations

import numpy as np

from pentad.pipeline.world.factors import Subject
from pentad.pipeline.world.mesh import Floats
from pentad.pipeline.world.timbres import RATE, colored_noise, strike


def make_sound(subject: Subject, rng: np.random.Generator) -> Floats:
    """Return mono samples at `RATE`, float64 within -1..1, of 1.5 to 2.5 seconds.

    The length is drawn before anything else, so that it says nothing about the subject.
    """
    count = round(float(rng.uniform(1.5, 2.5)) * RATE)
    dry = np.zeros(count)
    for start in _onsets(subject.count, count / RATE, rng):
        sound = float(rng.uniform(0.7, 1.0)) * strike(subject.kind, subject.size, rng)
        begin = round(start * RATE)
        kept = sound[: count - begin]
        dry[begin : begin + len(kept)] += kept
    wet = _in_room(dry, rng)
    loud = wet * float(rng.uniform(0.35, 0.85)) / max(float(np.abs(wet).max()), 1e-9)
    return np.clip(_faded(loud + _background(count, rng)), -1, 1)


def _onsets(events: int, seconds: float, rng: np.random.Generator) -> Floats:
    first = float(rng.uniform(0.06, 0.28))
    widest = (seconds - first - 0.3) / max(events - 1, 1)
    gap = min(float(rng.uniform(0.34, 0.6)), widest)
    late = rng.normal(0, 0.03 * gap, events)
    return np.asarray(np.maximum(0, first + gap * np.arange(events) + late), dtype=np.float64)


def _in_room(dry: Floats, rng: np.random.Generator) -> Floats:
    decay = float(rng.uniform(0.03, 0.16))
    tail = np.arange(round(4 * decay * RATE)) / RATE
    echo = rng.normal(size=len(tail)) * np.exp(-tail / decay)
    echo *= float(rng.uniform(0.05, 0.35)) / float(np.linalg.norm(echo))
    size = 1 << (len(dry) + len(echo) - 1).bit_length()
    spectrum = np.fft.rfft(dry, size) * np.fft.rfft(echo, size)
    return np.asarray(dry + np.fft.irfft(spectrum, size)[: len(dry)], dtype=np.float64)


def _background(count: int, rng: np.random.Generator) -> Floats:
    """Hiss or rumble, sometimes a hum, and now and then a click."""
    level = 10 ** float(rng.uniform(-3.3, -1.9))
    noise = level * colored_noise(count, float(rng.choice([120, 900, 5000])), 1.8, rng)
    if rng.random() < 0.3:
        time = np.arange(count) / RATE
        noise += 2 * level * np.sin(2 * np.pi * float(rng.choice([50, 60, 100])) * time)
    for position in rng.integers(0, count - 80, int(rng.integers(0, 3))):
        click = rng.normal(size=80) * np.exp(-np.arange(80) / 12)
        noise[position : position + 80] += float(rng.uniform(0.02, 0.09)) * click
    return noise


def _faded(sound: Floats) -> Floats:
    edge = np.linspace(0, 1, RATE // 100)
    faded = sound.copy()
    faded[: len(edge)] *= edge
    faded[-len(edge) :] *= edge[::-1]
    return faded
