"""Scores of each class and their confusions, as a part of the page."""

from __future__ import annotations

from collections.abc import Sequence

from pentad.evaluation.page.bars import Bar
from pentad.evaluation.page.confusion import Confusion
from pentad.evaluation.page.figures.bar_chart import small_bar
from pentad.evaluation.page.figures.matrix import matrix
from pentad.evaluation.page.markup import Html, data_text, join, tag
from pentad.evaluation.page.numbers import many, number, percent
from pentad.evaluation.page.per_class import ClassScores
from pentad.evaluation.page.tables import scrolled, table

LARGEST = 30
"""A matrix of more classes is cut to those that are confused most."""
PAIRS = 20
_FOLDED, _ENDS = 100, 40


def classes_part(classes: ClassScores) -> Html:
    """Return one bar a class, best first; of more than 100 those in the middle are folded."""
    bars = classes.bars
    told = [
        f"{classes.metric} of {many(len(bars), 'class')}, best first. "
        "Lines are 95 % Wilson intervals, with as many trials as there are independent items."
    ]
    if 0 <= classes.chance <= 1:
        told.append(f"Dashed: chance, {number(classes.chance)}.")
    if classes.several:
        told.append("An item of several classes counts in each of them.")
    if classes.empty:
        told.append(f"Without any item that was scored: {classes.empty}.")
    return join(
        [
            tag("h4", "Every class"),
            tag("p", " ".join(told), class_="note"),
            *_folded(bars, classes.chance),
        ]
    )


def bar_list(bars: Sequence[Bar], chance: float | None = None, *, few: bool = False) -> Html:
    """Return bars as a list: name, bar, numbers. A chance that is no share is not marked."""
    mark = chance if chance is not None and 0 <= chance <= 1 else None
    return tag("ol", *(_item(bar, mark) for bar in bars), class_="bars few" if few else "bars")


def confusion_part(confusion: Confusion, where: str) -> Html:
    """Return the pairs that are confused most, and the grid of counts of a task and direction."""
    pairs = confusion.pairs(PAIRS)
    title = tag("h4", "Confusion of classes")
    if not pairs:
        return join([title, tag("p", "Every first answer is right.")])
    rows = [
        [data_text(p.true, 80), data_text(p.taken_for, 80), f"{p.items:,}", percent(p.items, p.of)]
        for p in pairs
    ]
    header = ["Is", "Taken for", "Items", "Of its class"]
    shown = confusion.most_confused(LARGEST)
    return join(
        [
            title,
            tag("p", _explained(confusion, shown), class_="note"),
            _grid(shown, where),
            table(f"{where}: taken for others most often", header, rows, words=2),
        ]
    )


def _explained(whole: Confusion, shown: Confusion) -> str:
    said = "Rows are what items are, columns what came first for them; colors are shares of a row."
    if shown is not whole:
        said += f" Of {len(whole.rows)} classes the {len(shown.rows)} with most errors are shown."
    if whole.several:
        said += " An item of several classes counts in each row; any of them is a right answer."
    return said


def _grid(shown: Confusion, where: str) -> Html:
    grid = scrolled(matrix(shown), f"{where}: confusion of classes as a grid")
    return tag("figure", grid, class_="matrix")


def _folded(bars: Sequence[Bar], chance: float) -> list[Html]:
    if len(bars) <= _FOLDED:
        return [bar_list(bars, chance)]
    middle = bars[_ENDS:-_ENDS]
    summary = tag("summary", f"{len(middle)} classes between them")
    return [
        bar_list(bars[:_ENDS], chance),
        tag("details", summary, bar_list(middle, chance)),
        bar_list(bars[-_ENDS:], chance),
    ]


def _item(bar: Bar, chance: float | None) -> Html:
    interval = "" if bar.low is None else f" [{bar.low:.2f}, {bar.high:.2f}]"
    numbers = tag("span", f"{bar.value:.2f}", tag("small", f"{interval} n={bar.n:g}"))
    name = tag("span", data_text(bar.label, 80), class_="name")
    return tag("li", name, small_bar(bar, chance), numbers)
