"""What all figures of similarity share: colours, axes, files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.evaluation.metrics.grammar import parse_metric
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#22262e"
# Okabe and Ito's colours, told apart by people who do not see all of them.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_GRID = "#dddddd"
_LONGEST = 28


def new_figure(
    width: float, height: float, rows: int, columns: int, *, share: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return an empty figure of a size in inches, and its axes row after row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, sharey=share)
    return figure, list(axes.flat)


def dress(axis: Axes, title: str, *, grid: str = "x") -> None:
    """Give axes a title, thin lines across, and no frame."""
    axis.set_title(title, fontsize=10, color=INK)
    axis.grid(visible=True, axis="x" if grid == "x" else "y", color=_GRID, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(colors=INK, labelsize=8, length=0)
    for side in ("top", "right", "left" if grid == "x" else "bottom"):
        axis.spines[side].set_visible(False)


def same_scale(axes: Sequence[Axes]) -> None:
    """Have the bars of several axes start at 0 and compare by length."""
    top = max(axis.get_xlim()[1] for axis in axes)
    for axis in axes:
        axis.set_xlim(0, top)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG; the same figure gives the same bytes."""
    import matplotlib

    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "pentad"}), replacing(path) as coming:
        figure.savefig(coming, format="svg", metadata={"Date": None})


def short(name: str, longest: int = _LONGEST) -> str:
    """Return a label with blanks, cut where it is too long."""
    plain = name.replace("_", " ")
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def higher(metric: str) -> bool:
    """Return whether more is better."""
    return parse_metric(metric).spec.higher


def direction(metric: str) -> str:
    """Return what a title says where less is better."""
    return "" if higher(metric) else " (less is better)"
