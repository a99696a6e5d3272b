"""Figures of several models: model by family with numbers, bars of means, bars of families.

Cutoffs of one metric share a figure: the first is filled, the others are hatched beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pentad.evaluation.metrics.grammar import parse_metric
from pentad.evaluation.similarity.drawing import (
    COLORS,
    INK,
    direction,
    dress,
    higher,
    new_figure,
    same_scale,
    short,
)
from pentad.evaluation.similarity.models import Model, family_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HATCHES = ("", "////", "....", "xxxx")
_BAR, _ROOM = 0.17, 0.12
_FAMILY_COLUMNS = 3
_LONGEST = 34
_NAME = 0.075
"""Width of a letter of a model's name in inches."""


def model_figures(models: Sequence[Model], metrics: Sequence[str]) -> dict[str, Figure]:
    """Return figure by name: bars of each family of metrics, and of families where there are any.

    Args:
        models: In the order they are drawn, from above.
        metrics: What is drawn.
    """
    figures = {}
    for name, group in groupby(metrics, key=lambda metric: parse_metric(metric).name):
        some = list(group)
        label = some[0] if len(some) == 1 else name
        figures[f"models-{label}"] = model_bars(models, some)
        if family_names(models, some[0]):
            figures[f"models-families-{label}"] = family_panels(models, some)
        for metric in some:
            if family_names(models, metric):
                figures[f"models-heat-{metric}"] = heat_map(models, metric)
    return figures


def model_bars(models: Sequence[Model], metrics: Sequence[str]) -> Figure:
    """Return bars of every model with intervals, a panel for micro and one for macro."""
    names = [_labelled(model, models) for model in models]
    width = 6.4 + _name_width(names)
    figure, axes = new_figure(width, _height(len(models), len(metrics)), 1, 2)
    for axis, kind in zip(axes, ("micro", "macro"), strict=True):
        for number, metric in enumerate(metrics):
            bars = [
                (place, model.value(metric, kind), model.ends(metric, kind))
                for place, model in enumerate(models)
            ]
            _draw(axis, bars, metric, number, len(metrics))
        axis.set_yticks(range(len(models)), names if kind == "micro" else [""] * len(names))
        axis.set_ylim(len(models) - 0.45, -0.55)
        dress(axis, kind)
    same_scale(axes)
    return _finished(figure, axes[0], metrics, models)


