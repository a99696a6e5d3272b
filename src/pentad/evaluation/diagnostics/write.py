"""A diagnosis as files: JSON, one page of Markdown, LaTeX tables and figures."""

from __future__ import annotations

import logging
from pathlib import Path

from pentad.core.errors import MissingExtra
from pentad.evaluation.diagnostics.diagnosis import Diagnosis
from pentad.evaluation.diagnostics.figure import require_matplotlib
from pentad.evaluation.diagnostics.heat_map import draw_heat_map
from pentad.evaluation.diagnostics.stacks import bars_by_k, bars_by_option, draw_stacks
from pentad.evaluation.diagnostics.tables import (
    COMPARED_AT,
    Table,
    all_tables,
    directions_table,
)
from pentad.evaluation.tables import latex_table, markdown_table
from pentad.store.atomic import write_bytes, write_json

RESULT = "diagnosis.json"
PAGE = "diagnosis.md"

_log = logging.getLogger(__name__)


def write_diagnosis(diagnosis: Diagnosis, folder: str | Path) -> list[Path]:
    """Write ``diagnosis.json``, ``diagnosis.md``, ``tables/*.tex`` and figures; return the paths.

    Without matplotlib there are no figures, and a notice says so.

    Raises:
        StoreError: A file cannot be written.
    """
    root = Path(folder)
    tables = all_tables(diagnosis)
    if diagnosis.directions:
        tables.append(directions_table(diagnosis))
    figures = _figures(diagnosis, root)
    write_json(root / RESULT, diagnosis.to_json())
    write_bytes(root / PAGE, _page(diagnosis, tables, figures, root).encode())
    written = [root / RESULT, root / PAGE]
    for table in tables:
        path = root / "tables" / f"{table.name}.tex"
        write_bytes(path, latex_table(table.rows, table.words).encode())
        written.append(path)
    return [*written, *figures]


def _figures(diagnosis: Diagnosis, root: Path) -> list[Path]:
    try:
        require_matplotlib()
    except MissingExtra as error:
        _log.warning("no figures: %s", error)
        return []
    written = []
    for metric in dict.fromkeys(score.metric for score in diagnosis.directions):
        stem = root / f"directions-{metric.replace('@', '-at-')}"
        written += draw_heat_map(diagnosis.directions, diagnosis.modalities, metric, stem)
    raw = diagnosis.shares.get("raw", ())
    if raw:
        title = "Share of each modality among the first k of mixed lists"
        written += draw_stacks(bars_by_k(raw), title, root / "shares")
    compared = bars_by_option(diagnosis.shares, COMPARED_AT)
    if compared:
        title = f"The first {COMPARED_AT} of mixed lists, by the way of merging"
        written += draw_stacks(compared, title, root / "options")
    return written


def _page(diagnosis: Diagnosis, tables: list[Table], figures: list[Path], root: Path) -> str:
    parts = ["# Diagnosis of a space", "", *(f"- {note}" for note in diagnosis.notes), ""]
    shown = {path.stem: path.relative_to(root) for path in figures if path.suffix == ".svg"}
    for table in tables:
        parts += [f"## {table.title}", "", table.about, ""]
        parts += [markdown_table(table.rows, table.words)]
        if table.name in shown:
            parts += [f"![{table.title}]({shown.pop(table.name)})", ""]
    parts += [f"![{stem}]({path})\n" for stem, path in shown.items()]
    return "\n".join(parts).rstrip() + "\n"
