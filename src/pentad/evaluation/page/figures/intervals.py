"""Scores with their intervals on one axis from 0 to 1, the chance level marked."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from pentad.evaluation.page.figures.svg import drawing, line, standalone, words
from pentad.evaluation.page.markup import Html, join, shortened, tag

if TYPE_CHECKING:
    from pentad.evaluation.scores import Score

_WIDTH, _HEIGHT, _EDGE = 240.0, 22.0, 6.0
_NAMES, _ROW, _NUMBERS = 300.0, 24.0, 150.0


def interval_bar(score: Score) -> Html:
    """Return the drawing beside one score; empty where it is no share, as ranks are not."""
    if not fits_axis(score):
        return Html("")
    middle = _HEIGHT / 2
    return drawing(_WIDTH, _HEIGHT, *_grid(0, _HEIGHT), *_marks(score, middle), label="")


def axis_labels() -> Html:
    """Return the numbers of the axis, for the head of the column."""
    texts = [words(_x(at), 12, f"{at:g}", faint=True, anchor="middle") for at in (0.0, 0.5, 1.0)]
    return drawing(_WIDTH, 16, *texts, label="axis from 0 to 1")


def fits_axis(score: Score) -> bool:
    """Return whether a score is from 0 to 1."""
    return all(isfinite(each) and 0 <= each <= 1 for each in (score.value, score.low, score.high))


def interval_figure(named: Sequence[tuple[str, Score]], title: str) -> str:
    """Return the scores of a run as an SVG file, one line a score.

    Args:
        named: What each line is called, and its score.
        title: Of the figure.
    """
    shown = [(name, score) for name, score in named if fits_axis(score)]
    bottom = 40 + _ROW * len(shown)
    moved = f"translate({_NAMES:g} 0)"
    axis = [
        *_grid(34, bottom),
        *(words(_x(at), bottom + 14, f"{at:g}", faint=True, anchor="middle") for at in (0, 0.5, 1)),
    ]
    rows = []
    for number, (name, score) in enumerate(shown):
        y = 40 + _ROW * (number + 0.5)
        rows.append(words(12, y + 4, shortened(name, 44)))
        rows.append(tag("g", *_marks(score, y), transform=moved))
        text = f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
        rows.append(words(_NAMES + _WIDTH + 8, y + 4, text))
    key = "point: value; line: 95 % interval; dashed: chance"
    parts = [
        words(12, 20, shortened(title, 90)),
        tag("g", *axis, transform=moved),
        *rows,
        words(12, bottom + 32, key, faint=True),
    ]
    return standalone(_NAMES + _WIDTH + _NUMBERS, bottom + 42, join(parts), label=title)


def _marks(score: Score, y: float) -> list[Html]:
    marks = [line(_x(score.low), y, _x(score.high), y, "f-interval")]
    marks += [line(_x(e), y - 4, _x(e), y + 4, "f-interval") for e in (score.low, score.high)]
    if isfinite(score.chance) and 0 <= score.chance <= 1:
        marks.insert(0, line(_x(score.chance), y - 9, _x(score.chance), y + 9, "f-chance"))
    return [*marks, tag("circle", cx=_x(score.value), cy=y, r=4.5, class_="f-dot")]


def _grid(top: float, bottom: float) -> list[Html]:
    return [line(_x(at), top, _x(at), bottom, "f-grid") for at in (0.0, 0.25, 0.5, 0.75, 1.0)]


def _x(value: float) -> float:
    return _EDGE + value * (_WIDTH - 2 * _EDGE)
