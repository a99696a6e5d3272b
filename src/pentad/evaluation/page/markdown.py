"""What ``report.md`` says beyond the tables of scores: every class, and what is confused."""

from __future__ import annotations

from pentad.evaluation.page.class_part import PAIRS
from pentad.evaluation.page.facts import DirectionPart, Page
from pentad.evaluation.page.markup import clean, shortened
from pentad.evaluation.page.numbers import number, percent
from pentad.evaluation.results.names import people_direction
from pentad.evaluation.tables import markdown_table

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]"} | {"<": "&lt;", ">": "&gt;"})


def page_markdown(page: Page) -> str:
    """Return the classes and confusions of every task; empty where no task has classes."""
    lines: list[str] = []
    for part in page.tasks:
        for way in part.directions:
            said = [*_ranks(way), *_classes(way), *_confusion(way)]
            if said:
                title = f"## {part.result.task}, {people_direction(way.key)}"
                lines += [title, "", *said]
    return "\n".join(lines)


def _ranks(way: DirectionPart) -> list[str]:
    if not way.ranks:
        return []
    rows = [[b.label, f"{b.value:.1%}", f"{b.n:g}"] for b in way.ranks]
    table = markdown_table([["rank of the first relevant", "share", "queries"], *rows], words=1)
    return [table]


def _classes(way: DirectionPart) -> list[str]:
    classes = way.classes
    if classes is None or not classes.rows:
        return []
    header = ["class", "items", f"{classes.metric} [95 % interval]"]
    header += [f"{classes.asked_metric} as a query"] if classes.asked_metric else []
    rows = [header]
    for each in classes.rows:
        shown = f"{number(each.value)} [{number(each.low)}, {number(each.high)}]"
        row = [_plain(each.label), str(each.n), shown]
        asked = "-" if each.asked is None else number(each.asked)
        rows.append([*row, asked] if classes.asked_metric else row)
    return [markdown_table(rows, words=1)]


def _confusion(way: DirectionPart) -> list[str]:
    pairs = [] if way.confusion is None else way.confusion.pairs(PAIRS)
    if not pairs:
        return []
    rows = [
        [_plain(p.true), _plain(p.taken_for), str(p.items), percent(p.items, p.of)] for p in pairs
    ]
    return [markdown_table([["is", "taken for", "items", "of its class"], *rows], words=2)]


def _plain(text: str) -> str:
    """Return text that begins no markup; bars are escaped by the table."""
    return shortened(clean(text), 80).translate(_SPECIAL)
