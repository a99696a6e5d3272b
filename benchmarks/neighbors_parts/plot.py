"""The picture: recall against queries a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neighbors_parts.curve import frontier
from neighbors_parts.systems.registry import OURS

_FROM = 0.8
_OURS = ("#b3123b", "#e0662f", "#f0a030")
_OTHERS = (
    "#1f4e79", "#3d85c6", "#7fb2dd", "#38761d", "#6aa84f", "#a2c48a",
    "#674ea7", "#a795c9", "#555555", "#999999",
)  # fmt: skip
_MARKS = "os^Dv<>pPX"


def draw(found: dict[str, Any], exact: float, title: str, path: Path) -> None:
    """Write the picture as SVG, and as PNG beside it.

    Args:
        found: Points by system.
        exact: Queries a second of exact search.
        title: What was compared.
        path: Where the SVG goes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5.6), layout="constrained")
    ours = [name for name in found if name in OURS]
    others = [name for name in found if name not in OURS]
    for i, name in enumerate(ours):
        style = {"color": _OURS[i % len(_OURS)], "marker": "o", "zorder": 5}
        _line(axes, name, found[name]["points"], linewidth=2.4, markersize=5, **style)
    for i, name in enumerate(others):
        style = {"color": _OTHERS[i % len(_OTHERS)], "marker": _MARKS[i % len(_MARKS)]}
        _line(axes, name, found[name]["points"], linewidth=1.2, markersize=4, **style)
    axes.axhline(exact, color="black", linewidth=1, linestyle=":", label="exact (recall 1)")
    axes.set(xlabel="recall@16", ylabel="queries a second", xlim=(_FROM, 1.0), yscale="log")
    axes.set_title(title, fontsize=11)
    axes.grid(which="both", linewidth=0.4, alpha=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize=9, frameon=False)
    for suffix in (".svg", ".png"):
        figure.savefig(path.with_suffix(suffix), dpi=150)
    plt.close(figure)


def _line(axes: Any, name: str, points: list[dict[str, Any]], **style: Any) -> None:
    curve = [p for p in frontier(points) if p["recall"] >= _FROM - 0.06]
    label = name if curve else f"{name} (below {_FROM})"
    axes.plot([p["recall"] for p in curve], [p["rate"] for p in curve], label=label, **style)
