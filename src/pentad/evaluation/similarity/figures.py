"""Figures of a grid as SVG: bars of its cells, of its classes and families, and of dimensions.

Figures need matplotlib, the extra ``figures``; without it none are drawn, and a notice says so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.evaluation.similarity.drawing import (
    COLORS,
    INK,
    direction,
    dress,
    higher,
    new_figure,
    same_scale,
    save,
    short,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 9.0
_ROW = 0.22
_CLASS_COLUMNS = 4
_log = logging.getLogger(__name__)


def draw_grid(results: Sequence[dict[str, Any]], folder: str | Path) -> list[str]:
    """Draw every figure that the results allow; return the names of the files.

    Args:
        results: What the cells of a grid have written.
        folder: Where to.
    """
    if find_spec("matplotlib") is None:
        _log.warning("no figures: pip install 'pentad[figures]'")
        return []
    drawn = []
    for metric in results[0]["scores"] if results else ():
        figures = {
            f"cells-{metric}": cell_bars(results, metric),
            f"pca-{metric}": pca_lines(results, metric),
        }
        best = best_result(results, metric)
        figures[f"classes-{metric}"] = class_bars(best, metric)
        if best["scores"][metric]["family"]:
            figures[f"families-{metric}"] = family_bars(results, metric)
        for name, figure in figures.items():
            save(figure, Path(folder) / f"{name.replace('@', '-at-')}.svg")
            drawn.append(f"{name.replace('@', '-at-')}.svg")
    return drawn


def best_result(results: Sequence[dict[str, Any]], metric: str) -> dict[str, Any]:
    """Return the cell with the best macro mean."""
    sign = -1 if higher(metric) else 1
    known = [r for r in results if r["scores"][metric]["macro"] is not None] or list(results)
    return min(known, key=lambda r: sign * (r["scores"][metric]["macro"] or 0))


def cell_bars(results: Sequence[dict[str, Any]], metric: str) -> Figure:
    """Return bars of every cell, a panel for micro and one for macro, with intervals."""
    names = list(dict.fromkeys(_variant(r) for r in results))
    searches = list(dict.fromkeys(_search(r) for r in results))
    height = 1.2 + _ROW * len(names) * (len(searches) + 0.6)
    figure, axes = new_figure(_WIDTH, height, 1, 2)
    for axis, kind in zip(axes, ("micro", "macro"), strict=True):
        for number, search in enumerate(searches):
            bars = [r for r in results if _search(r) == search]
            places = [names.index(_variant(r)) + _offset(number, len(searches)) for r in bars]
            _bars(axis, places, bars, metric, kind, 0.8 / len(searches), COLORS[number], search)
        axis.set_yticks(range(len(names)), names if kind == "micro" else [""] * len(names))
        axis.invert_yaxis()
        dress(axis, f"{metric}, {kind}{direction(metric)}")
    same_scale(axes)
    axes[0].figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False
    )
    return figure


def pca_lines(results: Sequence[dict[str, Any]], metric: str) -> Figure:
    """Return macro means by the number of dimensions, a panel a search, a line an aggregation."""
    searches = list(dict.fromkeys(_search(r) for r in results))
    ways = list(dict.fromkeys(r["recipe"]["aggregate"] for r in results))
    figure, axes = new_figure(_WIDTH, 3.2, 1, len(searches), share=True)
    for axis, search in zip(axes, searches, strict=True):
        for number, way in enumerate(ways):
            points = sorted(
                (r["dim"], r["scores"][metric]["macro"])
                for r in results
                if _search(r) == search and r["recipe"]["aggregate"] == way
                if r["scores"][metric]["macro"] is not None
            )
            axis.plot(
                [str(dim) for dim, _ in points],
                [value for _, value in points],
                color=COLORS[number],
                marker="os^D"[number % 4],
                label=way,
            )
        dress(axis, search, grid="y")
        axis.set_xlabel("dimensions", color=INK)
    axes[0].set_ylabel(f"{metric}, macro{direction(metric)}", color=INK)
    axes[-1].legend(frameon=False, title="aggregation")
    return figure


def class_bars(result: Mapping[str, Any], metric: str) -> Figure:
    """Return one bar a class, the best first, in columns."""
    found = result["scores"][metric]
    known = [(name, value) for name, value in found["class"].items() if value is not None]
    known.sort(key=lambda pair: -pair[1] if higher(metric) else pair[1])
    columns = min(_CLASS_COLUMNS, max(1, -(-len(known) // 25)))
    rows = max(1, -(-len(known) // columns))
    figure, axes = new_figure(3.5 * columns + 0.6, 1.1 + 0.17 * rows, 1, columns)
    top = max((value for _, value in known), default=1) or 1
    for number, axis in enumerate(axes):
        part = known[number * rows : (number + 1) * rows]
        axis.barh(range(len(part)), [value for _, value in part], color=COLORS[0], height=0.75)
        labels = [f"{short(name)} ({found['n']['class'][name]})" for name, _ in part]
        axis.set_yticks(range(len(part)), labels, fontsize=7)
        axis.set_ylim(rows - 0.4, -0.6)
        axis.set_xlim(0, top)
        dress(axis, "")
    figure.suptitle(
        f"{metric} of every class (items){direction(metric)}: {_variant(result)}, "
        f"{_search(result)}",
        color=INK,
        fontsize=10,
    )
    return figure


def family_bars(results: Sequence[dict[str, Any]], metric: str) -> Figure:
    """Return one group of bars a family: the best cell of each search."""
    searches = list(dict.fromkeys(_search(r) for r in results))
    best = {s: best_result([r for r in results if _search(r) == s], metric) for s in searches}
    first = next(iter(best.values()))["scores"][metric]["family"]
    names = [name for name, value in first.items() if value is not None]
    figure, axes = new_figure(_WIDTH * 0.75, 1.2 + 0.26 * len(names) * len(searches), 1, 1)
    for number, (search, result) in enumerate(best.items()):
        found = result["scores"][metric]
        places = [place + _offset(number, len(searches)) for place in range(len(names))]
        label = f"{search}: {_variant(result)}"
        _horizontal(
            axes[0],
            places,
            [(found["family"][n], found["interval"]["family"][n]) for n in names],
            0.8 / len(searches),
            COLORS[number],
            label,
        )
    axes[0].set_yticks(range(len(names)), [short(name) for name in names])
    axes[0].invert_yaxis()
    dress(axes[0], f"{metric} by family{direction(metric)}")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=1, frameon=False
    )
    return figure


def _bars(
    axis: Axes,
    places: Sequence[float],
    results: Sequence[Mapping[str, Any]],
    metric: str,
    kind: str,
    height: float,
    color: str,
    label: str,
) -> None:
    found = [r["scores"][metric] for r in results]
    values = [(each[kind], each["interval"][kind]) for each in found]
    _horizontal(axis, places, values, height, color, label)


def _horizontal(
    axis: Axes,
    places: Sequence[float],
    values: Sequence[tuple[float | None, Sequence[float] | None]],
    height: float,
    color: str,
    label: str,
) -> None:
    known = [(p, v, e) for p, (v, e) in zip(places, values, strict=True) if v is not None and e]
    errors = [
        [max(0.0, value - ends[0]) for _, value, ends in known],
        [max(0.0, ends[1] - value) for _, value, ends in known],
    ]
    axis.barh(
        [place for place, _, _ in known],
        [value for _, value, _ in known],
        height=height,
        color=color,
        label=label,
        xerr=errors,
        error_kw={"ecolor": INK, "elinewidth": 0.8},
    )


def _offset(number: int, count: int) -> float:
    return (number - (count - 1) / 2) * 0.8 / count


def _variant(result: Mapping[str, Any]) -> str:
    recipe = result["recipe"]
    pca = "no PCA" if recipe["pca"] < 0 else f"PCA {recipe['pca']}"
    return f"{recipe['aggregate']}, {pca}"


def _search(result: Mapping[str, Any]) -> str:
    unit = ", unit length" if result["recipe"]["normalize"] else ""
    return f"{result['search']}{unit}"
