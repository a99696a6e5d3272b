"""A comparison as tables for people: what is written to Markdown, LaTeX and the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pentad.evaluation.results.comparison.comparison import Average, Comparison, Row
from pentad.evaluation.results.names import people_direction
from pentad.evaluation.results.parameters import people_count, people_seconds
from pentad.evaluation.results.tables import interval_text
from pentad.evaluation.significance.holm import ALPHA
from pentad.evaluation.tables import latex_table, markdown_table, plain_table

_RUNS_A_TABLE = 4
_MOST_TESTS = 60
_MISSING, _UNLIKE = "missing", "not compared"
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Attributes:
        title: The heading.
        before: Sentences above the tables.
        tables: Each a header and rows of text.
        after: Lines of a list below the tables.
    """

    title: str
    before: tuple[str, ...] = ()
    tables: tuple[list[list[str]], ...] = ()
    after: tuple[str, ...] = ()


def sections_of(comparison: Comparison) -> list[Section]:
    """Return the comparison for people, most important first."""
    found = [_runs(comparison), _averages(comparison), _rows(comparison), _tests(comparison)]
    if comparison.gaps:
        found.insert(2, Section("What is missing", after=comparison.gaps))
    return [section for section in found if section.tables or section.after]


def markdown(comparison: Comparison, *, figure: str | None = None) -> str:
    """Return the comparison as a Markdown page.

    Args:
        comparison: What to tell.
        figure: Name of a picture that lies beside the page.
    """
    lines = [f"# {' and '.join(comparison.names[:3])}{_more(comparison)}", ""]
    if figure:
        lines += [f"![Average score against number of parameters]({figure})", ""]
    for section in sections_of(comparison):
        lines += _section(section, "## ", "- ", markdown_table)
    return "\n".join(lines).rstrip() + "\n"


def plain(comparison: Comparison) -> str:
    """Return the comparison for a terminal."""
    lines: list[str] = []
    for section in sections_of(comparison):
        lines += _section(section, "", "  ", _plain_table)
    # A terminal has no bold: see `_plain_table`.
    said = "\n".join(lines).rstrip().replace("Bold is", "A star is behind what is")
    return said.replace("where nothing is bold, none is", "where there is no star, none is") + "\n"


def latex(comparison: Comparison) -> str:
    """Return the tables of scores and averages for the booktabs package, one after another."""
    parts = []
    for section in (_averages(comparison), _rows(comparison)):
        for table in section.tables:
            parts.append(f"% {section.title}\n" + _bold_in_latex(latex_table(table)))
    return "\n".join(parts)


def _section(
    section: Section, mark: str, bullet: str, table: Callable[[Sequence[Sequence[str]]], str]
) -> list[str]:
    lines = [f"{mark}{section.title}", ""]
    for sentence in section.before:
        lines += [sentence, ""]
    for rows in section.tables:
        lines += [table(rows)]
    if section.after:
        lines += [*(f"{bullet}{line}" for line in section.after), ""]
    return lines


def _runs(comparison: Comparison) -> Section:
    infos = comparison.infos
    modalities = [
        modality
        for modality in dict.fromkeys(m for info in infos for m in info.encode_seconds)
        if any(info.encode_seconds.get(modality) is not None for info in infos)
    ]
    header = ["run", "spaces", "seed", "parameters", "dim", *(f"{m}, an item" for m in modalities)]
    rows = [
        [
            name,
            _few(list(dict.fromkeys(info.spaces.values()))),
            str(info.seed),
            people_count(info.parameters),
            str(info.dim),
            *(people_seconds(info.encode_seconds.get(m)) for m in modalities),
        ]
        for name, info in zip(comparison.names, comparison.infos, strict=True)
    ]
    return Section("Runs", tables=([header, *rows],))


def _averages(comparison: Comparison) -> Section:
    shown = [average for average in comparison.averages if average.of]
    metrics = list(dict.fromkeys(row.metric for row in comparison.rows))
    metric = metrics[0] if len(metrics) == 1 else "main ones"
    tables = []
    for runs in _chunks(comparison):
        header = ["average", "tasks", "metric", *(comparison.names[run] for run in runs)]
        rows = [
            [
                average.name,
                f"{len(average.tasks)} of {average.of}",
                metric,
                *(_average_cell(comparison, average, run) for run in runs),
            ]
            for average in shown
        ]
        tables.append([header, *rows])
    left_out = [f"{a.name}, without {line}" for a in shown[:1] for line in a.why]
    without = [a.name for a in comparison.averages if not a.of]
    if without:
        left_out.append(f"no run has a task of {', '.join(without)}")
    return Section(
        "Averages",
        (
            "Every task counts once, and in it every direction. An average is over those tasks "
            "alone that all runs have whole.",
        ),
        tuple(tables),
        tuple(left_out),
    )


