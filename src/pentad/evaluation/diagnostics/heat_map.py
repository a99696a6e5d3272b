"""The directions as a picture: rows ask, columns are searched, every cell says its number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.figure import drawing, new_figure, save_figure
from pentad.evaluation.diagnostics.palette import FAINT, GRID, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pentad.evaluation.scores import Score

_DARK = 0.68
_CELL = 1.05


def draw_heat_map(
    scores: Sequence[Score], modalities: Sequence[Modality], metric: str, stem: Path
) -> list[Path]:
    """Draw one metric of every direction and return the paths of SVG and PNG.

    The color runs from 0 to 1, so that figures of two models compare. Below each number stands its
    chance level, without which numbers of different corpora do not.

    Args:
        scores: Of every direction.
        modalities: Rows and columns, in order.
        metric: Which metric to show.
        stem: Path without a suffix.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    cells = {(s.query, s.corpus): s for s in scores if s.metric == metric}
    values = np.array(
        [[cells[q, c].value if (q, c) in cells else np.nan for c in modalities] for q in modalities]
    )
    with drawing():
        side = _CELL * len(modalities)
        figure = new_figure(max(side + 1.6, 4.6), side * 0.8 + 1.5)
        axes = figure.add_subplot()
        _cells(axes, values)
        for row, q in enumerate(modalities):
            for column, c in enumerate(modalities):
                _write(axes, row, column, cells.get((q, c)))
        _frame(axes, modalities, metric)
        return save_figure(figure, stem)


def _cells(axes: Axes, values: NDArray[np.float64]) -> None:
    from matplotlib import colormaps

    shown = colormaps["Blues"].with_extremes(bad="#ffffff")
    axes.imshow(np.ma.masked_invalid(values), cmap=shown, vmin=0, vmax=1, aspect="auto")


def _write(axes: Axes, row: int, column: int, score: Score | None) -> None:
    if score is None or np.isnan(score.value):
        axes.text(column, row, "not judged", ha="center", va="center", color=FAINT, fontsize=8)
        return
    light = score.value > _DARK
    ink, faint = ("white", "#e6eef7") if light else (INK, "#4b5563")
    axes.text(
        column, row - 0.1, f"{score.value:.2f}", ha="center", va="center", color=ink, fontsize=13
    )
    chance = f"chance {score.chance:.2f}"
    axes.text(column, row + 0.26, chance, ha="center", va="center", color=faint, fontsize=7.5)


def _frame(axes: Axes, modalities: Sequence[Modality], metric: str) -> None:
    places = list(range(len(modalities)))
    names = [m.value for m in modalities]
    axes.set_xticks(places, names)
    axes.set_yticks(places, names)
    axes.set_xticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=1)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("is searched")
    axes.set_ylabel("asks")
    axes.set_title(f"{metric} in every direction", loc="left", fontweight="bold")
    axes.spines[:].set_visible(False)
