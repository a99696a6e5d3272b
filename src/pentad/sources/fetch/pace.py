"""Bounds on how an answer may be sent, so that no server can hold a thread for as long as it likes.

A socket's timeout starts anew with every byte, and there are parts of an answer that are read to
their end before anything of it is given to us: its head, the lines between chunks, what follows the
last chunk. Whoever sends those a byte at a time, or without end, would never be given up.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any

STEP_BYTES = 1 << 20
"""What one step may take from the connection: the head of an answer, or one read of its body."""

STEP_TIMEOUTS = 2.0
"""How many timeouts of the socket one step may wait in all."""


class Paced(io.RawIOBase):
    """What comes from a connection, step by step.

    Args:
        raw: The connection.
        seconds: Its timeout, None for none.
        check: Raises if everything is to stop.
    """

    def __init__(self, raw: io.RawIOBase, seconds: float | None, check: Callable[[], None]) -> None:
        self._raw = raw
        self._seconds = float("inf") if seconds is None else seconds * STEP_TIMEOUTS
        self._check = check
        self.step()

    def step(self) -> None:
        """Begin a step."""
        self._bytes = 0
        self._waited = 0.0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read some bytes.

        Raises:
            HTTPException: The step takes too many.
            TimeoutError: The step takes too long.
        """
        self._check()
        before = time.monotonic()
        count: int | None = self._raw.readinto(buffer)
        self._waited += time.monotonic() - before
        self._bytes += count or 0
        if self._bytes > STEP_BYTES:
            raise HTTPException("more than 1 MiB of headers or lines between chunks")
        if self._waited > self._seconds:
            raise TimeoutError("headers or lines between chunks come too slowly")
        return count

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()
        super().close()


def paced_response(check: Callable[[], None]) -> type[HTTPResponse]:
    """Return what takes the answers of a connection; ``check`` raises if everything is to stop."""

    class PacedResponse(HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            self._pace = Paced(self.fp.detach(), sock.gettimeout(), check)
            self.fp = io.BufferedReader(self._pace)

        def begin(self) -> None:
            super().begin()
            stated = ",".join(self.headers.get_all("Content-Length", []))
            if len({length.strip() for length in stated.split(",")}) > 1:
                raise HTTPException("more than one length")

        def read1(self, n: int = -1) -> bytes:
            self._pace.step()
            return super().read1(n)

    return PacedResponse
