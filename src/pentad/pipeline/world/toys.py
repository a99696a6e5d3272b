"""The shape of every kind: about one unit tall, standing on y = 0, looking towards +z."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np

from pentad.pipeline.world.mesh import (
    ACCENT,
    DARK,
    LIGHT,
    MAIN,
    METAL,
    WOOD,
    Mesh,
    ball,
    box,
    join,
    lathe,
    rod,
    slab,
)


def _bell() -> Mesh:
    cup = [(0.0, 0.03), (0.4, 0.0), (0.41, 0.05), (0.33, 0.17), (0.28, 0.36), (0.23, 0.52)]
    return join(
        lathe([*cup, (0.14, 0.6), (0.0, 0.63)]),
        lathe([(0.412, 0.02), (0.425, 0.05), (0.395, 0.085)], METAL),
        rod((0, 0.6, 0), (0, 0.9, 0), 0.055),
        ball((0, 0.92, 0), 0.085, WOOD, segments=10, rings=5),
    )


def _drum() -> Mesh:
    skin = lathe([(0.43, 0.63), (0.43, 0.665), (0.4, 0.67), (0, 0.67)], LIGHT)
    hoops = [
        lathe([(0.4, y), (0.435, y), (0.435, y + 0.07), (0.4, y + 0.07)], METAL) for y in (0, 0.56)
    ]
    sticks = [rod((-0.3, 0.72, 0.18 * s), (0.32, 0.75, -0.12 * s), 0.025) for s in (-1.0, 1.0)]
    tips = [ball((0.34, 0.76, -0.12 * s), 0.05, WOOD, segments=7, rings=3) for s in (-1.0, 1.0)]
    return join(lathe([(0, 0), (0.4, 0), (0.4, 0.63)]), skin, *hoops, *sticks, *tips)


def _horn() -> Mesh:
    outer = [
        (0.0, -0.02),
        (0.06, 0.0),
        (0.045, 0.06),
        (0.05, 0.4),
        (0.09, 0.66),
        (0.18, 0.84),
        (0.36, 0.95),
    ]
    pipe = join(
        lathe(outer),
        lathe([(0.36, 0.95), (0.24, 0.89), (0.15, 0.82)]),
        lathe([(0.15, 0.82), (0.06, 0.6), (0.0, 0.5)], DARK),
        lathe([(0.355, 0.94), (0.38, 0.95), (0.355, 0.965)], METAL),
        ball((0, 0.0, 0), (0.075, 0.04, 0.075), METAL, segments=9, rings=4),
    )
    loop = [
        rod((0, 0.22, -0.05), (0, 0.22, -0.2), 0.03, METAL),
        rod((0, 0.5, -0.05), (0, 0.5, -0.2), 0.03, METAL),
    ]
    valves = rod((0, 0.2, -0.2), (0, 0.52, -0.2), 0.045, METAL)
    raised = join(pipe, *loop, valves).turned("x", 62).moved(0, 0.34, -0.45)
    stand = join(
        lathe([(0, 0), (0.22, 0), (0.2, 0.05), (0, 0.06)], WOOD),
        rod((0, 0, 0), (0, 0.52, 0), 0.035),
    )
    return join(raised, stand)


def _bird() -> Mesh:
    wings = [
        ball((0.27 * s, 0.42, -0.05), (0.07, 0.17, 0.26), ACCENT, segments=10, rings=5)
        for s in (-1.0, 1.0)
    ]
    eyes = [ball((0.12 * s, 0.79, 0.27), 0.035, DARK, segments=7, rings=3) for s in (-1.0, 1.0)]
    legs = [rod((0.1 * s, 0.18, 0), (0.1 * s, 0, 0.03), 0.025) for s in (-1.0, 1.0)]
    return join(
        ball((0, 0.42, 0), (0.28, 0.28, 0.36)),
        ball((0, 0.37, 0.09), (0.22, 0.22, 0.3), LIGHT, segments=12, rings=6),
        ball((0, 0.76, 0.15), 0.2),
        rod((0, 0.74, 0.3), (0, 0.71, 0.5), 0.065, ACCENT, tip=0.1),
        box((0, 0, 0), (0.18, 0.05, 0.36), MAIN).turned("x", 25).moved(0, 0.5, -0.42),
        *wings,
        *eyes,
        *legs,
    )


def _frog() -> Mesh:
    sides = (-1.0, 1.0)
    eyes = [ball((0.18 * s, 0.55, 0.14), 0.125, MAIN, segments=12, rings=6) for s in sides]
    pupils = [ball((0.19 * s, 0.58, 0.23), 0.055, DARK, segments=7, rings=3) for s in sides]
    thighs = [
        ball((0.37 * s, 0.16, -0.14), (0.15, 0.16, 0.24), ACCENT, segments=12, rings=6)
        for s in sides
    ]
    feet = [
        ball((0.27 * s, 0.035, 0.36), (0.12, 0.04, 0.14), ACCENT, segments=9, rings=4)
        for s in sides
    ]
    return join(
        ball((0, 0.28, 0), (0.38, 0.28, 0.4)),
        ball((0, 0.23, 0.13), (0.3, 0.2, 0.31), LIGHT, segments=12, rings=6),
        *eyes,
        *pupils,
        *thighs,
        *feet,
    )


def _rattle() -> Mesh:
    stick = join(
        rod((0, 0.0, 0), (0, 0.5, 0), 0.065, tip=0.75),
        ball((0, 0.04, 0), (0.1, 0.06, 0.1), WOOD, segments=9, rings=4),
    )
    bands = [
        lathe([(r, y), (r + 0.012, y + 0.03), (r, y + 0.06)], LIGHT)
        for r, y in ((0.288, 0.66), (0.265, 0.78))
    ]
    return join(ball((0, 0.7, 0), (0.29, 0.3, 0.29), segments=18), *bands, stick)


def _car() -> Mesh:
    wheels = [
        rod((0.2 * s, 0.13, z), (0.3 * s, 0.13, z), 0.13, DARK)
        for s in (-1.0, 1.0)
        for z in (-0.28, 0.28)
    ]
    hubs = [
        rod((0.29 * s, 0.13, z), (0.315 * s, 0.13, z), 0.06, METAL)
        for s in (-1.0, 1.0)
        for z in (-0.28, 0.28)
    ]
    lamps = [ball((0.16 * s, 0.27, 0.5), 0.05, LIGHT, segments=7, rings=3) for s in (-1.0, 1.0)]
    return join(
        box((0, 0.25, 0), (0.54, 0.22, 1.0), taper=0.94),
        box((0, 0.455, -0.06), (0.48, 0.2, 0.56), LIGHT, taper=0.78),
        box((0, 0.575, -0.06), (0.4, 0.05, 0.46), MAIN),
        *wheels,
        *hubs,
        *lamps,
    )


def _guitar() -> Mesh:
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    # A waist pulled in above the middle turns an oval into a guitar's body.
    width = 0.31 - 0.05 * np.sin(angle) - 0.075 * np.exp(-(((np.sin(angle) - 0.25) / 0.28) ** 2))
    outline = list(zip(width * np.cos(angle), 0.3 + 0.3 * np.sin(angle), strict=True))
    strings = [rod((x, 0.16, 0.125), (x, 0.93, 0.125), 0.008, METAL) for x in (-0.025, 0.025)]
    return join(
        slab(outline, 0.16),
        rod((0, 0.36, 0.06), (0, 0.36, 0.095), 0.085, DARK),
        box((0, 0.15, 0.095), (0.2, 0.035, 0.04), DARK),
        box((0, 0.7, 0.085), (0.075, 0.5, 0.05), WOOD),
        box((0, 0.99, 0.075), (0.13, 0.13, 0.05), DARK),
        *strings,
    )


def _cactus() -> Mesh:
    arms = [
        join(
            rod((0, y, 0), (0.3 * s, y + 0.02, 0), 0.075, MAIN),
            ball((0.3 * s, y + 0.12, 0), (0.085, 0.2, 0.085), segments=10, rings=6),
        )
        for s, y in ((-1.0, 0.42), (1.0, 0.55))
    ]
    pot = lathe([(0, 0), (0.2, 0), (0.27, 0.22), (0.24, 0.24), (0, 0.23)], ACCENT)
    return join(ball((0, 0.58, 0), (0.15, 0.42, 0.15)), *arms, pot)


def _mug() -> Mesh:
    angles = np.linspace(-1.2, 1.2, 6)
    knots = [(0.3 + 0.17 * float(np.cos(a)), 0.33 + 0.19 * float(np.sin(a)), 0.0) for a in angles]
    handle = [rod(a, b, 0.045, MAIN) for a, b in pairwise(knots)]
    wall = [(0, 0), (0.3, 0), (0.33, 0.08), (0.33, 0.66), (0.29, 0.66), (0.28, 0.56)]
    return join(lathe(wall), lathe([(0.28, 0.56), (0, 0.56)], DARK), *handle)


def _rocket() -> Mesh:
    hull = [(0, 0.14), (0.15, 0.14), (0.22, 0.35), (0.22, 0.6), (0.16, 0.8)]
    fin = slab([(0.1, 0.02), (0.4, 0.0), (0.36, 0.2), (0.15, 0.42)], 0.05, ACCENT)
    fins = [fin.turned("y", degrees) for degrees in (30, 150, 270)]
    window = ball((0, 0.58, 0.19), (0.09, 0.09, 0.05), DARK, segments=12, rings=5)
    return join(lathe(hull), lathe([(0.16, 0.8), (0.07, 0.93), (0, 1.0)], ACCENT), *fins, window)


def _snowman() -> Mesh:
    eyes = [ball((0.06 * s, 0.83, 0.14), 0.025, DARK, segments=7, rings=3) for s in (-1.0, 1.0)]
    return join(
        ball((0, 0.26, 0), 0.28, LIGHT),
        ball((0, 0.58, 0), 0.2, LIGHT),
        ball((0, 0.8, 0), 0.15, LIGHT),
        lathe([(0.16, 0.67), (0.185, 0.7), (0.16, 0.735)], MAIN),
        lathe([(0, 0.9), (0.2, 0.9), (0.2, 0.92), (0.12, 0.92), (0.12, 1.06), (0, 1.06)], DARK),
        rod((0, 0.79, 0.13), (0, 0.78, 0.28), 0.03, ACCENT, tip=0.2),
        *eyes,
    )


def _chair() -> Mesh:
    legs = [rod((x, 0, z), (x, 0.42, z), 0.035) for x in (-0.22, 0.22) for z in (-0.22, 0.22)]
    back = [rod((x, 0.45, -0.22), (x, 0.8, -0.24), 0.03) for x in (-0.22, 0.22)]
    seat = box((0, 0.45, 0), (0.54, 0.07, 0.54))
    return join(seat, box((0, 0.84, -0.24), (0.54, 0.24, 0.06)), *legs, *back)


def _lamp() -> Mesh:
    shade = lathe([(0.36, 0.6), (0.2, 0.98), (0.17, 0.98), (0.33, 0.6)])
    base = lathe([(0, 0), (0.22, 0), (0.2, 0.05), (0.05, 0.09), (0.04, 0.62), (0, 0.64)], METAL)
    return join(shade, base, ball((0, 0.72, 0), 0.1, LIGHT, segments=10, rings=5))


_BUILDERS: dict[str, Callable[[], Mesh]] = {
    "bell": _bell,
    "bird": _bird,
    "car": _car,
    "drum": _drum,
    "frog": _frog,
    "guitar": _guitar,
    "horn": _horn,
    "rattle": _rattle,
    "cactus": _cactus,
    "mug": _mug,
    "rocket": _rocket,
    "snowman": _snowman,
    "chair": _chair,
    "lamp": _lamp,
}


@cache
def toy(kind: str) -> Mesh:
    """Return the solid of ``kind``."""
    return _BUILDERS[kind]()


@cache
def pebble(form: str) -> Mesh:
    """Return clutter, one unit across: a ``marble``, a ``block`` or a ``cone``."""
    if form == "marble":
        return ball((0, 0.5, 0), 0.5, segments=12, rings=6)
    if form == "block":
        return box((0, 0.4, 0), (0.8, 0.8, 0.8))
    return lathe([(0, 0), (0.5, 0), (0, 1.0)], segments=12)


@cache
def tray() -> Mesh:
    """Return the round tray that everything stands on: radius 1, its top at y = 0."""
    return lathe(
        [(0, -0.09), (0.9, -0.09), (1.0, -0.05), (1.0, 0.03), (0.95, 0.03), (0.95, 0.0), (0, 0)],
        segments=40,
    )
