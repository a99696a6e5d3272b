"""One task of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pentad.evaluation.page.class_part import bar_list, classes_part, confusion_part
from pentad.evaluation.page.entries import MediaShelf
from pentad.evaluation.page.facts import DirectionPart, TaskPart
from pentad.evaluation.page.markup import Html, data_text, join, tag
from pentad.evaluation.page.numbers import arrow, many, number
from pentad.evaluation.page.query_part import queries_part
from pentad.evaluation.page.summary import leak_flag, notes
from pentad.evaluation.page.tables import table
from pentad.evaluation.results.tables import interval_text

if TYPE_CHECKING:
    from pentad.evaluation.scores import Score

_RELEVANT = {
    "caption": "shares a caption with it",
    "concept": "is of the same concept",
    "judgment": "is judged so",
    "class": "is of its class",
}


def task_section(part: TaskPart, shelf: MediaShelf, *, unfolded: bool) -> Html:
    """Return everything about one task.

    Args:
        part: What to show.
        shelf: Where media come from.
        unfolded: Whether queries are seen at once.
    """
    result = part.result
    facts = [result.kind, f"split {result.split}", f"revision {result.revision[:12]}"]
    facts += [] if result.date is None else [f"scored {result.date}"]
    absent = [f"{count:,} left out: {reason}" for reason, count in result.absent.items()]
    return tag(
        "section",
        tag("h2", result.task),
        tag("p", data_text(" · ".join(facts)), class_="lead"),
        notes([*absent, *result.notes]),
        *(_gap(line) for line in part.gaps),
        *(_direction(part, way, shelf, unfolded) for way in part.directions),
        id=f"task-{result.task}",
    )


def _direction(part: TaskPart, way: DirectionPart, shelf: MediaShelf, unfolded: bool) -> Html:
    where = f"{part.result.task}, {arrow(way.key)}"
    parts: list[Html] = [tag("h3", arrow(way.key), " ", leak_flag(way))]
    parts.append(tag("p", _about(way), class_="note"))
    parts.append(tag("div", _metrics(part, way), _ranks(way), class_="beside"))
    parts += [_gap(line) for line in way.gaps]
    if way.classes is not None and way.classes.rows:
        parts.append(classes_part(way.classes))
    if way.confusion is not None:
        parts.append(confusion_part(way.confusion, where))
    metric = way.main.metric
    parts.append(queries_part("Worst queries", way.worst, metric, shelf, unfolded=unfolded))
    parts.append(queries_part("Best queries", way.best, metric, shelf, unfolded=unfolded))
    return join(parts)


def _about(way: DirectionPart) -> str:
    main = way.main
    asks, searched = arrow(way.key).split(" \u2192 ")
    said = f"{main.n:,} {asks} queries ({many(main.units, 'independent unit')}) search "
    said += f"{main.pool:,} {searched} items; relevant is what {_RELEVANT[main.relevant]}."
    if main.excluded:
        said += f" {main.excluded:,} queries had nothing relevant, or no vector."
    return said


def _metrics(part: TaskPart, way: DirectionPart) -> Html:
    rows = [_metric(score) for score in way.scores]
    caption = f"{part.result.task}, {arrow(way.key)}: every metric"
    return table(caption, ["Metric", "Value [95 % interval]", "Chance"], rows)


def _metric(score: Score) -> list[str]:
    shown = interval_text(score.value, score.low, score.high)
    return [data_text(score.metric), shown, number(score.chance)]


def _ranks(way: DirectionPart) -> Html:
    if not way.ranks:
        return Html("")
    title = tag("h4", "Rank of the first relevant item")
    return tag("div", title, bar_list(way.ranks, few=True), class_="grow")


def _gap(line: str) -> Html:
    return tag("p", data_text(line, 600), class_="gap")
