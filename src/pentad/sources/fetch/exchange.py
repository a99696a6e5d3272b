"""One request, with its redirects followed by hand: each place is checked before it is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pentad.sources.fetch.answers import status_error
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.gate import Gate
from pentad.sources.fetch.guard import Guard, Url, guarded_manager
from pentad.sources.fetch.robots import Robots, check_opt_out
from pentad.sources.fetch.unpacking import unpacked

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

MAX_REDIRECTS = 5
"""How many redirects are followed."""

SLOWEST = 1024.0
"""Bytes per second below which, the first ``timeout`` seconds aside, a server is given up."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_ABROAD = frozenset({"accept", "range", "if-range", "if-match"})
_CHUNK = 1 << 16


class Answer:
    """The answer that a request ended with; its body can be read once.

    Attributes:
        url: Where it came from after redirects.
        status: HTTP status.
        headers: Names in any case.
    """

    def __init__(self, response: BaseHTTPResponse, url: Url, gate: Gate, timeout: float) -> None:
        self.url = url
        self.status = response.status
        self.headers = response.headers
        self._response = response
        self._gate = gate
        self._timeout = timeout

    def check(self) -> None:
        """Raise the error that the status stands for, if it stands for one."""
        error = status_error(self.url.text, self.status, self.headers)
        if error is not None:
            raise error

    def check_opt_out(self, agent: str) -> None:
        """Refuse an answer whose headers keep it out of data sets."""
        tags = self._response.headers.getlist("X-Robots-Tag")
        check_opt_out(self.url.text, agent, tags, self.headers.get("TDM-Reservation"))

    def chunks(self) -> Iterator[bytes]:
        """Yield the body in pieces of at most 64 KiB as they arrive.

        Raises:
            FetchError: It breaks off, stalls, or everything is to stop.
        """
        encoding = self.headers.get("Content-Encoding", "")
        yield from unpacked(self._pieces(), encoding, self.url.text)

    def _pieces(self) -> Iterator[bytes]:
        waited, count = -self._timeout, 0
        while True:
            before = time.monotonic()
            with _translated(self.url.text, body=True):
                piece = self._response.read1(_CHUNK, decode_content=False)
            if not piece:
                return
            self._gate.check()
            count += len(piece)
            waited += time.monotonic() - before
            if waited > 0 and count < waited * SLOWEST:
                raise FetchError(FetchReason.TIMEOUT, f"{self.url.text}: slower than 1 KiB/s")
            yield piece

    def body(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            FetchError: See `chunks`; or it is longer than ``limit``.
        """
        data = bytearray()
        for chunk in self.chunks():
            data += chunk
            if len(data) > limit:
                raise FetchError(FetchReason.TOO_LARGE, f"{self.url.text}: more than {limit} bytes")
        return bytes(data)

    def head(self, limit: int) -> bytes:
        """Return at most ``limit`` bytes from the start of the body."""
        data = bytearray()
        for chunk in self.chunks():
            data += chunk
            if len(data) >= limit:
                break
        return bytes(data[:limit])


class Exchange:
    """Sends requests through the guard and the gate."""

    def __init__(
        self, guard: Guard, gate: Gate, *, user_agent: str, timeout: float, connections: int
    ) -> None:
        from urllib3 import Timeout

        self.guard = guard
        self.gate = gate
        self._agent = user_agent
        self._seconds = timeout
        self._timeout = Timeout(connect=timeout, read=timeout)
        self._manager = guarded_manager(guard, connections, gate.check)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._manager.clear()

    @contextmanager
    def sent(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
        robots: Robots | None = None,
    ) -> Iterator[Answer]:
        """Send a request, follow its redirects and yield the answer, whatever its status.

        A place at the host is held for the time of the block. Headers of the caller, which may be
        secret, go to the origin they were given for; after a redirect to another one they stay
        behind.

        Raises:
            FetchError: No answer could be had, or not from an address that may be asked.
        """
        at = self.guard.check(url)
        sending = dict(headers or {})
        for _ in range(MAX_REDIRECTS + 1):
            if robots is not None:
                robots.check(at)
            with self.gate.entered(at.place):
                response = self._send(method, at, sending, body)
                try:
                    if response.status not in _REDIRECTS:
                        yield Answer(response, at, self.gate, self._seconds)
                        return
                    there = self._next(method, at, response)
                finally:
                    response.close()
            if there.origin != at.origin:
                sending = {k: v for k, v in sending.items() if k.lower() in _KEPT_ABROAD}
            at = there
        raise FetchError(FetchReason.REDIRECTS, f"{url}: more than {MAX_REDIRECTS} redirects")

    def _send(
        self, method: str, at: Url, headers: Mapping[str, str], body: bytes | None
    ) -> BaseHTTPResponse:
        own = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        names = {name.lower() for name in headers}
        merged = {k: v for k, v in own.items() if k.lower() not in names} | dict(headers)
        with _translated(at.text, body=False):
            return self._manager.urlopen(
                method,
                at.text,
                headers=merged,
                body=body,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self._timeout,
            )

    def _next(self, method: str, at: Url, response: BaseHTTPResponse) -> Url:
        location = response.headers.get("Location", "")
        if not location:
            raise FetchError(FetchReason.REDIRECTS, f"{at.text}: a redirect to nowhere")
        with suppress(UnicodeError):  # headers are read as Latin-1, and most sites write UTF-8
            location = location.encode("latin-1").decode()
        try:
            there = self.guard.check(urljoin(at.text, location))
        except ValueError as error:
            raise FetchError(FetchReason.REDIRECTS, f"{at.text}: {error}") from None
        if at.scheme == "https" and there.scheme != "https":
            raise FetchError(FetchReason.REDIRECTS, f"{at.text}: sent on to plain {there.text}")
        abroad = there.origin != at.origin or response.status in (301, 302, 303)
        if method != "GET" and abroad:
            raise FetchError(FetchReason.REDIRECTS, f"{at.text}: {method} sent on to {there.text}")
        return there


@contextmanager
def _translated(url: str, *, body: bool) -> Iterator[None]:
    from urllib3 import exceptions

    broken = FetchReason.TRUNCATED if body else FetchReason.CONNECTION
    try:
        yield
    except exceptions.NewConnectionError as error:  # which urllib3 2 counts among timeouts
        why = str(error).partition(": ")[2] or str(error)  # before it stands the name of a class
        raise FetchError(FetchReason.CONNECTION, f"{url}: {why}") from error
    except (exceptions.TimeoutError, TimeoutError) as error:
        raise FetchError(FetchReason.TIMEOUT, f"{url}: no answer in time") from error
    except exceptions.SSLError as error:
        untrusted = "CERTIFICATE" in str(error).upper()
        raise FetchError(FetchReason.TLS if untrusted else broken, f"{url}: {error}") from error
    except exceptions.LocationValueError as error:
        raise FetchError(FetchReason.BAD_ADDRESS, f"{url}: {error}") from error
    except (exceptions.HTTPError, OSError) as error:
        raise FetchError(broken, f"{url}: {error}") from error
    except (UnicodeError, ValueError):  # its text may be a header, and that a secret
        text = f"{url}: a host or a header that cannot be sent"
        raise FetchError(FetchReason.BAD_ADDRESS, text) from None
