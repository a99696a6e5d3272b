"""What ``pentad emm1 download`` says before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pentad.sources.emm1.download import Downloaded

_SHOWN = 20
_GB = 10**9


def expected(start: Downloaded) -> dict[str, Any]:
    """Return what a run is to fetch, ready for JSON."""
    return {
        "files": len(start.plan),
        "bytes": sum(each.bytes for each in start.expected),
        "seconds": round(max((each.seconds for each in start.expected), default=0)),
        "standing": {k.name.lower(): n for k, n in start.plan.standing().items() if n},
        "groups": _groups(start),
        "sources": [
            {
                "modality": each.modality.value,
                "source": each.source,
                "files": each.files,
                "bytes": each.bytes,
                "seconds": round(each.seconds, 1),
                "seen": each.seen,
                "whole_archives": each.whole_archives,
            }
            for each in start.expected
        ],
    }


def result(done: Downloaded) -> dict[str, Any]:
    """Return what a run did, ready for JSON."""
    from dataclasses import asdict

    return {
        "ledger": str(done.ledger),
        "fetched": done.summary.fetched,
        "present": done.summary.present,
        "failed": done.summary.failed,
        "left": done.summary.left,
        "bytes": done.summary.bytes,
        "groups": _groups(done),
        "unreachable": dict(done.summary.unreachable),
        "outcomes": [asdict(each) for each in done.outcomes],
        "failures": [asdict(each) for each in done.failures],
    }


def _groups(done: Downloaded) -> dict[str, int] | None:
    uses = done.after.uses
    if uses is None:
        return None
    return {"chosen": len(uses.costs), "complete": uses.complete, "possible": uses.possible}


def print_expected(start: Downloaded) -> None:
    """Print what a run is to fetch, how long it may take, and what stands in the way."""
    from pentad.cli.output import print_table

    if start.expected:
        print_table(
            ("modality", "source", "files", "MB", "hours", "by"),
            [
                (
                    each.modality.value,
                    each.source + (" *" if each.whole_archives else ""),
                    each.files,
                    each.bytes / 1e6,
                    each.seconds / 3600,
                    "earlier runs" if each.seen else "a guess",
                )
                for each in start.expected
            ],
        )
    if any(each.whole_archives for each in start.expected):
        typer.echo("* archives are read from their beginning: more comes than is kept")
    typer.echo(f"{len(start.plan)} files to fetch{_cost(start)}, into {start.ledger.parent}")
    told = {
        "here": "are here",
        "elsewhere": "were fetched earlier and are gone (--retry-failed gets them)",
        "failed": "failed for good earlier (--retry-failed tries them)",
        "no_plan": "are of sources that nobody knows (--sources FILE)",
    }
    for standing, count in start.plan.standing().items():
        if count and standing.name.lower() in told:
            typer.echo(f"{count} items {told[standing.name.lower()]}")
    _print_groups(start)


def _cost(start: Downloaded) -> str:
    if not start.expected:
        return ""
    size = sum(each.bytes for each in start.expected)
    seconds = max(each.seconds for each in start.expected)
    shown = f"{size / 1e9:.1f} GB" if size >= _GB else f"{max(size / 1e6, 0.1):.1f} MB"
    hours, minutes = seconds / 3600, max(seconds / 60, 1)
    return (
        f", about {shown} in {f'{hours:.1f} hours' if hours >= 1 else f'{minutes:.0f} min'} or more"
    )


def _print_groups(done: Downloaded) -> None:
    groups = _groups(done)
    if groups is not None:
        typer.echo(
            f"{groups['complete']} of {groups['chosen']} groups are complete, "
            f"{groups['possible'] - groups['complete']} more can be"
        )


def print_result(done: Downloaded) -> None:
    """Print what a run did by source and reason, and the first failures."""
    from pentad.cli.output import print_table

    if done.outcomes:
        typer.echo("")
        rows = [
            (each.modality, each.source, each.state, each.reason, each.files, each.bytes)
            for each in done.outcomes
        ]
        print_table(("modality", "source", "state", "reason", "files", "bytes"), rows)
    for each in done.failures[:_SHOWN]:
        typer.echo(f"  {each.modality} {each.id} ({each.source}): {each.reason}: {each.detail}")
    if len(done.failures) > _SHOWN:
        typer.echo(f"  ... all {len(done.failures)} failures are in {done.ledger}")
    if len(done.plan):
        summary = done.summary
        typer.echo(
            f"{summary.fetched} fetched, {summary.present} were here, {summary.failed} failed, "
            f"{summary.left} not tried"
        )
        _print_groups(done)
