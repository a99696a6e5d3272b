"""The work of a download: plan after plan, piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pentad.core.modality import Modality
from pentad.core.progress import Progress
from pentad.sources.emm1.plan_download import DownloadPlan, Planner
from pentad.sources.fetch.batches import HandlerOptions
from pentad.sources.fetch.catalog import Method, SourcePlan
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.ledger import Ledger, Retry
from pentad.sources.fetch.run import Summary, fetch_all

_LOT = 500_000
_ROUNDS = 100
_ARCHIVES = (Method.ZIP, Method.TAR, Method.PARQUET)


@dataclass(frozen=True)
class Tools:
    """What fetches.

    Attributes:
        plans: Where the sources lie.
        ledger: Where it is written what became of items.
        client: What asks servers.
        retry: Which earlier failures are tried again.
        workers: Threads.
        options: What handlers are told.
        progress: Where to report.
    """

    plans: Mapping[str, SourcePlan]
    ledger: Ledger
    client: Client
    retry: Retry
    workers: int
    options: HandlerOptions
    progress: Progress


class Run:
    """Fetches what plans say, and plans anew until as many groups as asked for are complete.

    Args:
        planner: Makes the plans.
        tools: What fetches.

    Attributes:
        summary: What was done so far.
    """

    def __init__(self, planner: Planner, tools: Tools) -> None:
        self.summary = Summary()
        self._planner = planner
        self._tools = tools
        self._tried: dict[Modality, set[int]] = {}

    def go(self, plan: DownloadPlan) -> None:
        """Fetch a plan and, where a number of groups is asked for, what replaces failures."""
        for _ in range(_ROUNDS):
            came = Summary()
            for lot in _lots(plan, self._tools.plans):
                came = _added(came, self._fetch(lot))
            self.summary = _added(self.summary, came)
            self._note(plan)
            stuck = came.left > 0 and came.fetched == 0
            if plan.choice.limit_groups is None or plan.choice.limit is not None or stuck:
                return
            plan = self._plan()
            if not len(plan):
                return

    def after(self) -> DownloadPlan:
        """Return how things stand now: what is left, without what could not be had."""
        return self._plan()

    def _plan(self) -> DownloadPlan:
        tools, lost = self._tools, self.summary.unreachable
        plans = {key: plan for key, plan in tools.plans.items() if plan.name not in lost}
        return self._planner.plan(
            plans, ledger=tools.ledger.frame(), retry=tools.retry, given_up=self._tried
        )

    def _fetch(self, plan: DownloadPlan) -> Summary:
        tools = self._tools
        return fetch_all(
            plan.jobs(),
            media_root=self._planner.media_root,
            client=tools.client,
            plans=tools.plans,
            ledger=tools.ledger,
            workers=tools.workers,
            retry=tools.retry,
            progress=tools.progress,
            options=tools.options,
        )

    def _note(self, plan: DownloadPlan) -> None:
        for place, (modality, items) in enumerate(plan.files.items()):
            ids = items.frame["id"].gather(plan.rows[plan.kinds == place])
            self._tried.setdefault(modality, set()).update(ids.to_list())


def _lots(plan: DownloadPlan, plans: Mapping[str, SourcePlan]) -> Iterator[DownloadPlan]:
    """Yield a plan in pieces that fit in memory; what lies in archives is not taken apart.

    An archive is read once a piece, and the largest have to be read from their beginning.
    """
    if len(plan) <= _LOT:
        yield plan
        return
    keys = {key for key, source in plans.items() if source.method in _ARCHIVES}
    packed = plan.of_sources(keys)
    others = np.flatnonzero(~packed)
    yield plan.at(np.sort(np.concatenate([np.flatnonzero(packed), others[:_LOT]])))
    for start in range(_LOT, len(others), _LOT):
        yield plan.at(others[start : start + _LOT])


def _added(one: Summary, other: Summary) -> Summary:
    return Summary(
        jobs=one.jobs + other.jobs,
        fetched=one.fetched + other.fetched,
        present=one.present + other.present,
        failed=one.failed + other.failed,
        left=one.left + other.left,
        lost=one.lost + other.lost,
        bytes=one.bytes + other.bytes,
        reasons=dict(Counter(one.reasons) + Counter(other.reasons)),
        unreachable={**one.unreachable, **other.unreachable},
    )
