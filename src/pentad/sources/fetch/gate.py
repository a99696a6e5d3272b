"""How many requests go to one host at a time, and how soon after one another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pentad.core.errors import InputError
from pentad.sources.fetch.errors import FetchError, FetchReason

_CHECK_SECONDS = 0.25
_SWEEP = 4096


@dataclass
class _Host:
    running: int = 0
    waiting: int = 0
    free_at: float = 0.0


class Gate:
    """Lets at most ``per_host`` requests through to a host, and at most ``rate`` a second."""

    def __init__(self, per_host: int, rate: float | None) -> None:
        if per_host < 1:
            raise InputError("requests at a time to one host must be at least 1", seen=per_host)
        if rate is not None and not 0 < rate < float("inf"):
            raise InputError("requests per second to one host must be above 0", seen=rate)
        self._per_host = per_host
        self._gap = 0.0 if rate is None else 1.0 / rate
        self._hosts: dict[str, _Host] = {}
        self._turn = threading.Condition()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let nobody through any more; whoever waits gets a ``canceled`` error."""
        self._stopped.set()
        with self._turn:
            self._turn.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def check(self) -> None:
        """Raise the ``canceled`` error if everything is to stop."""
        if self._stopped.is_set():
            raise FetchError(FetchReason.CANCELED, "stopped")

    def sleep(self, seconds: float) -> None:
        """Wait, unless everything is to stop."""
        self._stopped.wait(seconds)
        self.check()

    def hold_off(self, host: str, seconds: float) -> None:
        """Send nothing to ``host`` for a while, as it asked for."""
        with self._turn:
            entry = self._hosts.setdefault(host, _Host())
            entry.free_at = max(entry.free_at, time.monotonic() + seconds)

    @contextmanager
    def entered(self, host: str) -> Iterator[None]:
        """Wait for a place, and hold it for the time of the block."""
        self.enter(host)
        try:
            yield
        finally:
            self.leave(host)

    def enter(self, host: str) -> None:
        """Wait for a place; `leave` must follow.

        Raises:
            FetchError: ``canceled``.
        """
        with self._turn:
            entry = self._hosts.setdefault(host, _Host())
            entry.waiting += 1
            try:
                while (seconds := self._wait(entry)) > 0:
                    self.check()
                    self._turn.wait(min(seconds, _CHECK_SECONDS))
                self.check()
                entry.running += 1
                entry.free_at = max(entry.free_at, time.monotonic() + self._gap)
            finally:
                entry.waiting -= 1

    def _wait(self, entry: _Host) -> float:
        if entry.running >= self._per_host:
            return _CHECK_SECONDS
        return entry.free_at - time.monotonic()

    def leave(self, host: str) -> None:
        """Give a place back."""
        with self._turn:
            self._hosts[host].running -= 1
            if len(self._hosts) > _SWEEP:
                self._sweep()
            self._turn.notify_all()

    def _sweep(self) -> None:
        now = time.monotonic()
        idle = [k for k, v in self._hosts.items() if not v.running + v.waiting and v.free_at < now]
        for host in idle:
            del self._hosts[host]
