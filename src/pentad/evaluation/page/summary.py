"""The head of the page: what the run is, and the main score of every direction."""

from __future__ import annotations

from pentad.evaluation.page.facts import DirectionPart, Page, TaskPart
from pentad.evaluation.page.figures.intervals import axis_labels, interval_bar
from pentad.evaluation.page.markup import Html, data_text, join, tag
from pentad.evaluation.page.numbers import arrow, many, number, percent
from pentad.evaluation.results.info import RunInfo
from pentad.evaluation.results.parameters import people_count, people_seconds

EXPLAINED = (
    "Intervals are 95 % percentile bootstrap intervals over independent units. Chance is what a "
    "random order would score; the dashed mark is where it lies. The axis runs from 0 to 1."
)
_HEADER = ("Task and direction", "Metric", "Value [95 % interval]", "Chance", "Queries", "Pool")


def header(page: Page) -> Html:
    """Return title, one line about the page, and links to the tasks."""
    count = many(len(page.tasks), "task")
    links = [
        tag("li", tag("a", part.result.task, href=f"#task-{part.result.task}"))
        for part in page.tasks
    ]
    listed = tag("nav", tag("ul", *links), aria_label="Tasks") if len(links) > 1 else Html("")
    return tag(
        "header",
        tag("h1", data_text(page.info.name, 200)),
        tag("p", f"What one model scores on {count}.", class_="lead"),
        listed,
    )


def model_section(info: RunInfo) -> Html:
    """Return what is known of the model."""
    facts: list[tuple[str, str]] = [
        ("Parameters", people_count(info.parameters)),
        ("Vectors", f"{info.dim:,} numbers"),
    ]
    facts += [(_listed("Space of ", ms), tag("code", space)) for space, ms in _spaces(info).items()]
    facts += [
        (f"Encoding {m}", f"{people_seconds(s)} an item")
        for m, s in info.encode_seconds.items()
        if s is not None
    ]
    facts.append(("Versions", ", ".join(f"{n} {v}" for n, v in info.versions.items())))
    facts.append(("Seed of the intervals", str(info.seed)))
    facts.append(("Fingerprint", tag("code", info.fingerprint)))
    rows = [cell for name, value in facts for cell in (tag("dt", name), tag("dd", value))]
    return tag("section", tag("h2", "The model"), tag("dl", *rows), notes(info.notes), id="model")


def scores_section(page: Page) -> Html:
    """Return the table of main scores."""
    heads = [tag("th", name, scope="col") for name in _HEADER]
    axis = tag("th", axis_labels(), scope="col", class_="axis")
    rows = [_row(part, way) for part in page.tasks for way in part.directions]
    caption = "The main metric of every task and direction"
    drawn = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads[:3], axis, *heads[3:], role="row"), role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        class_="scores",
        role="table",
    )
    return tag(
        "section",
        tag("h2", "Scores"),
        tag("p", EXPLAINED),
        *(tag("p", notice, class_="gap") for notice in page.notices),
        drawn,
        id="scores",
    )


def notes(lines: tuple[str, ...] | list[str]) -> Html:
    """Return notes as a list; nothing where there are none."""
    if not lines:
        return Html("")
    return tag("ul", *(tag("li", data_text(each, 600)) for each in lines), class_="notes")


def leak_flag(way: DirectionPart) -> Html:
    """Return the flag of a score with queries seen in training; nothing where there are none."""
    if not way.leaked:
        return Html("")
    said = f"{percent(way.leaked, way.main.n)} of queries seen in training"
    return tag("span", said, class_="flag")


def _row(part: TaskPart, way: DirectionPart) -> Html:
    main = way.main
    name = tag("a", part.result.task, href=f"#task-{part.result.task}")
    interval = f" [{number(main.low)}, {number(main.high)}]"
    value = join([tag("span", number(main.value), class_="value"), tag("small", interval)])
    flag = leak_flag(way)
    cells = [
        _cell(data_text(main.metric), "Metric"),
        tag("td", join([value, " ", flag] if flag else [value]), role="cell"),
        tag("td", interval_bar(main), class_="bar", role="cell"),
        _cell(number(main.chance), "Chance"),
        _cell(f"{main.n:,}", "Queries"),
        _cell(f"{main.pool:,}", "Pool"),
    ]
    asks = tag("small", arrow(way.key))
    head = tag("th", name, " ", asks, scope="row", role="rowheader")
    return tag("tr", head, *cells, role="row")


def _cell(value: str, label: str) -> Html:
    return tag("td", value, role="cell", data_label=label)


def _spaces(info: RunInfo) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for modality, space in info.spaces.items():
        found.setdefault(space, []).append(modality)
    return found


def _listed(before: str, names: list[str]) -> str:
    return before + ", ".join(names)
