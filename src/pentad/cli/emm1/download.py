"""``pentad emm1 download``: the media that groups or triplets need, from where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pentad.cli.emm1.options import RootArgument
from pentad.cli.emm1.pull import AllowPrivateOption, SplitName
from pentad.cli.options import JsonOption, ModalityName

if TYPE_CHECKING:
    from pentad.sources.emm1.download import Downloaded

_SHOWN = 20


def download(  # noqa: PLR0913, PLR0917
    root: RootArgument = None,
    media_root: Annotated[
        Path | None,
        typer.Option(
            "--media-root",
            metavar="DIR",
            help="Where media go; default $ROOT_DATA_PATH, else ROOT.",
        ),
    ] = None,
    modality: Annotated[
        list[ModalityName], typer.Option("--modality", help="Only these. Repeatable.")
    ] = [],  # noqa: B006  typer copies it
    source: Annotated[
        list[str], typer.Option("--source", help="Only these source data sets. Repeatable.")
    ] = [],  # noqa: B006
    split: Annotated[
        SplitName | None, typer.Option("--split", help="Which part; default what else is named.")
    ] = None,
    nn: Annotated[
        list[int], typer.Option("--nn", min=1, help="Only what these groups use. Repeatable.")
    ] = [],  # noqa: B006
    pair: Annotated[
        str | None,
        typer.Option("--pair", metavar="M-M", help="Only what is rated, such as points-audio."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many files.")
    ] = None,
    limit_groups: Annotated[
        int | None,
        typer.Option("--limit-groups", min=1, help="So many complete groups or triplets."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Threads.")] = 8,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Requests a second to one host.")
    ] = None,
    cookies: Annotated[
        Path | None, typer.Option("--cookies", metavar="FILE", help="cookies.txt for yt-dlp.")
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option("--sources", metavar="FILE", help="TOML that says where sources lie."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed for good, or is gone.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    allow_private: AllowPrivateOption = [],  # noqa: B006
    json: JsonOption = False,
) -> None:
    """Fetch images, sounds, videos and clouds; run again to go on. Items that fail are listed."""
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.sources.emm1.dataset import open_emm1
    from pentad.sources.emm1.download import download as run

    ds = open_emm1(root, media_root=media_root)
    done = run(
        ds,
        split=None if split is None else split.value,
        nn=nn,
        pair=None if pair is None else pair.split("-"),
        modalities=[name.value for name in modality] or None,
        sources=source or None,
        limit=limit,
        limit_groups=limit_groups,
        workers=workers,
        rate=rate,
        cookies=cookies,
        sources_file=sources,
        retry_failed=retry_failed,
        dry_run=dry_run,
        allow_private=allow_private,
        announce=(lambda start: emit(_expected(start))) if json else _print_expected,
        progress=make_progress(),
    )
    if json and not dry_run:
        emit(_result(done))
    elif not dry_run:
        _print_result(done)
    next_step(f"pentad emm1 report {ds.root}")


def _expected(start: Downloaded) -> dict[str, Any]:
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


def _result(done: Downloaded) -> dict[str, Any]:
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


def _print_expected(start: Downloaded) -> None:
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
    total, hours = (sum(e.bytes for e in start.expected), _hours(start))
    typer.echo(
        f"{len(start.plan)} files to fetch, about {total / 1e9:.2f} GB in {hours:.1f} hours or "
        f"more, into {start.ledger.parent}"
    )
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


def _hours(start: Downloaded) -> float:
    return max((each.seconds for each in start.expected), default=0.0) / 3600


def _print_groups(done: Downloaded) -> None:
    groups = _groups(done)
    if groups is not None:
        typer.echo(
            f"{groups['complete']} of {groups['chosen']} groups are complete, "
            f"{groups['possible'] - groups['complete']} more can be"
        )


def _print_result(done: Downloaded) -> None:
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
