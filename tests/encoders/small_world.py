"""A generated world whose factors are known: what the built-in descriptors must show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from pentad.media.types import Audio, Image, Points, Video

Factors = dict[str, int]
SHAPES = ("circle", "square", "triangle", "star", "cross")
COLOURS = ((220, 40, 40), (40, 170, 60), (40, 80, 220), (230, 200, 40), (150, 60, 180))
SIDE, BACK = 96, (235, 235, 230)
RATE = 16000


def _corners(shape: str, turn: float) -> NDArray[np.float64]:
    counts = {"square": 4, "triangle": 3, "star": 10, "cross": 12}
    angle = turn + np.arange(counts[shape]) * 2 * np.pi / counts[shape]
    radius = np.ones(counts[shape])
    if shape == "star":
        radius[1::2] = 0.42
    if shape == "cross":
        xs = [-1, -1, -3, -3, -1, -1, 1, 1, 3, 3, 1, 1]
        ys = [3, 1, 1, -1, -1, -3, -3, -1, -1, 1, 1, 3]
        points = np.stack([xs, ys], axis=1) / 3.2
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return np.asarray(points @ spin)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _draw(
    picture: Any, shape: str, colour: tuple[int, ...], x: float, y: float, r: float, turn: float
) -> None:
    if shape == "circle":
        picture.ellipse([x - r, y - r, x + r, y + r], fill=colour)
    else:
        picture.polygon([(x + r * a, y + r * b) for a, b in _corners(shape, turn)], fill=colour)


def _canvas() -> tuple[Pillow.Image, Any]:
    canvas = Pillow.new("RGB", (SIDE, SIDE), BACK)
    return canvas, ImageDraw.Draw(canvas)


def _noisy(canvas: Pillow.Image, rng: np.random.Generator) -> NDArray[np.uint8]:
    pixels = np.asarray(canvas).astype(np.float64) + rng.normal(0, 2.0, (SIDE, SIDE, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _tint(colour: int, rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(
        int(v) for v in np.clip(np.array(COLOURS[colour]) + rng.integers(-15, 16, 3), 0, 255)
    )


def picture(rng: np.random.Generator) -> tuple[Image, Factors]:
    """One shape, several times, of one colour and size, in one part of the picture."""
    f = {
        "shape": int(rng.integers(5)),
        "colour": int(rng.integers(5)),
        "size": int(rng.integers(3)),
        "count": int(rng.integers(1, 4)),
        "side": int(rng.integers(2)),
    }
    canvas, pen = _canvas()
    radius = (5.5, 8.0, 11.0)[f["size"]]
    for row in rng.permutation(3)[: f["count"]]:
        x = rng.uniform(14, 32) + 48 * f["side"]
        _draw(
            pen,
            SHAPES[f["shape"]],
            _tint(f["colour"], rng),
            x,
            16 + 32 * row,
            radius,
            rng.uniform(0, 6.3),
        )
    return Image(_noisy(canvas, rng)), f


def clip(rng: np.random.Generator) -> tuple[Video, Factors]:
    """One shape moving in one of eight directions, or staying, growing or not."""
    f = {
        "shape": int(rng.integers(5)),
        "colour": int(rng.integers(5)),
        "way": int(rng.integers(9)),
        "speed": int(rng.integers(2)),
        "grows": int(rng.integers(2)),
    }
    length = 0 if f["way"] == 8 else (14, 30)[f["speed"]]
    step = np.array([np.cos(f["way"] * np.pi / 4), np.sin(f["way"] * np.pi / 4)]) * length
    middle, turn, frames = rng.uniform(42, 54, 2), rng.uniform(0, 6.3), []
    for time in np.linspace(-0.5, 0.5, 20):
        canvas, pen = _canvas()
        x, y = middle + step * time
        radius = 11 * (1 + 0.5 * time * f["grows"])
        _draw(pen, SHAPES[f["shape"]], COLOURS[f["colour"]], x, y, radius, turn)
        frames.append(_noisy(canvas, rng))
    return Video(np.stack(frames), 10.0), f


def sound(rng: np.random.Generator) -> tuple[Audio, Factors]:
    """A note of some pitch, timbre, glide and loudness course, repeated in some rhythm."""
    f = {
        "pitch": int(rng.integers(6)),
        "timbre": int(rng.integers(4)),
        "beats": int(rng.integers(1, 6)),
        "glide": int(rng.integers(3)),
        "decay": int(rng.integers(2)),
    }
    hertz = 110 * 2 ** (f["pitch"] / 2 + rng.uniform(-0.1, 0.1))
    size = int(2.0 * RATE / f["beats"])
    time = np.arange(size) / RATE
    octaves = (f["glide"] - 1) * 0.4 * np.arange(size) / size
    phase = np.cumsum(2 * np.pi * hertz * 2**octaves) / RATE
    wave = _wave(f["timbre"], phase, rng)
    fade = np.exp(-(14 if f["decay"] else 2) * time) * np.minimum(1, time * 100)
    samples = np.tile(wave * fade, f["beats"]) * rng.uniform(0.2, 0.7)
    samples = samples + rng.normal(0, 0.001, len(samples))
    return Audio(samples.astype(np.float32), RATE), f


def _wave(timbre: int, phase: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    if timbre == 0:
        return np.sin(phase)
    if timbre == 1:
        return sum(np.sin(phase * k) / k for k in range(1, 9)) * 0.6
    if timbre == 2:
        return sum(np.sin(phase * k) / k for k in range(1, 12, 2))
    return np.sin(phase) * 0.7 + rng.normal(0, 0.25, len(phase))


def cloud(rng: np.random.Generator) -> tuple[Points, Factors]:
    """One to three solids of one form, height and colour, turned about the upright axis."""
    f = {
        "form": int(rng.integers(5)),
        "colour": int(rng.integers(5)),
        "height": int(rng.integers(3)),
        "count": int(rng.integers(1, 4)),
    }
    parts = []
    for number in range(f["count"]):
        xyz = _solid(f["form"], rng) * [1, (0.6, 1.0, 1.7)[f["height"]], 1]
        parts.append(xyz + np.array([number * 3.2, 0, 0]))
    xyz, turn = np.concatenate(parts), rng.uniform(0, 6.3)
    spin = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    xyz = (xyz @ spin + rng.normal(0, 0.01, xyz.shape)) * rng.uniform(0.5, 2)
    rgb = np.tile(np.array(_tint(f["colour"], rng), dtype=np.uint8), (len(xyz), 1))
    return Points(xyz.astype(np.float32), rgb), f


def _solid(form: int, rng: np.random.Generator, count: int = 600) -> NDArray[np.float64]:
    turn, height = rng.uniform(0, 2 * np.pi, count), rng.uniform(-1, 1, count)
    if form == 0:
        flat = np.sqrt(1 - height**2)
        return np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], axis=1)
    if form == 1:
        box = rng.uniform(-1, 1, (count, 3))
        axis = rng.integers(3, size=count)
        box[np.arange(count), axis] = np.sign(box[np.arange(count), axis])
        return box
    if form == 2:
        return np.stack(
            [(1 - height) / 2 * np.cos(turn), height, (1 - height) / 2 * np.sin(turn)], axis=1
        )
    if form == 3:
        return np.stack([np.cos(turn), height, np.sin(turn)], axis=1)
    tube = rng.uniform(0, 2 * np.pi, count)
    ring = 0.7 + 0.3 * np.cos(tube)
    return np.stack([ring * np.cos(turn), 0.3 * np.sin(tube), ring * np.sin(turn)], axis=1)


def sample(
    make: Callable[[np.random.Generator], tuple[Any, Factors]], count: int, seed: int
) -> tuple[list[Any], dict[str, NDArray[np.int64]]]:
    """Return ``count`` inputs and, for each factor, its values."""
    rng = np.random.default_rng(seed)
    made = [make(rng) for _ in range(count)]
    return [item for item, _ in made], {
        name: np.array([factors[name] for _, factors in made]) for name in made[0][1]
    }


def ridge_accuracy(
    train: NDArray[np.float32],
    labels: NDArray[np.int64],
    test: NDArray[np.float32],
    truth: NDArray[np.int64],
    strength: float = 0.03,
) -> float:
    """Return how often a ridge regression on one-hot targets names the right value."""
    values = np.unique(labels)
    mean = train.mean(axis=0)
    x, y = (train - mean).astype(np.float64), (labels[:, None] == values) - 1 / len(values)
    weights = x.T @ np.linalg.solve(x @ x.T + strength * np.eye(len(x)), y)
    return float((values[np.argmax((test - mean) @ weights, axis=1)] == truth).mean())
