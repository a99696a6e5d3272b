"""Decoding in processes of its own, bounded in time and memory: `DecodePool`."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Self

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality, as_modality
from pentad.media.files import MAX_FILE_BYTES
from pentad.media.process import Died, Process, Settings
from pentad.media.quarantine import CRASHES, Quarantine
from pentad.media.source import check_size
from pentad.media.types import Decoded
from pentad.media.wire import DecodeRequest, Expired
from pentad.store.places import Loaded

__all__ = ["DecodePool", "DecodeRequest"]

# A process that has decoded so many files is replaced, so that what libraries leak stays small.
_FILES_PER_PROCESS = 2000
_AHEAD_PER_WORKER = 3
_MAYBE_INHERITED = frozenset({Reason.OUT_OF_MEMORY, Reason.WORKER_DIED})

_CLOSED = "the pool is closed"

_Result = Decoded | DecodeError
_Job = tuple[DecodeRequest, "Future[_Result]"]


class DecodePool:
    """Decodes files in worker processes, in order, and survives whatever a file does to them.

    A file that takes too long, too much memory, or kills its process is refused with the reason;
    the process is replaced and everything else goes on. A file that kills its process is tried once
    more, in a new one; if it kills that too it is refused for good (``decoder-died``) and put into
    `quarantine`. Asked for again it is ``quarantined``, untried. Results do not depend on
    ``workers``.

    Args:
        workers: How many files are decoded at once.
        timeout_s: Seconds one file may take.
        memory_mb: MiB one file may take, beyond what a process at rest does.
        decoder: ``module:function`` to call in place of `decode`, with the same arguments.
        quarantine: Files that are not tried; what ends two processes is added. None begins a list.

    Attributes:
        quarantine: The files that this pool does not try again.

    Examples:
        >>> with DecodePool(2) as pool:  # doctest: +SKIP
        ...     for result in pool.map(DecodeRequest(path, "image") for path in paths):
        ...         print(result)
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        timeout_s: float = 60.0,
        memory_mb: int = 2048,
        decoder: str | None = None,
        quarantine: Quarantine | None = None,
    ) -> None:
        if workers < 1 or timeout_s <= 0 or memory_mb < 1:
            raise InputError(
                "workers, timeout_s and memory_mb must be above 0",
                seen=f"workers={workers}, timeout_s={timeout_s}, memory_mb={memory_mb}",
            )
        self._workers = workers
        settings = Settings(timeout_s, memory_mb, decoder)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.quarantine = Quarantine() if quarantine is None else quarantine
        self._lanes = [_Lane(self._jobs, settings, self.quarantine) for _ in range(workers)]
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def map(self, requests: Iterable[DecodeRequest]) -> Iterator[Decoded | DecodeError]:
        """Yield the result of each request, in their order.

        Files are decoded ahead of what has been taken, a few for each worker; ``requests`` is read
        in the calling thread, no further than that.

        Raises:
            InputError: A modality cannot be decoded, or the pool is closed.
            PentadError: A decoder process cannot be started at all.
        """
        ahead = _AHEAD_PER_WORKER * self._workers
        pending: deque[Future[_Result]] = deque()
        try:
            for request in requests:
                pending.append(self._submit(request))
                if len(pending) >= ahead:
                    yield _outcome(pending.popleft())
            while pending:
                yield _outcome(pending.popleft())
        finally:
            for future in pending:
                future.cancel()

    def _submit(self, request: DecodeRequest) -> Future[_Result]:
        if self._closed:
            raise InputError(_CLOSED)
        if as_modality(request.modality) is Modality.TEXT:
            raise InputError("captions are not decoded from files", expected="a media modality")
        future: Future[_Result] = Future()
        self._jobs.put((request, future))
        return future

    def close(self) -> None:
        """End all processes, also those in the middle of a file. Called by ``with``."""
        if self._closed:
            return
        self._closed = True
        for lane in self._lanes:
            lane.stop()
        for _ in self._lanes:
            self._jobs.put(None)
        for lane in self._lanes:
            lane.join()
        while not self._jobs.empty():
            if (job := self._jobs.get()) is not None:
                job[1].cancel()


