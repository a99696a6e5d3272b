"""Point clouds and meshes as distances, heights, occupancy, local surface and colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.builtin import POINTS_DESCRIPTOR
from pentad.encoders.descriptors.base import Descriptor, Reader
from pentad.encoders.descriptors.color import hue_histogram, lab_histogram, to_lab
from pentad.encoders.descriptors.solid import (
    cylinder,
    distances,
    extents,
    layers,
    occupancy,
    pieces,
    surface,
)
from pentad.encoders.descriptors.surface_sample import sampled_surface
from pentad.encoders.features import Blocks, Floats, soft_bins, unit
from pentad.media.types import DecodeOptions, Points

_POINTS = 2048


def load() -> Descriptor:
    """Return the encoder ``points-descriptor``."""
    options = DecodeOptions(points=_POINTS)
    return Descriptor(
        POINTS_DESCRIPTOR, {Modality.POINTS: Reader(Points, options, describe_points)}
    )


def describe_points(points: Points) -> NDArray[np.float32]:
    """Return the unit vector of one cloud or mesh, float32."""
    raw, rgb = sampled_surface(points, _POINTS)
    middle = raw.mean(axis=0)
    radius = float(np.sqrt(np.sum((raw - middle) ** 2, axis=1)).max())
    xyz = (raw - middle) / (radius if radius > 0 else 1.0)
    blocks = Blocks()
    _add_form(blocks, xyz)
    blocks.add(0.5, _scale(middle, radius))
    _add_colour(blocks, xyz, rgb)
    return blocks.vector()


def _add_form(blocks: Blocks, xyz: Floats) -> None:
    blocks.add(1.0, distances(xyz))
    blocks.add(1.0, extents(xyz))
    blocks.add(0.8, layers(xyz))
    blocks.add(1.0, occupancy(xyz))
    blocks.add(1.0, cylinder(xyz))
    blocks.add(1.0, surface(xyz))
    blocks.add(1.0, pieces(xyz))


def _scale(middle: Floats, radius: float) -> Floats:
    """Size and centre in the file's own units; these are often arbitrary, so it weighs little."""
    bins = [soft_bins(float(np.log10(radius + 1e-9)), -3, 4, 15)]
    away = middle / (radius if radius > 0 else 1.0)
    bins += [soft_bins(float(np.tanh(value)), -1, 1, 7) for value in away]
    return unit(np.concatenate(bins))


def _add_colour(blocks: Blocks, xyz: Floats, rgb: NDArray[np.uint8] | None) -> None:
    lab = to_lab(np.full((len(xyz), 3), 128, dtype=np.uint8) if rgb is None else rgb)
    weights = np.full(len(xyz), 0.0 if rgb is None else 1.0)
    blocks.add(1.0, hue_histogram(lab, weights))
    blocks.add(0.8, lab_histogram(lab, weights))
    blocks.add(0.5, _colour_by_height(xyz, lab, weights))


def _colour_by_height(xyz: Floats, lab: Floats, weights: Floats) -> Floats:
    """Mean colour of the lower, middle and upper third; (9)."""
    thirds = np.array_split(np.argsort(xyz[:, 1], kind="stable"), 3)
    means = [
        np.sum(lab[third] * weights[third, None], axis=0) / max(1, len(third)) for third in thirds
    ]
    return unit(np.concatenate(means) / 50.0)