def _rows(comparison: Comparison) -> Section:
    tables = []
    for runs in _chunks(comparison):
        header = ["task", "direction", "metric", *(comparison.names[run] for run in runs)]
        header += ["chance", "queries", "pool"]
        tables.append([header, *(_row(comparison, row, runs) for row in comparison.rows)])
    notes = [_marks(comparison)]
    if any(share for row in comparison.rows for share in row.seen):
        notes.append("Seen is the share of the queries that training has, or whose answers it has.")
    elif all(share is None for row in comparison.rows for share in row.seen):
        notes.append("For none of these runs was it looked whether training has the queries.")
    return Section("Tasks", tuple(notes), tuple(tables))


def _row(comparison: Comparison, row: Row, runs: Sequence[int]) -> list[str]:
    some = next((cell for cell in row.cells if cell is not None), None)
    facts = ["-"] * 3 if some is None else [f"{some.chance:.3f}", str(some.n), str(some.pool)]
    cells = [_row_cell(comparison, row, run) for run in runs]
    return [row.task, people_direction(row.subset), row.metric, *cells, *facts]


def _row_cell(comparison: Comparison, row: Row, run: int) -> str:
    cell = row.cells[run]
    if cell is None:
        return _MISSING
    text = interval_text(cell.value, cell.low, cell.high)
    share = row.seen[run] if row.seen else None
    if share:
        text = f"{text}, {share:.0%} seen"
    if row.unlike:
        return f"{text} ({_UNLIKE})"
    return _marked(comparison, row.name, run, text)


def _average_cell(comparison: Comparison, average: Average, run: int) -> str:
    interval = average.intervals[run]
    if interval is None:
        return "-"
    return _marked(comparison, average.name, run, interval_text(*interval))


def _marked(comparison: Comparison, where: str, run: int, text: str) -> str:
    if comparison.best(where) == run:
        return f"**{text}**"
    sign = comparison.against_baseline(where, run)
    return f"{text} {sign}" if sign else text


def _marks(comparison: Comparison) -> str:
    intervals = "Intervals hold 95 % of the resamples of independent units."
    if len(comparison.names) == 1:
        return intervals
    if comparison.baseline is None or len(comparison.names) == 2:
        return (
            f"{intervals} Bold is better than every other run with a score beyond chance (adjusted "
            f"p below {ALPHA}); where nothing is bold, none is."
        )
    name = comparison.names[comparison.baseline]
    return (
        f"{intervals} A plus or minus is better or worse than {name} beyond chance (adjusted p "
        f"below {ALPHA}); the other runs were not tested against each other."
    )


def _tests(comparison: Comparison) -> Section:
    if not comparison.tests:
        return Section("Tests")
    names = comparison.names
    shown = [t for t in comparison.tests if t.better() is not None]
    note = f"{len(shown)} of {len(comparison.tests)} differences are significant"
    listed = comparison.tests if len(comparison.tests) <= _MOST_TESTS else tuple(shown)
    if len(listed) > _MOST_TESTS:
        listed = ()
        note += "; compare.json lists all tests"
    elif len(listed) < len(comparison.tests):
        note += ", and listed here; compare.json lists all tests"
    where = {r.name: f"{r.task} {people_direction(r.subset)} {r.metric}" for r in comparison.rows}
    header = ["where", "first", "second", "first - second", "p", "adjusted p"]
    rows = [
        [
            where.get(test.where, test.where),
            names[test.first],
            names[test.second],
            interval_text(*test.difference),
            _p(test.p),
            _p(test.adjusted),
        ]
        for test in listed
    ]
    before = (*(f"{family}." for family in comparison.families), f"{note}.")
    about = (
        "p-values are two-sided, of paired permutation tests that swap two runs unit by unit; "
        "intervals are those of the paired difference."
    )
    if rows:
        return Section("Tests", (about, *before), ([header, *rows],))
    return Section("Tests", (about,), after=before)


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.1e}"


def _chunks(comparison: Comparison) -> list[range]:
    """Return runs in groups, so that no table is wider than a page."""
    count = len(comparison.names)
    return [range(s, min(s + _RUNS_A_TABLE, count)) for s in range(0, count, _RUNS_A_TABLE)]


def _plain_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a terminal, which has no bold: a star stands behind the best."""
    return plain_table([[_BOLD.sub(r"\1 *", text) for text in row] for row in rows])


def _bold_in_latex(table: str) -> str:
    return _BOLD.sub(r"\\textbf{\1}", table)


def _few(names: Sequence[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "") if names else "-"


def _more(comparison: Comparison) -> str:
    more = len(comparison.names) - 3
    return f" and {more} more" if more > 0 else ""
