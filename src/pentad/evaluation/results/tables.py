"""The results of a run as tables: CSV, Parquet, LaTeX, and a page for people."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.evaluation.results.names import people_direction, subset_of
from pentad.evaluation.results.parameters import people_count, people_seconds
from pentad.evaluation.tables import latex_table, markdown_table
from pentad.store.atomic import replacing, write_bytes

if TYPE_CHECKING:
    from pentad.evaluation.results.store import Run
    from pentad.evaluation.results.task_result import TaskResult
    from pentad.evaluation.scores import Score

STEM = "results"
REPORT = "report.md"
_HEADER = [
    "task", "direction", "metric", "value [95 % interval]", "chance", "queries", "seen", "pool",
]  # fmt: skip


def result_rows(run: Run) -> list[dict[str, Any]]:
    """Return one row a task, direction and metric, tasks by name; main metrics first."""
    return [_row(result, score) for result in run.results for score in result.scores]


def write_tables(run: Run) -> list[Path]:
    """Write ``results.csv``, ``.parquet`` and ``.tex`` and ``report.md`` into the run.

    Returns:
        Their paths.

    Raises:
        StoreError: A file cannot be written.
    """
    import polars as pl

    frame = pl.DataFrame(result_rows(run), schema=_schema(), orient="row")
    paths = [run.folder / f"{STEM}.csv", run.folder / f"{STEM}.parquet"]
    with replacing(paths[0]) as coming:
        frame.write_csv(coming)
    with replacing(paths[1]) as coming:
        frame.write_parquet(coming)
    texts = {
        run.folder / f"{STEM}.tex": latex_table(people_rows(run, main_only=True)),
        run.folder / REPORT: run_page(run),
    }
    for path, text in texts.items():
        write_bytes(path, text.encode())
    return [*paths, *texts]


def run_page(run: Run) -> str:
    """Return the results for people, in Markdown."""
    info = run.info
    facts = [
        f"- Parameters: {people_count(info.parameters)}",
        f"- Vectors: {info.dim} numbers",
        *(f"- Space of {modality}: `{space}`" for modality, space in info.spaces.items()),
        *(f"- Encoding {m}: {people_seconds(s)} an item" for m, s in info.encode_seconds.items()),
        "- " + ", ".join(f"{name} {version}" for name, version in info.versions.items()),
        *(f"- {note}" for note in info.notes),
    ]
    lines = [f"# {info.name}", "", *facts, "", "## Scores", ""]
    lines += [
        "Intervals are percentile bootstrap intervals over independent units; chance is what a "
        "random order would score.",
        "",
        markdown_table(people_rows(run)),
    ]
    for result in run.results:
        lines += _about(result)
    return "\n".join(lines).rstrip() + "\n"


def interval_text(value: float, low: float, high: float) -> str:
    """Return a value with its interval; numbers from 10 on are ranks and need fewer digits."""
    return f"{_number(value)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    if not isfinite(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def people_rows(run: Run, *, main_only: bool = False) -> list[list[str]]:
    """Return a header and one row a task, direction and metric, or main metric, for people."""
    rows = [_HEADER]
    for result in run.results:
        main = {key: str(scores.metrics[0]) for key, scores in result.subsets.items()}
        for s in result.scores:
            key = subset_of(s)
            if main_only and s.metric != main[key]:
                continue
            shown = interval_text(s.value, s.low, s.high)
            place = [result.task, people_direction(key), s.metric]
            seen = _seen(result, key)
            rows.append([*place, shown, _number(s.chance), str(s.n), seen, str(s.pool)])
    return rows


def _seen(result: TaskResult, key: str) -> str:
    """Return the share of the queries of a direction that training has; - where nobody looked."""
    if key not in result.leaked:
        return "-"
    return f"{result.leaked[key] / len(result.subsets[key].queries):.0%}"


def _about(result: TaskResult) -> list[str]:
    """Return what a reader has to know of one task beside its numbers."""
    said = [f"- {count} left out: {reason}" for reason, count in result.absent.items()]
    for key, scores in result.subsets.items():
        way = people_direction(key)
        if scores.excluded:
            said.append(f"- {way}: {scores.excluded} queries had nothing relevant, or no vector")
        if key in result.leaked:
            share = result.leaked[key] / len(scores.queries)
            said.append(
                f"- {way}: {result.leaked[key]} of {len(scores.queries)} queries "
                f"({share:.1%}) are flagged as seen in training"
            )
    said += [f"- {note}" for note in result.notes]
    head = f"### {result.task}, {result.split}, revision `{result.revision[:12]}`"
    return [head, "", *said, ""] if said else []


def _row(result: TaskResult, score: Score) -> dict[str, Any]:
    key = subset_of(score)
    main = str(result.subsets[key].metrics[0])
    leaked = result.leaked.get(key)
    return {
        "task": result.task,
        "split": result.split,
        "revision": result.revision,
        "direction": key,
        "metric": score.metric,
        "main": score.metric == main,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "chance": score.chance,
        "n": score.n,
        "pool": score.pool,
        "units": score.units,
        "excluded": score.excluded,
        "absent": sum(result.absent.values()),
        "leaked": leaked,
        "leaked_share": None if leaked is None else leaked / score.n,
    }


def _schema() -> dict[str, Any]:
    import polars as pl

    texts = dict.fromkeys(["task", "split", "revision", "direction", "metric"], pl.String)
    numbers = dict.fromkeys(["value", "low", "high", "chance"], pl.Float64)
    counts = dict.fromkeys(["n", "pool", "units", "excluded", "absent", "leaked"], pl.Int64)
    return {**texts, "main": pl.Boolean, **numbers, **counts, "leaked_share": pl.Float64}
