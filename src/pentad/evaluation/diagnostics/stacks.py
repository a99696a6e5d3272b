"""Shares of modalities as stacked bars: a panel a query modality, beside what would be fair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.figure import drawing, new_figure, save_figure
from pentad.evaluation.diagnostics.palette import COLORS, FAINT, HATCHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pentad.evaluation.diagnostics.shares import Share

FAIR = "fair"
_LEGIBLE = 0.07

Bars = Mapping[str, Mapping[Modality, float]]
"""Name of a bar -> share of each modality."""


def bars_by_k(shares: Sequence[Share]) -> dict[Modality, Bars]:
    """Return query modality -> a bar for each k, and the fair one last."""
    return _bars(shares)


def bars_by_option(shares: Mapping[str, Sequence[Share]], k: int) -> dict[Modality, Bars]:
    """Return query modality -> a bar for each option at one k, and the fair one last."""
    found: dict[Modality, dict[str, Mapping[Modality, float]]] = {}
    for option, rows in shares.items():
        for query, bars in _bars([s for s in rows if s.k == k], option).items():
            found[query] = {**found.get(query, {}), **bars}
    return {q: {**{o: b for o, b in bars.items() if o != FAIR}, FAIR: bars[FAIR]}
            for q, bars in found.items()}  # fmt: skip


def draw_stacks(panels: Mapping[Modality, Bars], title: str, stem: Path) -> list[Path]:
    """Draw a panel a query modality and return the paths of SVG and PNG.

    Args:
        panels: Query modality -> bars.
        title: Above all panels.
        stem: Path without a suffix.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    from matplotlib.patches import Patch

    longest = max(len(bars) for bars in panels.values())
    modalities = [m for m in Modality if any(m in b for p in panels.values() for b in p.values())]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    with drawing():
        figure = new_figure(max(5.0, columns * (0.9 + 0.46 * longest)), 0.9 + 2.3 * rows)
        grid = figure.add_gridspec(rows, columns)
        for place, (query, bars) in enumerate(panels.items()):
            axes = figure.add_subplot(grid[place // columns, place % columns])
            _panel(axes, query, bars, first=place % columns == 0)
        handles = [
            Patch(facecolor=COLORS[m], hatch=HATCHES[m], edgecolor="white", label=m.value)
            for m in modalities
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), frameon=False)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
        return save_figure(figure, stem)


def _bars(shares: Sequence[Share], name: str | None = None) -> dict[Modality, Bars]:
    """Return query modality -> bars by ``name``, by k where there is none, and the fair one."""
    found: dict[Modality, dict[str, dict[Modality, float]]] = {}
    for share in shares:
        bars = found.setdefault(share.query, {})
        bars.setdefault(name or str(share.k), {})[share.corpus] = share.value
    for query, bars in found.items():
        bars[FAIR] = {s.corpus: s.fair for s in shares if s.query is query}
    return {query: dict(bars) for query, bars in found.items()}


def _panel(axes: Axes, query: Modality, bars: Bars, *, first: bool) -> None:
    places = [*range(len(bars) - 1), len(bars) - 0.5]
    for place, (name, parts) in zip(places, bars.items(), strict=True):
        low = 0.0
        for modality in (m for m in Modality if m in parts):
            high = parts[modality]
            axes.bar(
                place, high, bottom=low, color=COLORS[modality], hatch=HATCHES[modality],
                edgecolor="white", linewidth=0.6, width=0.84, alpha=0.55 if name == FAIR else 1.0,
            )  # fmt: skip
            if high >= _LEGIBLE:
                _number(axes, place, low + high / 2, high)
            low += high
    axes.set_xticks(places, list(bars), fontsize=8)
    _turn_long_names(axes, list(bars))
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"] if first else ["", "", ""], fontsize=8)
    axes.set_ylim(0, 1)
    axes.set_title(f"{query} asks", loc="left")
    axes.tick_params(length=0, colors=FAINT)
    axes.spines[:].set_visible(False)


def _number(axes: Axes, x: float, y: float, share: float) -> None:
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    number = f"{100 * share:.0f}"
    axes.text(x, y, number, ha="center", va="center", fontsize=7.5, color="#111111", bbox=box)


def _turn_long_names(axes: Axes, names: Sequence[str]) -> None:
    if max(map(len, names)) > 5:
        for label in axes.get_xticklabels():
            label.set_rotation(40)
            label.set_horizontalalignment("right")
