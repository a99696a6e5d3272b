"""The colours of the world: paints for toys, trays, backdrops, and how they vary."""

from __future__ import annotations

import colorsys

import numpy as np

from pentad.pipeline.world.mesh import Floats

_PAINTS = {
    "red": (0.985, 0.68, 0.83),
    "orange": (0.065, 0.74, 0.93),
    "yellow": (0.125, 0.68, 0.95),
    "green": (0.385, 0.55, 0.64),
    "blue": (0.575, 0.66, 0.76),
    "purple": (0.77, 0.46, 0.66),
}
_LIGHTS = ((0.95, 0.92, 0.86), (0.98, 0.95, 0.80), (0.90, 0.93, 0.95))
_WOODS = ((0.72, 0.53, 0.36), (0.60, 0.41, 0.27), (0.82, 0.65, 0.45))
_METALS = ((0.84, 0.70, 0.38), (0.70, 0.72, 0.76), (0.76, 0.56, 0.44))
_DARK = (0.20, 0.19, 0.24)
_TRAYS = (
    (0.93, 0.88, 0.79),
    (0.73, 0.58, 0.43),
    (0.60, 0.68, 0.67),
    (0.42, 0.45, 0.53),
    (0.85, 0.70, 0.66),
    (0.91, 0.92, 0.93),
    (0.67, 0.73, 0.57),
)
_BACKDROPS = (
    ((0.87, 0.91, 0.95), (0.73, 0.79, 0.86)),
    ((0.98, 0.92, 0.84), (0.90, 0.80, 0.69)),
    ((0.89, 0.93, 0.86), (0.74, 0.81, 0.72)),
    ((0.95, 0.88, 0.89), (0.83, 0.73, 0.77)),
    ((0.90, 0.88, 0.95), (0.74, 0.72, 0.83)),
    ((0.62, 0.66, 0.74), (0.46, 0.50, 0.59)),
    ((0.97, 0.96, 0.93), (0.85, 0.84, 0.81)),
)


def toy_paints(color: str, rng: np.random.Generator) -> Floats:
    """Return the paint of every part of a toy, float64 (parts, 3) within 0..1."""
    main = _varied(_PAINTS[color], rng)
    accent = _varied(_PAINTS[str(rng.choice([c for c in _PAINTS if c != color]))], rng)
    light, wood, metal = (pick(choices, rng) for choices in (_LIGHTS, _WOODS, _METALS))
    return np.array([main, light, _DARK, wood, metal, accent])


def clutter_paint(rng: np.random.Generator) -> Floats:
    """Return any colour that a toy might have."""
    return np.array(_varied(_PAINTS[str(rng.choice(list(_PAINTS)))], rng))


def tray_paint(rng: np.random.Generator) -> Floats:
    """Return the colour of a tray."""
    return np.clip(np.array(pick(_TRAYS, rng)) + rng.normal(0, 0.02, 3), 0, 1)


def backdrop_paints(rng: np.random.Generator) -> Floats:
    """Return the colours at the top and at the bottom of a backdrop, float64 (2, 3)."""
    pair = np.array(_BACKDROPS[int(rng.integers(len(_BACKDROPS)))])
    return np.clip(pair + rng.normal(0, 0.02, 3), 0, 1)


def pick(
    choices: tuple[tuple[float, float, float], ...], rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return one of the colours."""
    return choices[int(rng.integers(len(choices)))]


def _varied(
    hsv: tuple[float, float, float], rng: np.random.Generator
) -> tuple[float, float, float]:
    hue, saturation, value = np.array(hsv) + rng.normal(0, 1, 3) * [0.012, 0.05, 0.04]
    return colorsys.hsv_to_rgb(
        float(hue % 1.0), float(np.clip(saturation, 0, 1)), float(np.clip(value, 0, 1))
    )
