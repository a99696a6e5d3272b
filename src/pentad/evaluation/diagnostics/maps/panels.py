"""Small multiples: a panel a class or a modality, its items in color, all others gray behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.diagnostics.figure import drawing, new_figure, save_figure
from pentad.evaluation.diagnostics.maps.marks import caption_of, clear, legend_handles, mark
from pentad.evaluation.diagnostics.maps.points import MapPoints
from pentad.evaluation.diagnostics.palette import BACKGROUND, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 60
_SIDE = 1.55
_LONG = 22

Panel = tuple[str, NDArray[np.bool_]]


def draw_concept_panels(points: MapPoints, stem: Path) -> list[Path]:
    """Draw a panel for each of the `MOST` largest classes; return the paths of SVG and PNG.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    classes = points.concepts_by_size()
    shown = classes[:MOST]
    title = f"{len(shown)} classes" if len(shown) == len(classes) else (
        f"{len(shown)} of {len(classes)} classes: the largest, then by name"
    )  # fmt: skip
    panels = [(concept, points.of_concept(concept)) for concept in shown]
    return _draw(points, panels, title, stem)


def draw_modality_panels(points: MapPoints, stem: Path) -> list[Path]:
    """Draw a panel a modality; return the paths of SVG and PNG.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    panels = [(m.value, points.of_modality(m)) for m in points.present]
    return _draw(points, panels, "One modality a panel", stem)


def columns_for(count: int) -> int:
    """Return how many panels stand side by side: about as wide as high, at most ten."""
    return int(np.clip(np.ceil(np.sqrt(count * 1.4)), 1, 10))


def _draw(points: MapPoints, panels: Sequence[Panel], title: str, stem: Path) -> list[Path]:
    columns = columns_for(len(panels))
    rows = -(-len(panels) // columns)
    side = _SIDE if len(panels) > 12 else 2.3
    with drawing():
        figure = new_figure(max(5.5, columns * side), rows * (side * 0.86 + 0.22) + 0.9)
        grid = figure.add_gridspec(rows, columns)
        for place, panel in enumerate(panels):
            axes = figure.add_subplot(grid[place // columns, place % columns])
            _panel(axes, points, panel)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        handles = legend_handles(points)
        figure.legend(
            handles=handles, loc="outside lower left", ncols=len(handles), frameon=False,
            title=caption_of(points), title_fontproperties={"size": 8.5}, alignment="left",
        )  # fmt: skip
        return save_figure(figure, stem)


def _panel(axes: Axes, points: MapPoints, panel: Panel) -> None:
    name, own = panel
    others = points.places[~own]
    axes.scatter(others[:, 0], others[:, 1], s=2, c=BACKGROUND, linewidths=0, rasterized=True)
    size = float(np.clip(1400 / max(int(own.sum()), 1), 3.0, 14.0))
    mark(axes, points, own, size=size, alpha=0.9)
    clear(axes, points)
    short = name if len(name) <= _LONG else name[: _LONG - 1] + "…"
    axes.set_title(short, loc="left", fontsize=8, pad=2)
    count, corner = f"{int(own.sum()):,}", axes.transAxes
    axes.text(0.97, 0.03, count, transform=corner, ha="right", fontsize=7, color=FAINT)
