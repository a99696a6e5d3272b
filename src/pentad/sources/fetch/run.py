"""Everything that is wanted, from wherever it is: fetched once, whole, and in the ledger."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress
from pentad.core.progress import Task as Bar
from pentad.sources.fetch.batches import HandlerOptions, batch_for
from pentad.sources.fetch.catalog import SourcePlan
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.jobs import Batch, Got, Job, Lot, Outcome, Task
from pentad.sources.fetch.ledger import Ledger, Retry, Row, State
from pentad.sources.fetch.schedule import Schedule
from pentad.sources.fetch.select import Selection, Selector

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What a run did, counted in items; several may share a file.

    Attributes:
        jobs: Items that were asked for; ``fetched + present + failed + left + lost``.
        fetched: Items whose file came.
        present: Items whose file was there.
        failed: Items that were tried in vain.
        left: Items that were not tried: they failed earlier and that failure is not tried again,
            they are beyond the limit, or their source as a whole could not be reached.
        lost: Items that an earlier run fetched and whose file is gone; ``retry="all"`` gets them.
        bytes: Size of the files that came.
        reasons: How many items failed for each reason.
        unreachable: Sources that could not be reached as a whole, and why.
    """

    jobs: int = 0
    fetched: int = 0
    present: int = 0
    failed: int = 0
    left: int = 0
    lost: int = 0
    bytes: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    unreachable: Mapping[str, str] = field(default_factory=dict)


def fetch_all(
    jobs: Iterable[Job],
    *,
    media_root: Path,
    client: Client,
    plans: Mapping[str, SourcePlan],
    ledger: Ledger,
    workers: int = 8,
    limit: int | None = None,
    retry: Retry = None,
    progress: Progress = SILENT,
    options: HandlerOptions | None = None,
) -> Summary:
    """Fetch the files of items, each to its target beneath the media root.

    A file that is there, and not empty, is left as it is. What became of each item goes into the
    ledger; a later run goes on from there. After an error or an interrupt the client is stopped,
    and nothing but hidden files is half written.

    Args:
        jobs: The items; all are held in memory.
        media_root: Where files lie.
        client: What asks servers.
        plans: How sources are had: `pentad.sources.fetch.catalog.default_plans` or a user's own.
        ledger: What was tried, and where it is written.
        workers: Threads.
        limit: How many files are tried at most.
        retry: Which earlier failures are tried again: ``transient``, ``all``, or None for none.
        progress: Where to report.
        options: What handlers are told beyond the plans.

    Raises:
        InputError: An argument makes no sense.
        StoreError: The disk is full, or a file cannot be written.
    """
    if workers < 1 or (limit is not None and limit < 0):
        raise InputError("workers must be at least 1, and limit not negative")
    if retry not in (None, "transient", "all"):
        raise InputError("retry is 'transient', 'all' or None", seen=retry)
    selector = Selector(media_root, plans, ledger, retry=retry, limit=limit)
    selection = selector.select(jobs)
    tally = _Tally(ledger)
    for job, error in selection.refused:
        tally.fail(job, error)
    try:
        with progress.task("fetch", _count(selection)) as bar:
            tally.bar = bar
            batches = _begun(selection, plans, client, options or HandlerOptions(), tally)
            Schedule(tally.report, workers, client.stop).run(batches)
    finally:
        ledger.commit()
    return tally.summary(selection)


def _count(selection: Selection) -> int:
    return sum(len(task.jobs) for tasks in selection.tasks.values() for task in tasks)


def _begun(
    selection: Selection,
    plans: Mapping[str, SourcePlan],
    client: Client,
    options: HandlerOptions,
    tally: _Tally,
) -> list[tuple[Batch, Iterator[Lot]]]:
    begun = []
    for (key, _), tasks in _by_modality(selection):
        batch = batch_for(plans[key], tasks, client, options)
        try:
            begun.append((batch, batch.lots()))
        except FetchError as error:
            _LOG.warning("%s: nothing of it can be fetched now: %s", batch.name, error)
            tally.unreachable[batch.name] = str(error)
    return begun


def _by_modality(selection: Selection) -> list[tuple[tuple[str, str], list[Task]]]:
    split: dict[tuple[str, str], list[Task]] = {}
    for key, tasks in selection.tasks.items():
        for task in tasks:
            split.setdefault((key, task.job.modality), []).append(task)
    return list(split.items())


class _Tally:
    """Counts outcomes and writes them in the ledger; called by all threads."""

    def __init__(self, ledger: Ledger) -> None:
        self.bar: Bar | None = None
        self.unreachable: dict[str, str] = {}
        self._ledger = ledger
        self._lock = threading.Lock()
        self._reasons: Counter[str] = Counter()
        self._fetched = 0
        self._bytes = 0

    def report(self, task: Task, outcome: Outcome) -> None:
        if isinstance(outcome, FetchError) and outcome.reason is FetchReason.CANCELED:
            return  # no fault of the item, which is as if it had not been tried
        with self._lock:
            if isinstance(outcome, Got):
                self._bytes += outcome.bytes
            if self.bar is not None:
                self.bar.advance(len(task.jobs))
        for job in task.jobs:
            error = outcome if isinstance(outcome, FetchError) else outcome.failed.get(job.key)
            if error is not None:
                self.fail(job, error)
            elif isinstance(outcome, Got):
                self._done(job, outcome)

    def _done(self, job: Job, got: Got) -> None:
        path = job.target.as_posix()
        self._ledger.record(
            Row(
                job.key,
                job.source,
                got.what,
                State.DONE,
                path,
                bytes=got.bytes,
                sha256=got.sha256,
            )
        )
        with self._lock:
            self._fetched += 1

    def fail(self, job: Job, error: FetchError) -> None:
        reason, path = error.reason.value, job.target.as_posix()
        self._ledger.record(Row(job.key, job.source, "", State.FAILED, path, reason, error.detail))
        with self._lock:
            self._reasons[reason] += 1

    def summary(self, selection: Selection) -> Summary:
        failed = self._reasons.total()
        known = self._fetched + failed + selection.present + selection.lost
        return Summary(
            jobs=selection.jobs,
            fetched=self._fetched,
            present=selection.present,
            failed=failed,
            left=selection.jobs - known,
            lost=selection.lost,
            bytes=self._bytes,
            reasons=dict(sorted(self._reasons.items())),
            unreachable=self.unreachable,
        )
