"""The average score of each run against its number of parameters, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.errors import InputError, MissingExtra
from pentad.evaluation.intervals import Interval
from pentad.evaluation.results.comparison.comparison import Average, Comparison
from pentad.evaluation.results.comparison.labels import Box, place_labels
from pentad.evaluation.results.parameters import people_count
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEM = "score_vs_size"
_DOT, _BASE, _LINE, _INK, _FAINT = "#1f6f8b", "#b3123b", "#9aa3ad", "#1c2028", "#707884"
_WIDTH, _HEIGHT, _DPI = 7.2, 4.6, 150
_FAR = 16.0
_METADATA: dict[str, dict[str, Any]] = {".png": {"Software": None}, ".svg": {"Date": None}}


@dataclass(frozen=True)
class Dot:
    """One run of the picture.

    Attributes:
        name: Its label.
        parameters: How many; 0 for a run that has learned nothing.
        average: Of all tasks, with its interval.
        baseline: Whether the others are compared with it.
    """

    name: str
    parameters: int
    average: Interval
    baseline: bool = False

    @property
    def label(self) -> str:
        """What is written beside it."""
        return f"{self.name} (baseline)" if self.baseline else self.name


def has_matplotlib() -> bool:
    """Return whether pictures can be drawn."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def draw_scores(comparison: Comparison, folder: Path) -> list[Path]:
    """Draw ``score_vs_size.svg`` and ``.png``; the same comparison gives the same bytes.

    Runs whose number of parameters nobody knows are named below the picture.

    Args:
        comparison: With an average over at least one task.
        folder: Where the pictures go.

    Returns:
        Their paths.

    Raises:
        InputError: There is no task that all runs have, so there is no average to draw; or of no
            run the number of parameters is known.
        MissingExtra: matplotlib is not installed.
    """
    if not has_matplotlib():
        raise MissingExtra("matplotlib", "figures")
    average = comparison.averages[0] if comparison.averages else None
    if average is None or not average.tasks:
        raise InputError("there is no task that all runs have, so there is no average to draw")
    if not dots_of(comparison):
        raise InputError("of no run the number of parameters is known")
    import matplotlib
    from matplotlib import style

    paths = [folder / f"{STEM}{suffix}" for suffix in _METADATA]
    with matplotlib.rc_context():
        style.use("default")
        matplotlib.rcParams["svg.hashsalt"] = "pentad"
        matplotlib.rcParams["svg.fonttype"] = "none"
        matplotlib.rcParams["text.parse_math"] = False  # a name may hold any sign
        for path in paths:
            figure = _figure(dots_of(comparison), _unknown(comparison, average), average)
            with replacing(path) as coming:
                figure.savefig(
                    coming, format=path.suffix[1:], dpi=_DPI, metadata=_METADATA[path.suffix]
                )
    return paths


def dots_of(comparison: Comparison) -> list[Dot]:
    """Return the runs whose number of parameters is known."""
    intervals = comparison.averages[0].intervals
    return [
        Dot(name, info.parameters, interval, comparison.baseline == number)
        for number, (name, info, interval) in enumerate(
            zip(comparison.names, comparison.infos, intervals, strict=True)
        )
        if info.parameters is not None and interval is not None
    ]


def _unknown(comparison: Comparison, average: Average) -> list[str]:
    """Return a line for each run whose number of parameters is not known."""
    return [
        f"{name}: {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        for name, info, interval in zip(
            comparison.names, comparison.infos, average.intervals, strict=True
        )
        if info.parameters is None and interval is not None
    ]


def _figure(dots: Sequence[Dot], unknown: Sequence[str], average: Average) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    foot = 0.17 * (len(unknown) + 1.5) if unknown else 0.0
    height = _HEIGHT + foot
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    below, above = (0.62 + foot) / height, 0.62 / height
    axes = figure.add_axes((0.095, below, 0.88, 1 - below - above))
    _title(figure, average, height)
    places = _x_axis(axes, dots)
    _y_axis(axes, dots)
    _dots(axes, dots, places)
    if unknown:
        lines = ["Number of parameters unknown:", *unknown]
        text = "\n".join(lines)
        figure.text(0.095, 0.1 / height, text, fontsize=8, color=_FAINT, va="bottom")
    _labels(figure, axes, dots, places)
    return figure


def _title(figure: Figure, average: Average, height: float) -> None:
    tasks = f"{len(average.tasks)} of {average.of} tasks"
    if len(average.tasks) == average.of:
        tasks = "1 task" if average.of == 1 else f"all {average.of} tasks"
    figure.text(
        0.095, 1 - 0.14 / height, "Average score and size", fontsize=12, weight="bold", va="top"
    )
    about = f"Mean over {tasks} of each one's main metric; whiskers are 95 % bootstrap intervals"
    figure.text(0.095, 1 - 0.36 / height, about, fontsize=8.5, color=_FAINT, va="top")