def _outcome(future: Future[_Result]) -> _Result:
    try:
        return future.result()
    except CancelledError:
        raise InputError(_CLOSED) from None


def _unfit(request: DecodeRequest) -> DecodeError | None:
    """Refuse bytes in memory that are too many to be sent."""
    if isinstance(request.path, Loaded):
        try:
            limit = MAX_FILE_BYTES[as_modality(request.modality)]
            check_size(len(request.path.data), limit, request.name)
        except DecodeError as error:
            return error
    return None


class _Lane:
    """One thread that feeds one process after another; started by the first job it can take."""

    def __init__(
        self, jobs: queue.SimpleQueue[_Job | None], settings: Settings, quarantine: Quarantine
    ) -> None:
        self._jobs = jobs
        self._settings = settings
        self._quarantine = quarantine
        self._process: Process | None = None
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="pentad-decode", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Kill the process; the thread then ends by itself."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def join(self) -> None:
        """Wait until the thread has ended and its process is reaped."""
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            request, future = job
            if self._stopped:
                future.cancel()
            elif future.set_running_or_notify_cancel():
                self._fulfil(request, future)
        self._retire()

    def _fulfil(self, request: DecodeRequest, future: Future[_Result]) -> None:
        try:
            result = self._decode(request)
        except BaseException as error:  # handed to the caller of `map`
            future.set_exception(error)
            return
        if self._stopped:  # what looks like a death was `close`
            future.set_exception(CancelledError())
        else:
            future.set_result(result)

    def _decode(self, request: DecodeRequest) -> _Result:
        """Decode one file, unless it is known to be deadly.

        What a process that had other files before does is not held against this one: an earlier
        file may have done the damage, and refusals would depend on the order of the files.
        """
        known = self._quarantine.find(request.path)
        if known is not None:
            detail = f"{request.name}: not tried, since it ended {CRASHES} decoders before"
            return DecodeError(Reason.QUARANTINED, f"{detail} ({known.detail})")
        crashes = 0
        while True:
            fresh = self._process is None
            result = self._attempt(request)
            reason = result.reason if isinstance(result, DecodeError) else None
            if self._stopped or reason not in _MAYBE_INHERITED:
                return result
            crashes += reason is Reason.WORKER_DIED
            if reason is Reason.OUT_OF_MEMORY and fresh:
                return result
            if crashes >= CRASHES:
                return self._condemned(request, result)

    def _condemned(self, request: DecodeRequest, result: _Result) -> _Result:
        ending = result.detail if isinstance(result, DecodeError) else ""
        ending = ending.removeprefix(f"{request.name}: ")
        self._quarantine.add(request.path, ending)
        return DecodeError(
            Reason.WORKER_DIED,
            f"{request.name}: {ending}; tried {CRASHES} times, the last in a new process",
        )

    def _attempt(self, request: DecodeRequest) -> _Result:
        refusal = _unfit(request)
        if refusal is not None:
            return refusal
        process, name = self._ready(), request.name
        try:
            result = process.decode(request)
        except Expired:
            self._retire()
            limit = f"more than {self._settings.timeout_s:g} seconds"
            return DecodeError(Reason.TIMEOUT, f"{name}: {limit}")
        except Died as death:
            self._retire()
            return DecodeError(Reason.WORKER_DIED, f"{name}: its process ended: {death}")
        worn = process.files >= _FILES_PER_PROCESS
        if worn or (isinstance(result, DecodeError) and result.reason is Reason.OUT_OF_MEMORY):
            self._retire()
        return result

    def _ready(self) -> Process:
        if self._process is None:
            process = Process(self._settings)
            with self._lock:
                self._process = process
                if self._stopped:
                    process.kill()
        return self._process

    def _retire(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()
