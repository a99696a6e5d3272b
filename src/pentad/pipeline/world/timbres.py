"""What one toy sounds like, once: a short sound at a pitch, made of sines and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pentad.pipeline.world.mesh import Floats

RATE = 16_000

_BASE = {
    "bell": 620.0,
    "bird": 1500.0,
    "car": 95.0,
    "drum": 170.0,
    "frog": 420.0,
    "guitar": 220.0,
    "horn": 330.0,
    "rattle": 2600.0,
    "rain": 2000.0,
    "siren": 700.0,
}
REGISTER = {"small": 1.65, "medium": 1.0, "large": 0.6}
"""How far a size moves the pitch of its kind."""


def strike(kind: str, size: str, rng: np.random.Generator) -> Floats:
    """Return one sound of a toy, float64 (samples,), with a peak of about 1."""
    pitch = _BASE[kind] * REGISTER[size] * float(np.exp(rng.normal(0, 0.045)))
    # Small things ring and call for a shorter time.
    stretch = REGISTER[size] ** -0.45 * float(rng.uniform(0.88, 1.14))
    sound = _VOICES[kind](pitch, stretch, rng)
    return sound / max(float(np.abs(sound).max()), 1e-9)


def colored_noise(count: int, center: float, octaves: float, rng: np.random.Generator) -> Floats:
    """Return noise whose spectrum is a bump ``octaves`` wide about ``center`` hertz, with RMS 1."""
    size = 1 << max(count - 1, 1).bit_length()
    spectrum = np.fft.rfft(rng.normal(size=size))
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 1.0)
    spectrum *= np.exp(-0.5 * (np.log2(frequency / center) / octaves) ** 2)
    noise = np.fft.irfft(spectrum, size)[:count]
    return np.asarray(noise / max(float(noise.std()), 1e-9), dtype=np.float64)


def _clock(seconds: float) -> Floats:
    return np.arange(round(seconds * RATE)) / RATE


def _partials(time: Floats, hertz: Floats, weights: Floats, decays: Floats) -> Floats:
    heard = hertz < 0.45 * RATE
    angles = 2 * np.pi * np.outer(hertz[heard], time)
    envelopes = np.exp(-time / decays[heard, None])
    return np.asarray(weights[heard] @ (envelopes * np.sin(angles)), dtype=np.float64)


def _ramp(time: Floats, attack: float, release: float) -> Floats:
    rise, fall = np.minimum(1, time / attack), np.minimum(1, (time[-1] - time) / release)
    return np.asarray(rise * fall, dtype=np.float64)


def _bell(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.95 * stretch)
    ratios = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.52, 3.01, 4.17]) * rng.normal(1, 0.004, 8)
    weights = np.array([0.35, 0.8, 0.5, 0.3, 0.7, 0.3, 0.25, 0.15]) * rng.uniform(0.6, 1.2, 8)
    ring = _partials(time, pitch * ratios, weights, 0.34 * stretch / ratios**0.7)
    return ring * _ramp(time, 0.003, 0.05)


def _drum(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.42 * stretch)
    glide = np.cumsum(pitch * (1 + 0.7 * np.exp(-time / 0.025))) / RATE
    body = np.sin(2 * np.pi * glide) * np.exp(-time / (0.11 * stretch))
    modes, weights = np.array([1.59, 2.14, 2.65]), np.array([0.4, 0.3, 0.2])
    skin = _partials(time, pitch * modes, weights, np.full(3, 0.06))
    slap = colored_noise(len(time), 7 * pitch, 1.0, rng) * np.exp(-time / 0.018)
    return (body + skin + float(rng.uniform(0.15, 0.4)) * slap) * _ramp(time, 0.002, 0.03)


def _horn(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.42 * stretch)
    wobble = 1 + 0.012 * np.sin(2 * np.pi * float(rng.uniform(4, 7)) * time)
    bend = 1 - 0.06 * np.exp(-time / 0.03)
    phase = 2 * np.pi * np.cumsum(pitch * wobble * bend) / RATE
    swell = np.minimum(1, time / 0.07)
    slope = float(rng.uniform(0.7, 1.1))
    tone = np.zeros(len(time))
    for k in range(1, min(15, int(0.45 * RATE / pitch) + 1)):
        tone += swell ** (k / 3) * np.sin(k * phase) / k**slope
    return tone * _ramp(time, 0.02, 0.07)


def _bird(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.26 * stretch)
    part = time / time[-1]
    depth = float(rng.uniform(0.25, 0.45)) * float(rng.choice([-1, 1]))
    sweep = pitch * np.exp(depth * np.cos(2 * np.pi * part * float(rng.uniform(1.3, 2.2))))
    phase = 2 * np.pi * np.cumsum(sweep) / RATE
    tone: Floats = (np.sin(phase) + 0.18 * np.sin(2 * phase)) * np.sin(np.pi * part) ** 0.7
    return tone


def _frog(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.34 * stretch)
    rate = float(rng.uniform(32, 44)) * (pitch / _BASE["frog"]) ** 0.3
    since = np.mod(time, 1 / rate)
    formants = np.sin(2 * np.pi * pitch * since) + 0.6 * np.sin(2 * np.pi * 2.7 * pitch * since)
    pulses = formants * np.exp(-since * 150)
    rasp = 0.15 * colored_noise(len(time), 3 * pitch, 0.8, rng) * np.exp(-since * 90)
    croak: Floats = (pulses + rasp) * _ramp(time, 0.05, 0.08)
    return croak


def _rattle(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.27 * stretch)
    grains = rng.random(len(time)) < 0.012
    beads = np.convolve(grains * rng.uniform(0.3, 1, len(time)), np.exp(-_clock(0.012) / 0.003))
    hiss = colored_noise(len(time), pitch, 0.42, rng) * beads[: len(time)]
    shake: Floats = hiss * np.sin(np.pi * (time / time[-1]) ** 0.6)
    return shake


def _car(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.44 * stretch)
    part = time / time[-1]
    revs = pitch * (0.8 + float(rng.uniform(0.5, 0.8)) * np.sin(np.pi * part**0.8))
    phase = 2 * np.pi * np.cumsum(revs) / RATE
    k = np.arange(1.0, 12.0)
    putter: Floats = k**-0.6 @ np.sin(np.outer(k, phase) + (k * k)[:, None])
    fumes: Floats = 0.5 * colored_noise(len(time), 9 * pitch, 1.0, rng) * (1 + np.sin(phase))
    return (putter + fumes) * _ramp(time, 0.06, 0.12)


def _guitar(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.8 * stretch)
    k = np.arange(1.0, 19.0)
    plucked = np.abs(np.sin(np.pi * k * float(rng.uniform(0.13, 0.3)))) / k**0.9
    hertz = pitch * k * np.sqrt(1 + 0.0004 * k**2)
    tone = _partials(time, hertz, plucked, 0.42 * stretch / k**0.8)
    knock = 0.1 * colored_noise(len(time), 1800, 1.0, rng) * np.exp(-time / 0.008)
    return (tone + knock) * _ramp(time, 0.002, 0.08)


def _rain(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.6 * stretch)
    drops = (rng.random(len(time)) < 0.004) * rng.uniform(0.5, 3, len(time))
    patter = np.convolve(drops, np.exp(-_clock(0.01) / 0.002))[: len(time)]
    fall = colored_noise(len(time), pitch, 1.6, rng)
    return fall * (0.5 + patter) * _ramp(time, 0.2, 0.2)


def _siren(pitch: float, stretch: float, rng: np.random.Generator) -> Floats:
    time = _clock(0.6 * stretch)
    sweep = pitch * 2 ** (0.5 * np.sin(2 * np.pi * float(rng.uniform(1.5, 2.2)) * time))
    phase = 2 * np.pi * np.cumsum(sweep) / RATE
    return (np.sin(phase) + np.sin(3 * phase) / 4 + np.sin(5 * phase) / 8) * _ramp(time, 0.05, 0.08)


_VOICES: dict[str, Callable[[float, float, np.random.Generator], Floats]] = {
    "bell": _bell,
    "bird": _bird,
    "car": _car,
    "drum": _drum,
    "frog": _frog,
    "guitar": _guitar,
    "horn": _horn,
    "rattle": _rattle,
    "rain": _rain,
    "siren": _siren,
}