def _x_axis(axes: Axes, dots: Sequence[Dot]) -> list[float]:
    """Set the axis up and return where each dot stands, in powers of ten.

    The logarithm has no place for 0: runs that have learned nothing stand left of a gap.
    """
    from matplotlib.ticker import NullLocator

    sizes = [np.log10(dot.parameters) for dot in dots if dot.parameters]
    low, high = (min(sizes), max(sizes)) if sizes else (0.0, 0.0)
    room = max(0.35, 0.12 * (high - low))
    nothing = low - max(1.0, 0.22 * (high - low)) if sizes else 0.0
    some = any(dot.parameters == 0 for dot in dots)
    left = (nothing if some else low) - room
    axes.set_xlim(left, high + room * 1.4)
    ticks = _ticks(low - (0 if some else room), high + room * 1.4) if sizes else []
    labels = [people_count(round(10**tick)) for tick in ticks]
    if some:
        ticks, labels = [nothing, *ticks], ["none", *labels]
        if sizes:
            _gap(axes, (nothing + low) / 2)
    axes.set_xticks(ticks, labels, fontsize=9)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("parameters", fontsize=9.5, color=_INK)
    return [nothing if not dot.parameters else float(np.log10(dot.parameters)) for dot in dots]


def _ticks(low: float, high: float) -> list[float]:
    """Return powers of ten, and 2 and 5 times them where few would fit."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        places = [
            power + float(np.log10(step))
            for power in range(int(np.floor(low)), int(np.ceil(high)) + 1)
            for step in steps
        ]
        inside = [place for place in places if low <= place <= high]
        if len(inside) >= 3:
            return inside
    return inside


def _gap(axes: Axes, x: float) -> None:
    """Show that the axis is broken."""
    for shift in (-0.006, 0.006):
        where = (x - axes.get_xlim()[0]) / np.ptp(axes.get_xlim()) + shift
        axes.plot(
            [where - 0.004, where + 0.004],
            [-0.018, 0.018],
            transform=axes.transAxes,
            color=_INK,
            linewidth=0.8,
            clip_on=False,
        )


def _y_axis(axes: Axes, dots: Sequence[Dot]) -> None:
    low = min((dot.average.low for dot in dots), default=0.0)
    high = max((dot.average.high for dot in dots), default=1.0)
    room = max(0.02, 0.12 * (high - low))
    axes.set_ylim(low - room, high + room)
    axes.set_ylabel("average score", fontsize=9.5, color=_INK)
    axes.tick_params(labelsize=9, colors=_INK)
    axes.grid(axis="y", linewidth=0.5, color="#e3e6e8")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _dots(axes: Axes, dots: Sequence[Dot], places: Sequence[float]) -> None:
    for dot, x in zip(dots, places, strict=True):
        color = _BASE if dot.baseline else _DOT
        value, low, high = dot.average
        axes.plot([x, x], [low, high], color=color, linewidth=1.3, alpha=0.55, zorder=2)
        axes.plot([x], [value], "o", color=color, markersize=6.5, zorder=3)


def _labels(figure: Figure, axes: Axes, dots: Sequence[Dot], places: Sequence[float]) -> None:
    """Write the names where they cover nothing; a far one gets a line to its dot."""
    texts = [
        axes.text(x, dot.average.value, dot.label, fontsize=8.5, color=_INK, zorder=4)
        for dot, x in zip(dots, places, strict=True)
    ]
    sizes = [(b.width, b.height) for b in (text.get_window_extent() for text in texts)]
    points = [
        (float(p[0]), float(p[1]))
        for dot, x in zip(dots, places, strict=True)
        for p in [axes.transData.transform((x, dot.average.value))]
    ]
    scale = figure.dpi / 100
    placed = place_labels(
        [(x / scale, y / scale) for x, y in points],
        [(w / scale, h / scale) for w, h in sizes],
        [_obstacles(axes, dot, x, scale) for dot, x in zip(dots, places, strict=True)],
        _frame(axes, scale),
    )
    for text, point, one in zip(texts, points, placed, strict=True):
        left, bottom = (v * scale for v in one.box[:2])
        x, y = axes.transData.inverted().transform((left, bottom))
        text.set_position((float(x), float(y)))
        text.set_verticalalignment("bottom")
        if one.distance > _FAR:
            _leader(axes, point, Box(*(v * scale for v in one.box)))


def _obstacles(axes: Axes, dot: Dot, x: float, scale: float) -> list[Box]:
    """Return what a dot covers, in hundredths of an inch: itself and its whisker."""
    value, low, high = dot.average
    (px, py), (_, bottom), (_, top) = (
        axes.transData.transform((x, y)) / scale for y in (value, low, high)
    )
    return [Box(px - 5, py - 5, px + 5, py + 5), Box(px - 1, bottom, px + 1, top)]


def _frame(axes: Axes, scale: float) -> Box:
    box = axes.get_window_extent()
    return Box(*(float(v) / scale for v in (box.x0 + 4, box.y0 + 4, box.x1 + 20, box.y1 + 6)))


def _leader(axes: Axes, point: tuple[float, float], box: Box) -> None:
    """Draw a thin line from a dot to the nearest edge of its label."""
    end = (
        min(max(point[0], box.left), box.right),
        min(max(point[1], box.bottom), box.top),
    )
    back = axes.transData.inverted().transform
    (x0, y0), (x1, y1) = back(point), back(end)
    axes.plot([x0, x1], [y0, y1], color=_LINE, linewidth=0.7, zorder=1)
