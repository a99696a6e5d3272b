"""What all maps share: size of a mark, limits, legend and caption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.diagnostics.maps.points import MapPoints
from pentad.evaluation.diagnostics.palette import COLORS, GRID, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def marker_size(count: int) -> float:
    """Return the area of a mark in square points: less where there are more of them."""
    return float(np.clip(9000 / max(count, 1), 5.0, 36.0))


def clear(axes: Axes, points: MapPoints) -> None:
    """Show the whole map in true proportions, without numbers: a map has no units."""
    low, high = points.places.min(axis=0), points.places.max(axis=0)
    margin = 0.06 * max(float((high - low).max()), 1e-9)
    middle, half = (low + high) / 2, float((high - low).max()) / 2 + margin
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(GRID)


def mark(
    axes: Axes, points: MapPoints, rows: NDArray[Any], *, size: float, color: str = "", **look: Any
) -> None:
    """Draw some items with the marker of their modality, and its color unless one is given.

    Marks are drawn as an image even in SVG: thousands of them a panel would make files too large.
    """
    chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    for modality in points.present:
        own = chosen[points.of_modality(modality)[chosen]]
        axes.scatter(
            points.places[own, 0],
            points.places[own, 1],
            s=size,
            c=color or COLORS[modality],
            marker=MARKERS[modality],
            rasterized=True,
            **{"linewidths": 0.0, **look},
        )


def legend_handles(points: MapPoints, color: str | None = None) -> list[Line2D]:
    """Return a line of a legend for each modality, with how many items of it are shown."""
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [], [], linestyle="none", marker=MARKERS[m], markersize=7, color=color or COLORS[m],
            label=f"{m.value} ({int(points.of_modality(m).sum()):,})",
        )
        for m in points.present
    ]  # fmt: skip


def caption_of(points: MapPoints) -> str:
    """Return how many items are shown, and what a place on the map means."""
    count = f"{len(points):,} items"
    if len(points) < points.of:
        count = f"{len(points):,} of {points.of:,} items, drawn at random"
    return f"{count}; {points.about}"