def family_panels(models: Sequence[Model], metrics: Sequence[str]) -> Figure:
    """Return a panel a family with bars of every model."""
    families = list(dict.fromkeys(name for each in metrics for name in family_names(models, each)))
    columns = min(_FAMILY_COLUMNS, len(families))
    rows = -(-len(families) // columns)
    names = [_labelled(model, models) for model in models]
    height = rows * (_height(len(models), len(metrics)) - 0.5) + 0.5
    figure, axes = new_figure(2.7 * columns + _name_width(names), height, rows, columns)
    for number, axis in enumerate(axes):
        if number >= len(families):
            axis.set_visible(False)
            continue
        for order, metric in enumerate(metrics):
            ends = [_family_ends(model, metric, families[number]) for model in models]
            bars = [
                (place, model.family(metric, families[number]), ends[place])
                for place, model in enumerate(models)
            ]
            _draw(axis, bars, metric, order, len(metrics))
        axis.set_yticks(range(len(models)), names if number % columns == 0 else [""] * len(names))
        axis.set_ylim(len(models) - 0.45, -0.55)
        dress(axis, short(families[number], _LONGEST))
    same_scale(axes[: len(families)])
    return _finished(figure, axes[0], metrics, models)


def heat_map(models: Sequence[Model], metric: str) -> Figure:
    """Return model by family, each field with its number, the best of a family in bold."""
    families = family_names(models, metric)
    names = [_labelled(model, models) for model in models]
    width = 1.4 + 0.95 * len(families) + _name_width(names)
    figure, (axis,) = new_figure(width, 1.9 + 0.3 * len(models) * _lines(names), 1, 1)
    values = [[model.family(metric, name) for name in families] for model in models]
    plain = [[float("nan") if value is None else value for value in row] for row in values]
    more = higher(metric)
    image = axis.imshow(plain, cmap="viridis" if more else "viridis_r", aspect="auto")
    best = [_best(column, more=more) for column in zip(*values, strict=True)]
    for row, own in enumerate(values):
        for column, value in enumerate(own):
            if value is not None:
                _number(axis, (row, column), value, image, bold=value == best[column])
    axis.set_xticks(
        range(len(families)),
        [short(name, _LONGEST) for name in families],
        rotation=35,
        ha="left",
        rotation_mode="anchor",
    )
    axis.xaxis.tick_top()
    axis.set_yticks(range(len(models)), names)
    axis.tick_params(colors=INK, labelsize=8, length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_xlabel(f"{metric} by family{direction(metric)}{_common(models)}", color=INK)
    return figure


def _number(axis: Axes, place: tuple[int, int], value: float, image: Any, *, bold: bool) -> None:
    red, green, blue, _ = image.cmap(image.norm(value))
    light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
    axis.text(
        place[1],
        place[0],
        _digits(value),
        ha="center",
        va="center",
        fontsize=8,
        fontweight="bold" if bold else "normal",
        color="black" if light else "white",
    )


def _digits(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _best(values: Sequence[float | None], *, more: bool) -> float | None:
    known = [value for value in values if value is not None]
    return (max(known) if more else min(known)) if len(known) > 1 else None


def _draw(
    axis: Axes,
    bars: Sequence[tuple[float, float | None, Sequence[float] | None]],
    metric: str,
    number: int,
    count: int,
) -> None:
    """Draw one bar a model; where there is no value there is none."""
    height = 0.8 / count
    known = [
        (place, value, ends or (value, value)) for place, value, ends in bars if value is not None
    ]
    style: Mapping[str, Any] = (
        {"color": COLORS[0]}
        if number == 0
        else {"facecolor": "white", "edgecolor": COLORS[number], "hatch": _HATCHES[number % 4]}
    )
    axis.barh(
        [place + (number - (count - 1) / 2) * height for place, _, _ in known],
        [value for _, value, _ in known],
        height=height * 0.9,
        label=metric,
        xerr=[
            [max(0.0, value - ends[0]) for _, value, ends in known],
            [max(0.0, ends[1] - value) for _, value, ends in known],
        ],
        error_kw={"ecolor": INK, "elinewidth": 0.8},
        **style,
    )


def _finished(
    figure: Figure, axis: Axes, metrics: Sequence[str], models: Sequence[Model]
) -> Figure:
    title = ", ".join(metrics) + direction(metrics[0]) + _common(models)
    figure.suptitle(title, color=INK, fontsize=10)
    if len(metrics) > 1:
        handles, labels = axis.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _family_ends(model: Model, metric: str, family: str) -> Sequence[float] | None:
    found: Sequence[float] | None = model.result["scores"][metric]["interval"]["family"].get(family)
    return found


def _labelled(model: Model, models: Sequence[Model]) -> str:
    """Return its name, with the way below it where models differ in that."""
    name = short(model.name, _LONGEST)
    return f"{name}\n{model.way}" if len({each.way for each in models}) > 1 else name


def _common(models: Sequence[Model]) -> str:
    ways = {model.way for model in models}
    return f": {ways.pop()}" if len(ways) == 1 else ""


def _lines(names: Sequence[str]) -> float:
    return 1.35 if any("\n" in name for name in names) else 1.0


def _name_width(names: Sequence[str]) -> float:
    return 0.3 + _NAME * max(len(line) for name in names for line in name.split("\n"))


def _height(models: int, metrics: int) -> float:
    return 1.2 + models * max(0.34, _ROOM + _BAR * metrics)
