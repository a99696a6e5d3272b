"""Which of the items that are wanted have to be fetched, given what is there and what was tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pentad.sources.fetch.catalog import SourcePlan, plan_for, source_key
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.jobs import Job, Key, Task, safe_target
from pentad.sources.fetch.ledger import Ledger, Retry, Row, State

PRESENT = "present"
"""Reason in the ledger for items whose file was there before it was asked for."""


@dataclass
class Selection:
    """What is to be done; items that are nowhere in it are left alone.

    Attributes:
        tasks: Files to fetch, by the key of their source.
        refused: Items that cannot be fetched as they are, with the reason.
        jobs: How many items there are; each is counted once.
        present: Items whose file is there.
        lost: Items that were fetched earlier and whose file is no longer there.
    """

    tasks: dict[str, list[Task]] = field(default_factory=dict)
    refused: list[tuple[Job, FetchError]] = field(default_factory=list)
    jobs: int = 0
    present: int = 0
    lost: int = 0


class Selector:
    """Sorts items into what is there, what is left alone, and what is fetched.

    Args:
        media_root: Where files lie.
        plans: How sources are had.
        ledger: What was tried.
        retry: Which earlier failures are tried again.
        limit: How many files are fetched at most.
    """

    def __init__(
        self,
        media_root: Path,
        plans: Mapping[str, SourcePlan],
        ledger: Ledger,
        *,
        retry: Retry = None,
        limit: int | None = None,
    ) -> None:
        self._root = media_root
        self._plans = plans
        self._ledger = ledger
        self._retry: Retry = retry
        self._limit = limit
        self._shared: dict[Path, list[Job]] = {}
        self._seen: set[Key] = set()

    def select(self, jobs: Iterable[Job]) -> Selection:
        """Sort the items; those that share a file become one task."""
        found = Selection()
        for job in jobs:
            if job.key not in self._seen:
                self._seen.add(job.key)
                found.jobs += 1
                self._sort(job, found)
        for path, sharing in self._shared.items():
            key = source_key(sharing[0].source)
            found.tasks.setdefault(key, []).append(Task(path, tuple(sharing)))
        return found

    def _sort(self, job: Job, found: Selection) -> None:
        try:
            path = safe_target(self._root, job.target)
        except FetchError as error:
            found.refused.append((job, error))
            return
        known = self._ledger.known(job.key)
        if _is_there(path):
            found.present += 1
            if known is None:
                self._ledger.record(present_row(job, path))
        elif known is not None and not known.again(self._retry):
            found.lost += known.state is State.DONE
        elif path in self._shared:
            self._shared[path].append(job)
        elif plan_for(self._plans, job.source) is None:
            text = f"no way is known to get files of {job.source!r}"
            found.refused.append((job, FetchError(FetchReason.UNKNOWN_SOURCE, text)))
        elif self._limit is None or len(self._shared) < self._limit:
            self._shared[path] = [job]


def present_row(job: Job, path: Path) -> Row:
    """Return the ledger's row for an item whose file was there already."""
    return Row(
        job.key,
        job.source,
        "",
        State.SKIPPED,
        job.target.as_posix(),
        PRESENT,
        bytes=path.stat().st_size,
        attempts=0,
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False
