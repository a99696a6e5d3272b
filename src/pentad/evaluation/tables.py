"""Scores as tables: rows of text, and the three ways to write them out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pentad.evaluation.scores import Score

Rows = Sequence[Sequence[str]]

_TEXT_COLUMNS = 3
_ABSENT = "-"
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "->": r"$\rightarrow$",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}
_LATEX_SPECIAL = re.compile("|".join(re.escape(text) for text in sorted(_LATEX, reverse=True)))


def score_rows(
    systems: Mapping[str, Sequence[Score]], metrics: Sequence[str] | None = None
) -> list[list[str]]:
    """Return a header and one row a direction and metric, in the order of the first system.

    Args:
        systems: Scores by the name of the system; the first one decides the rows.
        metrics: Which metrics to show; by default all.
    """
    first, *_ = systems.values()
    header = ["direction", "relevant", "metric", *systems, "chance", "queries", "pool"]
    cells = {name: {_cell(row): row for row in rows} for name, rows in systems.items()}
    shown = [row for row in first if metrics is None or row.metric in metrics]
    return [
        header,
        *(_row(row, [found.get(_cell(row)) for found in cells.values()]) for row in shown),
    ]


def plain_table(rows: Rows, words: int = _TEXT_COLUMNS) -> str:
    """Return ``rows`` with columns lined up by blanks, the header first.

    The first ``words`` columns hold words and go to the left, the others hold numbers.
    """
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    return "\n".join(_aligned(row, widths, "  ", words).rstrip() for row in rows) + "\n"


def markdown_table(rows: Rows, words: int = _TEXT_COLUMNS) -> str:
    """Return ``rows`` as a Markdown table, the header first; ``words`` as in `plain_table`."""
    safe = [[text.replace("|", r"\|") for text in row] for row in rows]
    widths = [max(3, *(len(text) for text in column)) for column in zip(*safe, strict=True)]
    rule = [
        "-" * width if column < words else "-" * (width - 1) + ":"
        for column, width in enumerate(widths)
    ]
    lines = [_aligned(row, widths, " | ", words) for row in [safe[0], rule, *safe[1:]]]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def latex_table(rows: Rows, words: int = _TEXT_COLUMNS) -> str:
    """Return ``rows`` as a LaTeX ``tabular`` with the rules of the booktabs package."""
    header, *body = [" & ".join(map(_latex, row)) + r" \\" for row in rows]
    columns = "l" * words + "r" * (len(rows[0]) - words)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", header, r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _row(row: Score, found: Sequence[Score | None]) -> list[str]:
    values = [_ABSENT if s is None else f"{s.value:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in found]
    place = [f"{row.query} -> {row.corpus}", row.relevant, row.metric]
    return [*place, *values, f"{row.chance:.3f}", str(row.n), str(row.pool)]


def _cell(row: Score) -> tuple[str, str, str]:
    return row.query.value, row.corpus.value, row.metric


def _aligned(row: Sequence[str], widths: Sequence[int], gap: str, words: int) -> str:
    """Return one line: words to the left, numbers to the right."""
    return gap.join(
        text.ljust(width) if column < words else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )


def _latex(text: str) -> str:
    return _LATEX_SPECIAL.sub(lambda match: _LATEX[match.group()], text)
