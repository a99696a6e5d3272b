"""Threads that share the work of several sources fairly: a slow one does not hold up the others."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from pentad.core.errors import PentadError
from pentad.sources.fetch.jobs import Batch, Lot, Report

_POLL_SECONDS = 0.2
_FAREWELL_SECONDS = 10.0


class _Running:
    """A batch, what is still to be done of it, and how many threads are at it."""

    def __init__(self, batch: Batch, lots: Iterator[Lot]) -> None:
        self.batch = batch
        self.threads = 0
        self.closed = False
        self._first = lots
        self._further: deque[Lot] = deque()
        self._dry = False

    def next(self) -> Lot | None:
        if self._further:
            return self._further.popleft()
        if not self._dry:
            lot = next(self._first, None)
            if lot is not None:
                return lot
            self._dry = True
        return None

    def add(self, lots: Sequence[Lot]) -> None:
        self._further.extend(lots)

    @property
    def finished(self) -> bool:
        return self._dry and not self._further and not self.threads


class Schedule:
    """Runs batches on a number of threads; each free thread helps the batch that has fewest.

    Args:
        report: Takes what became of each task; called by all threads.
        workers: Threads.
        stop: Makes the work of all threads end soon.
    """

    def __init__(self, report: Report, workers: int, stop: Callable[[], None]) -> None:
        self._report = report
        self._workers = workers
        self._stop = stop
        self._turn = threading.Condition()
        self._running: list[_Running] = []
        self._problem: BaseException | None = None
        self._stopped = False

    def run(self, batches: Sequence[tuple[Batch, Iterator[Lot]]]) -> None:
        """Do the work of all batches.

        Raises:
            BaseException: What a thread met that no item is to blame for, such as a full disk; or
                an interrupt of the user. The threads have been told to end.
        """
        self._running = [_Running(batch, lots) for batch, lots in batches]
        threads = [
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True)
            for number in range(self._workers)
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_POLL_SECONDS)
        except BaseException:
            self._end()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(_FAREWELL_SECONDS)
            raise
        if self._problem is not None:
            raise self._problem

    def _end(self) -> None:
        with self._turn:
            self._stopped = True
            self._turn.notify_all()
        self._stop()

    def _work(self) -> None:
        try:
            while (chosen := self._choose()) is not None:
                running, lot = chosen
                further: list[Lot] = []
                try:
                    further = list(lot(self._report))
                finally:
                    with self._turn:  # both at once, or the batch looks finished in between
                        running.threads -= 1
                        running.add(further)
                        self._turn.notify_all()
        except BaseException as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        with self._turn:
            # An error that is explained says more than what it led to.
            if self._problem is None or not isinstance(self._problem, PentadError):
                self._problem = error
        self._end()

    def _choose(self) -> tuple[_Running, Lot] | None:
        with self._turn:
            while not self._stopped:
                for running in sorted(self._running, key=lambda r: r.threads):
                    lot = running.next()
                    if lot is not None:
                        running.threads += 1
                        return running, lot
                    self._close(running)
                if all(running.closed for running in self._running):
                    self._turn.notify_all()
                    return None
                self._turn.wait(_POLL_SECONDS)
            return None

    def _close(self, running: _Running) -> None:
        if running.finished and not running.closed:
            running.closed = True
            running.batch.close(self._report)
