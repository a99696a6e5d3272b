"""Clouds that are easy and hard to search: random, with ties, with repeated points, flat."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _grid(side: int) -> Array:
    axis = np.linspace(-1, 1, side)
    return np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)


def _made() -> dict[str, Array]:
    rng = np.random.default_rng(5)
    ball = rng.normal(size=(1300, 3))
    sphere = ball / np.linalg.norm(ball, axis=1, keepdims=True)
    return {
        "ball": ball,
        "sphere": sphere,
        "sphere in order": sphere[np.argsort(sphere[:, 0])],
        "grid": _grid(9),
        "shuffled grid": rng.permutation(_grid(9)),
        "repeated": np.repeat(rng.normal(size=(40, 3)), 5, axis=0),
        "line": np.outer(rng.permutation(300), [1.0, 0.0, 0.0]),
        "one place": np.ones((150, 3)),
        "far apart": sphere * 10.0 ** rng.uniform(-10, 10, size=(1300, 1)),
        "few": rng.normal(size=(5, 3)),
        "one": rng.normal(size=(1, 3)),
    }


CLOUDS: dict[str, Array] = {name: xyz.astype(np.float32) for name, xyz in _made().items()}


def squared(xyz: Array, center: int) -> Array:
    """Return float32 squared distances, each step rounded by itself."""
    x, y, z = (xyz - xyz[center]).T
    return np.asarray((x * x + y * y) + z * z)
