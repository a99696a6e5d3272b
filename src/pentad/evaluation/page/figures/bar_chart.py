"""Bars: as small drawings beside their names in a page, and as a figure of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from pentad.evaluation.page.bars import Bar
from pentad.evaluation.page.figures.svg import box, line, standalone, words
from pentad.evaluation.page.markup import Html, join, place, shortened, tag

_HEIGHT = 14.0
_NAME, _LENGTH, _NUMBERS, _ROW, _GAP = 190.0, 150.0, 170.0, 18.0, 24.0
_TALLEST = 60


def small_bar(bar: Bar, chance: float | None = None) -> Html:
    """Return one bar, stretched to whatever room there is; the text beside it has the numbers."""
    shapes = [box(0, 2, 100, 10, "f-track"), box(0, 2, 100 * bar.value, 10, "f-bar")]
    if bar.low is not None and bar.high is not None:
        low, high = 100 * bar.low, 100 * bar.high
        path = f"M{place(low)} 7H{place(high)}M{place(low)} 4V10M{place(high)} 4V10"
        shapes.append(tag("path", d=path, class_="f-interval f-thin"))
    if chance is not None:
        shapes.append(line(100 * chance, 0, 100 * chance, _HEIGHT, "f-chance f-thin"))
    size = {"viewBox": f"0 0 100 {_HEIGHT:g}", "preserveAspectRatio": "none"}
    return tag("svg", *shapes, **size, aria_hidden="true")


def bar_figure(bars: Sequence[Bar], title: str, chance: float | None = None) -> str:
    """Return bars as an SVG file, in columns of at most 60.

    Args:
        bars: In the order they are to be shown.
        title: Of the figure.
        chance: What a random order would score; None where that says nothing.
    """
    columns = max(1, ceil(len(bars) / _TALLEST))
    tall = ceil(len(bars) / columns) if bars else 0
    step = _NAME + _LENGTH + _NUMBERS + _GAP
    rows = [
        _row(bar, 12 + step * (number // tall), 40 + _ROW * (number % tall), chance)
        for number, bar in enumerate(bars)
    ]
    bottom = 40 + _ROW * tall
    key = [] if chance is None else [f"dashed: chance, {chance:.3f}"]
    if any(bar.low is not None for bar in bars):
        key.append("line: 95 % interval")
    parts = [
        words(12, 22, shortened(title, 80)),
        *rows,
        words(12, bottom + 18, "; ".join(key), faint=True),
    ]
    return standalone(step * columns, bottom + 28, join(parts), label=title)


def bar_numbers(bar: Bar) -> str:
    """Return value, interval and number of a bar as text."""
    interval = "" if bar.low is None else f" [{bar.low:.2f}, {bar.high:.2f}]"
    return f"{bar.value:.3f}{interval} n={bar.n:g}"


def _row(bar: Bar, x: float, y: float, chance: float | None) -> Html:
    left, middle = x + _NAME, y + _ROW / 2
    shapes = [
        tag("title", bar.label),
        words(left - 8, middle + 4, shortened(bar.label, 28), anchor="end"),
        box(left, y + 3, _LENGTH, _ROW - 6, "f-track"),
        box(left, y + 3, _LENGTH * bar.value, _ROW - 6, "f-bar"),
        words(left + _LENGTH + 8, middle + 4, bar_numbers(bar), faint=True),
    ]
    if bar.low is not None and bar.high is not None:
        low, high = left + _LENGTH * bar.low, left + _LENGTH * bar.high
        shapes.append(line(low, middle, high, middle, "f-interval"))
    if chance is not None:
        at = left + _LENGTH * chance
        shapes.append(line(at, y, at, y + _ROW, "f-chance"))
    return tag("g", *shapes)
