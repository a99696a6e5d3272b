"""Results for people: tables of scores, searches and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from pentad.cli.output import print_table

if TYPE_CHECKING:
    from pentad.evaluation.report import Report
    from pentad.evaluation.scores import Score
    from pentad.pipeline.build import BuildResult
    from pentad.pipeline.quickstart import QuickstartResult
    from pentad.store.rejections import Rejection

_SHOWN_REJECTIONS = 200
_METRIC = "hit@5"


def print_build(result: BuildResult) -> None:
    """Print what was built, what was refused and how it scores."""
    rows = [(m.value, c.added, c.rejected, c.encoded) for m, c in result.items.items()]
    print_table(("modality", "items", "rejected", "encoded now"), rows)
    print_rejections(result.rejections)
    groups = result.captions * result.k
    typer.echo(
        f"\n{groups} groups: {result.captions} captions, {result.k} nearest of each modality"
    )
    if result.report is not None:
        print_report(result.report)
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
    typer.echo(f"\ntime: {spent}; peak memory {result.peak_memory_mb:.0f} MiB")


def print_rejections(rejections: Sequence[Rejection]) -> None:
    """Print the first of the refused files and rows, and how many there are."""
    if not rejections:
        return
    typer.echo(f"\n{len(rejections)} rejected; everything else went on:")
    for rejection in rejections[:_SHOWN_REJECTIONS]:
        typer.echo(f"  {rejection.modality or rejection.source}: {rejection}")
    if len(rejections) > _SHOWN_REJECTIONS:
        typer.echo("  ... all of them are in logs/rejected.parquet")


def print_report(report: Report, metric: str = _METRIC) -> None:
    """Print one metric in every direction: model, baselines, chance, shuffled control."""
    others = {**report.baselines, **report.controls}
    found = {name: _by_direction(rows, metric) for name, rows in others.items() if rows}
    header = ("from", "to", metric, "95 % interval", *found, "chance", "queries", "pool")
    rows = [
        (
            s.query.value,
            s.corpus.value + (" *" if s.relevant == "concept" else ""),
            s.value,
            f"{s.low:.3f} - {s.high:.3f}",
            *(_value(found[name].get((s.query, s.corpus))) for name in found),
            s.chance,
            s.n,
            s.pool,
        )
        for s in report.scores
        if s.metric == metric
    ]
    typer.echo("")
    print_table(header, rows)
    if any(s.relevant == "concept" for s in report.scores):
        typer.echo("* item to item: relevant is what has the same concept")
    for skipped in report.skipped:
        typer.echo(f"skipped {skipped.what}: {skipped.reason}")


def print_quickstart(result: QuickstartResult) -> None:
    """Print counts, scores, three searches and where the picture is."""
    print_build(result.built)
    for search in result.searches:
        typer.echo(f'\nsearch "{search.query}"')
        rows = [
            (h.modality.value, h.score, h.file or "", "; ".join(h.captions or ()))
            for h in search.hits
        ]
        print_table(("nearest", "score", "file", "its captions"), rows)
    typer.echo(f"\na few groups side by side: {result.picture}")


def print_info(facts: Mapping[str, Any]) -> None:
    """Print what is in a workspace."""
    for name, value in facts.items():
        typer.echo(f"{name}: {_plain(value) or 'none'}")


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _by_direction(rows: Sequence[Score], metric: str) -> dict[tuple[str, str], Score]:
    return {(s.query, s.corpus): s for s in rows if s.metric == metric}


def _value(score: Score | None) -> float | str:
    return "-" if score is None else score.value
