"""One map of everything: by modality in color and marker, or by concept with direct names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pentad.evaluation.diagnostics.figure import drawing, new_figure, save_figure
from pentad.evaluation.diagnostics.maps.labels import Box, medoid, place_labels
from pentad.evaluation.diagnostics.maps.marks import (
    caption_of,
    clear,
    legend_handles,
    mark,
    marker_size,
)
from pentad.evaluation.diagnostics.maps.points import MapPoints
from pentad.evaluation.diagnostics.palette import BACKGROUND, CLASSES, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED = len(CLASSES)
_WIDTH, _HEIGHT = 8.0, 6.6
_FONT = 10.0


def draw_by_modality(points: MapPoints, stem: Path) -> list[Path]:
    """Draw all items, a color and a marker a modality; return the paths of SVG and PNG.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    with drawing():
        figure, axes = _canvas(points, "All items by modality")
        order = np.random.Generator(np.random.PCG64(0)).permutation(len(points))
        size = marker_size(len(points))
        # One modality drawn after the other would hide those before; slices take turns.
        for part in np.array_split(order, 12):
            mark(axes, points, part, size=size, alpha=0.75)
        figure.legend(
            handles=legend_handles(points), loc="outside right upper", frameon=False, fontsize=10
        )
        return save_figure(figure, stem)


def draw_by_concept(points: MapPoints, stem: Path) -> list[Path]:
    """Draw all items in gray and the largest classes in color, with their names beside them.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    classes = points.concepts_by_size()
    named = classes[:NAMED]
    with drawing():
        title = f"{len(named)} of {len(classes)} classes: the largest, then by name"
        figure, axes = _canvas(points, title if len(classes) > len(named) else "All classes")
        size = marker_size(len(points))
        everything = np.ones(len(points), dtype=bool)
        mark(axes, points, everything, size=size * 0.7, color=BACKGROUND)
        for color, concept in zip(CLASSES, named, strict=False):
            own = points.of_concept(concept)
            mark(axes, points, own, size=size * 1.3, color=color, linewidths=0.3, edgecolors="w")
        handles = legend_handles(points, color=FAINT)
        figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=10)
        _name(figure, axes, points, named)
        return save_figure(figure, stem)


def _canvas(points: MapPoints, title: str) -> tuple[Figure, Axes]:
    figure = new_figure(_WIDTH, _HEIGHT)
    axes = figure.add_subplot()
    clear(axes, points)
    axes.set_title(title, loc="left", fontweight="bold", fontsize=12)
    axes.set_xlabel(caption_of(points), loc="left", color=FAINT, fontsize=8.5)
    return figure, axes


def _name(figure: Figure, axes: Axes, points: MapPoints, named: Sequence[str]) -> None:
    """Write the names of classes where there is room, each joined to its class by a line."""
    from matplotlib.patheffects import withStroke

    figure.draw_without_rendering()  # lays the axes out, so that there are pixels to place in
    figure.set_layout_engine("none")
    to_pixels = axes.transData
    anchors = np.array([medoid(points.places[points.of_concept(c)]) for c in named]).reshape(-1, 2)
    pixels = to_pixels.transform(anchors) if len(anchors) else anchors
    scale = figure.dpi / 72
    sizes = [(0.62 * _FONT * scale * len(c) + 14, 1.9 * _FONT * scale) for c in named]
    box = axes.get_window_extent()
    shown = np.isin(np.array(points.concepts, dtype=object), list(named))
    visible = to_pixels.transform(points.places[shown])
    centers = place_labels(pixels, sizes, Box(box.x0, box.y0, box.x1, box.y1), visible)
    for color, concept, anchor, center in zip(CLASSES, named, anchors, centers, strict=False):
        place = to_pixels.inverted().transform(center)
        axes.plot(
            [anchor[0], place[0]], [anchor[1], place[1]], color=color, linewidth=0.8, zorder=4
        )
        axes.text(
            place[0], place[1], concept, color=color, fontsize=_FONT, fontweight="bold",
            ha="center", va="center", zorder=5,
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip
