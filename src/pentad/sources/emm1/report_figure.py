"""The report as a picture: items of each source as a bar, present and absent parts stacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, MissingExtra
from pentad.core.modality import MEDIA_MODALITIES
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pentad.sources.emm1.report import TrainableReport

SUFFIXES = (".png", ".svg")
_PRESENT, _ABSENT, _EDGE = "#1f6f8b", "#dcdcdc", "#8a8a8a"
_WIDTH, _ROW, _FRAME = 9.0, 0.25, 1.0
_METADATA: dict[str, dict[str, Any]] = {".png": {"Software": None}, ".svg": {"Date": None}}


@dataclass(frozen=True)
class Bar:
    """One line of a panel.

    Attributes:
        label: Source, or a modality above its sources.
        items: How many there are; None for the name of a modality.
        present: How many have their file.
    """

    label: str
    items: int | None = None
    present: int = 0


def check_figure(path: Path) -> None:
    """Raise where a figure cannot be written, before anything is counted.

    Raises:
        InputError: Neither ``.png`` nor ``.svg``, or a folder.
        MissingExtra: matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("in which format?", file=path, expected="a name that ends in .png or .svg")
    if path.is_dir():
        raise InputError("this is a folder; name a file", file=path)
    _require_matplotlib()


def draw_report(report: TrainableReport, path: str | Path) -> None:
    """Draw a panel for each split; the same report gives the same bytes.

    Args:
        report: What was counted.
        path: A name that ends in ``.png`` or ``.svg``.

    Raises:
        InputError: The format is none of the two, or no items were counted.
        MissingExtra: matplotlib is not installed.
    """
    out = Path(path)
    check_figure(out)
    panels = panels_of(report)
    if not panels:
        raise InputError("no media items were counted, so there is nothing to draw", file=out)
    import matplotlib
    from matplotlib import style

    suffix = out.suffix.lower()
    with matplotlib.rc_context(), replacing(out) as coming:
        style.use("default")
        matplotlib.rcParams["svg.hashsalt"] = "pentad"
        figure = _figure(panels)
        figure.savefig(coming, format=suffix[1:], dpi=130, metadata=_METADATA[suffix])


def panels_of(report: TrainableReport) -> dict[str, list[Bar]]:
    """Return split -> its bars, each modality's sources below its name, largest first."""
    counts: dict[str, dict[str, dict[str, tuple[int, int]]]] = {}
    for row in report.section("items"):
        split, modality, source = (str(row.keys[k]) for k in ("split", "modality", "source"))
        sources = counts.setdefault(split, {}).setdefault(modality, {})
        items, present = sources.get(source, (0, 0))
        sources[source] = (items + row.rows, present + row.present)
    for row in report.section("eshot"):
        sources = counts.setdefault("eshot", {}).setdefault(str(row.keys["what"]), {})
        sources["EShot"] = (row.rows, row.present)
    bars = {split: _bars(modalities) for split, modalities in counts.items()}
    return {split: rows for split, rows in bars.items() if rows}


def _bars(modalities: dict[str, dict[str, tuple[int, int]]]) -> list[Bar]:
    bars = []
    for modality in (m.value for m in MEDIA_MODALITIES if m.value in modalities):
        bars.append(Bar(modality))
        ordered = sorted(modalities[modality].items(), key=lambda entry: (-entry[1][0], entry[0]))
        bars += [Bar(source, *numbers) for source, numbers in ordered]
    return bars


def _figure(panels: dict[str, list[Bar]]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import Patch

    engine = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06)
    heights = [_FRAME + _ROW * len(bars) for bars in panels.values()]
    figure = Figure(figsize=(_WIDTH, 0.5 + sum(heights)), layout=engine)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
    for place, (split, bars) in enumerate(panels.items()):
        _panel(figure.add_subplot(grid[place]), split, bars)
    handles = [
        Patch(facecolor=_PRESENT, edgecolor=_EDGE, label="file present"),
        Patch(facecolor=_ABSENT, edgecolor=_EDGE, label="file absent"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2, frameon=False)
    return figure


def _panel(axes: Axes, split: str, bars: Sequence[Bar]) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    places = list(range(len(bars)))
    present = [bar.present for bar in bars]
    absent = [(bar.items or 0) - bar.present for bar in bars]
    edge: dict[str, Any] = {"edgecolor": _EDGE, "linewidth": 0.5, "height": 0.72}
    axes.barh(places, present, color=_PRESENT, **edge)
    axes.barh(places, absent, left=present, color=_ABSENT, **edge)
    most = max(1, *(bar.items or 0 for bar in bars))
    for place, bar in zip(places, bars, strict=True):
        if bar.items is not None:
            text = f"{bar.present:,} of {bar.items:,}"
            axes.text(bar.items + 0.01 * most, place, text, va="center", fontsize=8)
    axes.set_yticks(places, [bar.label for bar in bars], fontsize=8.5)
    for bar, label in zip(bars, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if bar.items is None else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, 1.28 * most)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel("items")
    axes.set_title(f"E-MM1, split {split}: items of each source", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtra("matplotlib", "figures") from None
