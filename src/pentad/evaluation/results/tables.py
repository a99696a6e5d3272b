"""The results of a run as tables: CSV, Parquet, LaTeX, and a page for people."""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.evaluation.macro import class_values
from pentad.evaluation.results.names import people_direction, subset_of
from pentad.evaluation.results.parameters import people_count, people_seconds
from pentad.evaluation.tables import latex_table, markdown_table
from pentad.store.atomic import replacing, write_bytes

if TYPE_CHECKING:
    from pentad.evaluation.results.store import Run
    from pentad.evaluation.results.task_result import TaskResult
    from pentad.evaluation.scores import QueryScores, Score

STEM = "results"
REPORT = "report.md"
CLASSES = "classes.csv"
_WORST = 5
_MACRO, _SEEN = "macro [95 % interval]", "seen"
_MACRO_SAID = (
    "Macro is the mean over classes, whatever their sizes; its interval draws within each class."
)
_MACROS = ("macro", "macro_low", "macro_high")
_OPTIONAL = {_MACRO, _SEEN}
_HEADER = (
    "task", "direction", "metric", "value [95 % interval]", _MACRO, "chance", "queries", "pool",
    _SEEN,
)  # fmt: skip


def result_rows(run: Run) -> list[dict[str, Any]]:
    """Return one row a task, direction and metric, tasks by name; main metrics first."""
    return [_row(result, score) for result in run.results for score in result.scores]


def write_tables(run: Run) -> list[Path]:
    """Write ``results.csv``, ``.parquet`` and ``.tex`` and ``report.md`` into the run.

    Where queries have classes there is ``classes.csv`` as well: a row a class and metric.

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
    return [*paths, *_write_classes(run), *texts]


def _write_classes(run: Run) -> list[Path]:
    import polars as pl

    path = run.folder / CLASSES
    rows = [
        (result.task, key, metric, each.name, each.n, value)
        for result in run.results
        for key, scores in result.subsets.items()
        for each in class_values(scores)
        for metric, value in each.values.items()
    ]
    if not rows:
        path.unlink(missing_ok=True)
        return []
    texts = dict.fromkeys(["task", "direction", "metric", "class"], pl.String)
    schema = {**texts, "n": pl.Int64, "value": pl.Float64}
    with replacing(path) as coming:
        pl.DataFrame(rows, schema=schema, orient="row").write_csv(coming)
    return [path]


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
        *([] if not _has_macro(run) else ["", _MACRO_SAID]),
        "",
        markdown_table(people_rows(run)),
    ]
    for result in run.results:
        lines += _about(result)
    return "\n".join(lines).rstrip() + "\n"


def _has_macro(run: Run) -> bool:
    return any(score.macro is not None for result in run.results for score in result.scores)


def interval_text(value: float, low: float, high: float) -> str:
    """Return a value with its interval; numbers from 10 on are ranks and need fewer digits."""
    return f"{_number(value)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    if not isfinite(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def people_rows(
    run: Run, *, main_only: bool = False, tasks: Collection[str] | None = None
) -> list[list[str]]:
    """Return a header and one row a task, direction and metric, or main metric, for people.

    The column of means over classes, and that of the share that training has seen, are there where
    a row has something in it.

    Args:
        run: What to show.
        main_only: Leave out all metrics but the main one of each direction.
        tasks: Names of the tasks to show; default all.
    """
    results = [result for result in run.results if tasks is None or result.task in tasks]
    rows = [
        _cells(result, s)
        for result in results
        for s in result.scores
        if _wanted(result, s, main_only)
    ]
    header = [
        name for name in _HEADER if name not in _OPTIONAL or any(r[name] != "-" for r in rows)
    ]
    return [header, *([row[name] for name in header] for row in rows)]


def _wanted(result: TaskResult, score: Score, main_only: bool) -> bool:
    return not main_only or score.metric == str(result.subsets[subset_of(score)].metrics[0])


def _cells(result: TaskResult, score: Score) -> dict[str, str]:
    key = subset_of(score)
    cells = (
        result.task,
        people_direction(key),
        score.metric,
        interval_text(score.value, score.low, score.high),
        "-" if score.macro is None else interval_text(*score.macro),
        _number(score.chance),
        str(score.n),
        str(score.pool),
        _seen(result, key),
    )
    return dict(zip(_HEADER, cells, strict=True))


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
        said += _worst(way, scores)
    said += [f"- {note}" for note in result.notes]
    head = f"### {result.task}, {result.split}, revision `{result.revision[:12]}`"
    return [head, "", *said, ""] if said else []


def _worst(way: str, scores: QueryScores) -> list[str]:
    """Return a line on the classes with the least main metric."""
    metric = str(scores.metrics[0])
    known = [each for each in class_values(scores) if metric in each.values]
    if not known:
        return []
    least = sorted(known, key=lambda each: each.values[metric])[:_WORST]
    told = ", ".join(f"{each.name} {each.values[metric]:.3f} (of {each.n})" for each in least)
    return [f"- {way} {metric}, least of {len(known)} classes: {told}; all are in {CLASSES}"]


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
        **dict(zip(_MACROS, score.macro or (None,) * 3, strict=True)),
    }


def _schema() -> dict[str, Any]:
    import polars as pl

    texts = dict.fromkeys(["task", "split", "revision", "direction", "metric"], pl.String)
    numbers = dict.fromkeys(["value", "low", "high", "chance"], pl.Float64)
    counts = dict.fromkeys(["n", "pool", "units", "excluded", "absent", "leaked"], pl.Int64)
    macros = dict.fromkeys(_MACROS, pl.Float64)
    known = {**texts, "main": pl.Boolean, **numbers, **counts, "leaked_share": pl.Float64}
    return known | macros
