"""Tables as Markdown, aligned so that they read well where they are printed."""

from __future__ import annotations

from collections.abc import Sequence


def show_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; what is not text stands on the right."""
    texts = [[_text(cell) for cell in row] for row in rows]
    right = [any(not isinstance(row[i], str) for row in rows) for i in range(len(headers))]
    widths = [max(len(line[i]) for line in [headers, *texts]) for i in range(len(headers))]
    print(f"\n{title}\n")
    for line in (headers, None, *texts):
        cells = ["-" * width for width in widths] if line is None else line
        parts = [
            cell.rjust(width) if side else cell.ljust(width)
            for cell, width, side in zip(cells, widths, right, strict=True)
        ]
        print(f"| {' | '.join(parts)} |", flush=True)


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
