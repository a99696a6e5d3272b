"""Form of a centred cloud of radius 1, y up: distances, extents, occupancy, surface, pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from pentad.core.seeds import generator
from pentad.encoders.features import (
    Floats,
    hellinger,
    joint_histogram,
    soft_bins,
    soft_histogram,
    unit,
)

_PAIRS = 16384
_NEIGHBORS = 12
_VOXELS = 6
_SURFACE_POINTS = 1024
_PIECE_REACH = 2.5
_SMALLEST_PIECE = 0.01


def distances(xyz: Floats) -> Floats:
    """Return histograms of pair distances, distances to the centre, and angles; (64 + 24 + 24)."""
    random = generator(0, "points-descriptor", "pairs")
    a, b, c = (xyz[random.integers(len(xyz), size=_PAIRS)] for _ in range(3))
    pairs = soft_histogram(_length(a - b), 0, 2, 64)
    radii = soft_histogram(_length(xyz), 0, 1, 24)
    legs = _length(a - b) * _length(c - b)
    cosine = np.sum((a - b) * (c - b), axis=1) / np.maximum(legs, 1e-9)
    angles = soft_histogram(np.arccos(np.clip(cosine, -1, 1)), 0, np.pi, 24)
    return unit(np.concatenate([hellinger(pairs), hellinger(radii), 0.7 * hellinger(angles)]))


def extents(xyz: Floats) -> Floats:
    """Return soft bins of the box's sides and of the main axes' relative lengths; (60)."""
    box = np.ptp(xyz, axis=0) / 2
    spread = np.linalg.eigvalsh(np.cov(xyz.T)) if len(xyz) > 1 else np.zeros(3)
    sizes = np.sqrt(np.maximum(spread, 0.0))
    longest = max(float(sizes[2]), 1e-9)
    values = [*box, float(sizes[1]) / longest, float(sizes[0]) / longest, longest]
    return unit(np.concatenate([soft_bins(float(value), 0, 1, 10) for value in values]))


def layers(xyz: Floats) -> Floats:
    """Return histograms along each axis and of the distance from the upright axis; (4 x 16)."""
    along = [hellinger(soft_histogram(xyz[:, axis], -1, 1, 16)) for axis in range(3)]
    around = hellinger(soft_histogram(np.hypot(xyz[:, 0], xyz[:, 2]), 0, 1, 16))
    return unit(np.concatenate([*along, around]))


def occupancy(xyz: Floats) -> Floats:
    """Return the share of points in each of 6 x 6 x 6 voxels; length 1."""
    size = (_VOXELS,) * 3
    return hellinger(joint_histogram(xyz, (-1,) * 3, (1,) * 3, size))


def cylinder(xyz: Floats) -> Floats:
    """Return height, reach from the upright axis and waves around it; turning changes nothing."""
    angle = np.arctan2(xyz[:, 2], xyz[:, 0])
    columns = np.stack([xyz[:, 1], np.hypot(xyz[:, 0], xyz[:, 2]), angle], axis=1)
    counts = joint_histogram(columns, (-1, 0, -np.pi), (1, 1, np.pi), (6, 4, 12))
    waves = np.abs(np.fft.rfft(np.sqrt(counts).reshape(24, 12), axis=1))[:, :5]
    return unit(waves)


def surface(xyz: Floats) -> Floats:
    """Return histograms of line, plane, roundness and tilt of each neighbourhood; (70)."""
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(xyz)
    centers = xyz[:: max(1, len(xyz) // _SURFACE_POINTS)]
    _, index = tree.query(centers, k=min(_NEIGHBORS, len(xyz)))
    around = xyz[index.reshape(len(centers), -1)]
    around = around - around.mean(axis=1, keepdims=True)
    spread, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
    root = np.sqrt(np.maximum(spread, 0.0))
    longest = np.maximum(root[:, 2], 1e-12)
    linear, flat, round_ = (
        1 - root[:, 1] / longest,
        (root[:, 1] - root[:, 0]) / longest,
        root[:, 0] / longest,
    )
    upright = np.abs(axes[:, 1, 0])
    mixed = np.stack([upright, centers[:, 1]], axis=1)
    parts = [
        hellinger(soft_histogram(value, 0, 1, 10)) for value in (linear, flat, round_, upright)
    ]
    parts.append(hellinger(joint_histogram(mixed, (0, -1), (1, 1), (5, 6))))
    return unit(np.concatenate(parts))


def pieces(xyz: Floats) -> Floats:
    """Return soft bins of the number of pieces, the largest's share and the spacing; (28)."""
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(xyz)
    near, _ = tree.query(xyz, k=min(4, len(xyz)))
    gap = float(np.median(near.reshape(len(xyz), -1)[:, -1]))
    graph = tree.sparse_distance_matrix(
        tree, max(_PIECE_REACH * gap, 1e-6), output_type="coo_matrix"
    )
    _, labels = connected_components(graph, directed=False)
    sizes = np.bincount(labels) / len(xyz)
    number = float((sizes >= _SMALLEST_PIECE).sum())
    bins = [soft_bins(number, 0, 9, 10), soft_bins(float(sizes.max()), 0, 1, 8)]
    bins.append(soft_bins(float(np.log10(gap + 1e-6)), -4, 0, 10))
    return unit(np.concatenate(bins))


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.sum(vectors * vectors, axis=1)))
