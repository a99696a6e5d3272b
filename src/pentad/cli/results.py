"""Results for people: tables of scores, searches and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
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
_SHOWN_HUBS = 3
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


def print_neighbors(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what was found in each modality, and how unevenly items are found."""
    header = ("modality", "captions", "items", "k", "by", "recall", "space")
    print_table(
        header,
        [(*(row[name] for name in header[:4]), *_search(row["how"]), row["space"]) for row in rows],
    )
    for row in rows:
        if (own := row["how"].get("native")) is not None:
            typer.echo(
                f"{row['modality']}: {own['found']} of {own['pairs']} native pairs are neighbors "
                f"(native {own['treatment']})"
            )
    typer.echo("")
    figures = ("never_retrieved", "max_to_mean", "skew", "gini")
    print_table(
        ("hubs", "adjusted by", "never found", "max/mean", "skew", "Gini", "found most often"),
        [
            (row["modality"], by, *(report[name] for name in figures), _top(report))
            for row in rows
            for by, report in _reports(row)
        ],
    )


def print_groups(manifest: Mapping[str, Any]) -> None:
    """Print how many groups there are, how evenly items are used, and who came short and why."""
    counts = manifest["counts"]
    typer.echo(
        f"{manifest['groups']} groups of {', '.join(manifest['modalities'])}; "
        f"{counts['complete']} complete, {counts['empty']} empty"
    )
    figures = ("items", "never_used", "max", "mean", "skew", "gini")
    rows = [
        (
            m,
            *(manifest["uses"][m][name] for name in figures),
            _short(counts["short"][m]["captions"]),
        )
        for m in manifest["modalities"]
    ]
    header = ("uses", "items", "never used", "max", "mean", "skew", "Gini", "captions short")
    print_table(header, rows)
    composed = manifest["compose"]
    if composed.get("agreement") is not None:
        before = composed.get("agreement_by_rank")
        typer.echo(f"agreement of members: {before:.3f} by rank, {composed['agreement']:.3f} now")
    matches = manifest.get("concept_match", {})
    for name, when in (("by_rank", "by rank"), ("now", "now")):
        if name in matches:
            _print_concepts(when, matches[name])


def _print_concepts(when: str, match: Mapping[str, Any]) -> None:
    """Print which share of the items has the caption's concept, and of the pairs an equal one."""
    shares = {**match["items"], "pairs of items": match["pairs"]}
    known = [f"{name} {part['share']:.3f}" for name, part in shares.items() if part["judged"]]
    if known:
        typer.echo(f"concepts that match {when}: {', '.join(known)}")


def print_info(facts: Mapping[str, Any]) -> None:
    """Print what is in a workspace."""
    for name, value in facts.items():
        typer.echo(f"{name}: {_plain(value) or 'none'}")


def _search(how: Mapping[str, Any]) -> tuple[str, str]:
    """Return the backend, and the recall with its interval where it was measured."""
    measured = (
        f"{how['recall']:.4f} ({how['low']:.4f} - {how['high']:.4f})" if "low" in how else "1"
    )
    return how["backend"], measured


def _reports(row: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the reports on hubs, before and after adjusting."""
    before = [("none", row["hubs_before"])] if "hubs_before" in row else []
    return [*before, (row["how"]["hubness"], row["hubs"])]


def _top(report: Mapping[str, Any]) -> str:
    shown = report["top"][:_SHOWN_HUBS]
    return ", ".join(f"{PurePath(item['file'] or '?').name} {item['count']}x" for item in shown)


def _short(captions: Mapping[str, int]) -> str:
    """Return how many captions have less than k items, by reason."""
    reasons = [f"{count} {why.replace('_', ' ')}" for why, count in captions.items() if count]
    return ", ".join(reasons) or "none"


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
