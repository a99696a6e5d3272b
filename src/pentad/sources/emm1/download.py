"""`download`: the media of E-MM1 from where they were published, into the folder of media.

What became of every item is written in ``media_root/downloads.db``. Running the same again goes on:
files that are there are left alone, items that failed for good are not tried again unless asked.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pentad.core.errors import StoreError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.media.cloud_npy import convert_cloud
from pentad.sources.emm1.dataset import Emm1
from pentad.sources.emm1.download_estimate import Expected, TimedLedger, expect, read_speeds
from pentad.sources.emm1.download_results import (
    Failure,
    Outcome,
    failures_of,
    outcomes_of,
    written_rows,
)
from pentad.sources.emm1.download_run import Run, Tools
from pentad.sources.emm1.plan_download import DownloadPlan, Planner, choose
from pentad.sources.fetch.batches import HandlerOptions
from pentad.sources.fetch.catalog import default_plans
from pentad.sources.fetch.client import Client, default_user_agent
from pentad.sources.fetch.handlers.youtube import YouTubeOptions
from pentad.sources.fetch.ledger import Retry, read_ledger
from pentad.sources.fetch.plans import read_plans
from pentad.sources.fetch.run import Summary

LEDGER = "downloads.db"
"""Name of the ledger in the folder of media."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Downloaded:
    """What a run was to do and did.

    Attributes:
        plan: What was to be fetched at first.
        expected: What was expected of it.
        ledger: Where it is written what became of every item.
        after: How things stand at the end; the same as ``plan`` if nothing was fetched.
        summary: What was done, counted in items.
        outcomes: The same by source and reason.
        failures: The items that failed in this run.
    """

    plan: DownloadPlan
    expected: list[Expected]
    ledger: Path
    after: DownloadPlan
    summary: Summary = field(default_factory=Summary)
    outcomes: tuple[Outcome, ...] = ()
    failures: tuple[Failure, ...] = ()


def download(  # noqa: PLR0913
    ds: Emm1,
    *,
    split: str | None = None,
    nn: Sequence[int] = (),
    pair: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    limit: int | None = None,
    limit_groups: int | None = None,
    workers: int = 8,
    rate: float | None = None,
    contact: str | None = None,
    cookies: str | Path | None = None,
    sources_file: str | Path | None = None,
    retry_failed: bool = False,
    dry_run: bool = False,
    allow_private: Collection[str] = (),
    announce: Callable[[Downloaded], None] | None = None,
    progress: Progress = SILENT,
) -> Downloaded:
    """Fetch media of E-MM1 to where the data set expects them below ``ds.media_root``.

    Sounds of 100m and 1m go into ``video/``, as published; those of EShot into ``audio/``. Clouds
    are converted to plain arrays, so that no pickled file is left.

    Args:
        ds: The data set.
        split: ``100m``, ``1m`` or ``eshot``; default what the other options name, else the only one
            that is there.
        nn: Only items that groups of these ranks use.
        pair: Only items that rated triplets between these two modalities use.
        modalities: Default all.
        sources: Default all.
        limit: Fetch at most so many files.
        limit_groups: Only what the first so many groups (of ``nn``, default the first) or triplets
            need; groups that lack least come first, and one that turns out to be impossible is
            replaced by another.
        workers: Threads.
        rate: Requests a second to one host; default no limit.
        contact: Address or e-mail for owners of sites, made part of the name that requests go by.
            yt-dlp goes by a name of its own.
        cookies: A cookies.txt for yt-dlp.
        sources_file: A file that says where sources lie; see `pentad.sources.fetch.plans`.
        retry_failed: Try items again that failed for good, and those that were fetched earlier and
            are gone. Failures that may pass are always tried again.
        dry_run: Only say what would be fetched.
        allow_private: Places ``host:port`` that may be on a private network.
        announce: Called with what is expected before anything is fetched.
        progress: Where to report.

    Raises:
        InputError: Options do not go together or make no sense, or a table is missing or cannot be
            read.
        StoreError: The disk is full, or no source can be reached at all.
    """
    agent = default_user_agent(contact)
    choice = choose(
        ds, split=split, nn=nn, pair=pair, modalities=modalities, sources=sources, limit=limit,
        limit_groups=limit_groups,
    )  # fmt: skip
    plans = default_plans() if sources_file is None else read_plans(Path(sources_file))
    retry: Retry = "all" if retry_failed else "transient"
    planner, path = Planner(ds, choice), ds.media_root / LEDGER
    before = read_ledger(path) if path.is_file() else None
    plan = planner.plan(plans, ledger=before, retry=retry)
    expected = expect(plan.counts(), plans, before, read_speeds(path))
    start = Downloaded(plan, expected, path, plan)
    if announce is not None:
        announce(start)
    if dry_run or not len(plan):
        return start
    _warn_of_space(ds.media_root, expected)
    client = Client(user_agent=agent, rate=rate, allow_private=allow_private)
    with TimedLedger(path) as ledger, client:
        options = _handler_options(cookies)
        run = Run(planner, Tools(plans, ledger, client, retry, workers, options, progress))
        try:
            run.go(plan)
        finally:
            ledger.save_speeds()
        return _finished(start, run, ledger)


def _handler_options(cookies: str | Path | None) -> HandlerOptions:
    youtube = YouTubeOptions(cookies=None if cookies is None else Path(cookies))
    return HandlerOptions(youtube=youtube, finish={Modality.POINTS.value: convert_cloud})


def _finished(start: Downloaded, run: Run, ledger: TimedLedger) -> Downloaded:
    summary = run.summary
    if summary.unreachable and not summary.fetched + summary.present + summary.failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in summary.unreachable.items())
        raise StoreError(f"nothing could be fetched: {reasons}")
    rows = written_rows(ledger.frame(), start.plan.choice.split, ledger.written)
    return replace(
        start,
        after=run.after(),
        summary=summary,
        outcomes=outcomes_of(rows),
        failures=failures_of(rows),
    )


def _warn_of_space(media_root: Path, expected: Sequence[Expected]) -> None:
    there = next(each for each in (media_root, *media_root.absolute().parents) if each.exists())
    needed, free = sum(each.bytes for each in expected), shutil.disk_usage(there).free
    if needed > free:
        _log.warning(
            "%s: about %.1f GB are expected and %.1f GB are free",
            media_root, needed / 1e9, free / 1e9,
        )  # fmt: skip
