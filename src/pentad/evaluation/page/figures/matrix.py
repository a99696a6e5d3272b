"""A confusion of classes as a grid: rows are what items are, columns what came first for them."""

from __future__ import annotations

from typing import NamedTuple

from pentad.evaluation.page.confusion import Confusion
from pentad.evaluation.page.figures.svg import drawing, standalone
from pentad.evaluation.page.markup import Html, place, shortened, tag

_CELL, _RIGHT, _LETTER = 26.0, 74.0, 7.0
_LONGEST, _SLANTED = 25, 20
"""Letters of the names of rows and columns; longer ones are cut."""
_STRONGEST = 0.8
"""Numbers on the darkest cells stay legible in the color of all text."""


class Drawn(NamedTuple):
    """Shapes and their size."""

    width: float
    height: float
    shapes: tuple[Html, ...]
    label: str


def matrix(confusion: Confusion) -> Html:
    """Return a confusion for a page, at its own size."""
    drawn = _Matrix(confusion).drawn()
    return drawing(drawn.width, drawn.height, *drawn.shapes, label=drawn.label, fixed=True)


def matrix_figure(confusion: Confusion) -> str:
    """Return a confusion as an SVG file."""
    drawn = _Matrix(confusion).drawn()
    return standalone(drawn.width, drawn.height, *drawn.shapes, label=drawn.label)


class _Matrix:
    """A confusion and where its cells lie."""

    def __init__(self, confusion: Confusion) -> None:
        self._counts = confusion
        self._rows, self._columns = confusion.counts.shape
        self._left = 16 + _LETTER * _longest(confusion.rows, _LONGEST)
        self._top = 16 + 0.9 * _LETTER * _longest(confusion.columns, _SLANTED)
        self._right = self._left + _CELL * self._columns
        self._bottom = self._top + _CELL * self._rows

    def drawn(self) -> Drawn:
        names = [self._row_name(i, name) for i, name in enumerate(self._counts.rows)]
        heads = [self._column_name(i, name) for i, name in enumerate(self._counts.columns)]
        right = sum(int(self._counts.counts[i, i]) for i in range(self._rows))
        label = (
            f"Confusion of {self._rows} classes: {right} of {int(self._counts.totals.sum())} first "
            "answers are on the diagonal. The table of pairs says the rest."
        )
        shapes = (*heads, *names, self._grid(), *self._cells())
        return Drawn(self._right + _RIGHT, self._bottom + 12, shapes, label)

    def _grid(self) -> Html:
        left, top = place(self._left), place(self._top)
        across = [f"M{left} {place(self._top + _CELL * i)}H{place(self._right)}"
                  for i in range(self._rows + 1)]  # fmt: skip
        down = [f"M{place(self._left + _CELL * i)} {top}V{place(self._bottom)}"
                for i in range(self._columns + 1)]  # fmt: skip
        return tag("path", d="".join([*across, *down]), class_="f-grid f-hair")

    def _cells(self) -> list[Html]:
        confusion, totals = self._counts, self._counts.totals
        shapes = []
        for row, column, count in confusion.cells():
            x, y = self._left + _CELL * column, self._top + _CELL * row
            share = count / int(totals[row])
            names = confusion.rows[row], confusion.columns[column]
            title = f"{names[0]} \u2192 {names[1]}: {count} of {totals[row]}"
            shapes.append(_cell(x, y, count, share, title, right=row == column))
        return shapes

    def _row_name(self, number: int, name: str) -> Html:
        y = self._top + _CELL * (number + 0.5) + 4
        shown = shortened(name, _LONGEST)
        return tag("text", shown, x=self._left - 8, y=y, text_anchor="end", class_="f-text")

    def _column_name(self, number: int, name: str) -> Html:
        x, y = self._left + _CELL * (number + 0.5) + 4, self._top - 6
        turned = f"rotate(-60 {place(x)} {place(y)})"
        return tag("text", shortened(name, _SLANTED), x=x, y=y, transform=turned, class_="f-text")


def _cell(x: float, y: float, count: int, share: float, title: str, *, right: bool) -> Html:
    kind, opacity = "f-right" if right else "f-wrong", 0.1 + (_STRONGEST - 0.1) * share
    ground = tag("rect", x=x, y=y, width=_CELL, height=_CELL, class_=kind, fill_opacity=opacity)
    at = {"x": x + _CELL / 2, "y": y + _CELL / 2 + 4}
    shown = str(count) if count < 10_000 else f"{count / 1000:.0f}k"
    number = tag("text", shown, **at, text_anchor="middle", class_="f-text f-small")
    return tag("g", tag("title", title), ground, number)


def _longest(names: tuple[str, ...], most: int) -> int:
    return max((min(len(name), most) for name in names), default=1)
