"""The one way in which anything is asked of a server."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from pentad.core.errors import InputError, MissingExtra
from pentad.core.seeds import generator
from pentad.sources.fetch.download import Download, Fetched, Wanted
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.exchange import Answer, Exchange
from pentad.sources.fetch.gate import Gate
from pentad.sources.fetch.guard import Guard
from pentad.sources.fetch.magic import KINDS
from pentad.sources.fetch.robots import MAX_BYTES, Robots
from pentad.sources.fetch.stream import Stream

MAX_WAIT = 60.0
"""Seconds that a server may make us wait before one try; if it asks for more, it is given up."""

GIB = 1 << 30
_MAX_JSON = 16 << 20
_BUFFER = 1 << 18

T = TypeVar("T")


@dataclass(frozen=True)
class Remote:
    """What a server says of some content without sending it.

    Attributes:
        url: Where it lies after redirects; may be a passing address.
        size: Bytes.
        version: What tells this content from a later one, None if the server gives nothing.
    """

    url: str
    size: int
    version: str | None


def default_user_agent(contact: str | None = None) -> str:
    """Return how requests are signed: ``pentad/<version>``, and where to complain if given.

    Raises:
        InputError: The contact cannot be part of a header.
    """
    try:
        number = version("pentad")
    except PackageNotFoundError:
        number = "0"
    if contact is None:
        return f"pentad/{number}"
    if not contact.isascii() or not contact.isprintable() or not contact.strip():
        raise InputError("a contact is an address on one line, in ASCII", seen=contact)
    return f"pentad/{number} (+{contact.strip()})"


class Client:
    """Fetches over http and https; safe to share between threads, and to be closed after use.

    Requests carry an honest name, keep to a number at a time and a rate per host, wait as servers
    ask, and are repeated where that may help. Only addresses on the open internet are contacted.

    Args:
        user_agent: The name to go by; by default ``pentad/<version>``.
        contact: Address or e-mail for site owners, made part of the default name.
        timeout: Seconds for a connection, and for each wait for more bytes.
        retries: How often a failed request is repeated.
        per_host: Requests at a time to one host.
        rate: Requests per second to one host, None for no limit.
        respect_robots: Whether robots.txt and opt-out headers are kept to by `fetch`.
        allow_private: Places, ``host:port``, that may be on this machine or a private network.
        max_bytes: Size above which a file is refused, unless `fetch` is told otherwise.
        backoff: Seconds before the first repetition; it doubles with each, with jitter.

    Raises:
        MissingExtra: urllib3 is not installed.
        InputError: A limit or a place makes no sense.
    """

    def __init__(
        self,
        *,
        user_agent: str | None = None,
        contact: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        per_host: int = 4,
        rate: float | None = None,
        respect_robots: bool = True,
        allow_private: Collection[str] = (),
        max_bytes: int = 64 * GIB,
        backoff: float = 0.5,
    ) -> None:
        try:
            import urllib3  # noqa: F401
        except ImportError:
            raise MissingExtra("urllib3", "download") from None
        if not 0 < timeout < float("inf") or retries < 0 or max_bytes < 1 or backoff < 0:
            raise InputError("timeout, retries, max_bytes and backoff must be positive")
        self._agent = user_agent or default_user_agent(contact)
        self._retries = retries
        self._limit = max_bytes
        self._backoff = backoff
        self._jitter = generator(0, "fetch", "jitter")
        self._lock = threading.Lock()
        self._gate = Gate(per_host, rate)
        self._guard = Guard(allow_private)
        self._exchange = Exchange(
            self._guard,
            self._gate,
            user_agent=self._agent,
            timeout=timeout,
            connections=per_host,
        )
        self._robots = Robots(self.product, self._read_robots) if respect_robots else None

    @property
    def product(self) -> str:
        """The name that robots.txt knows us by: the user agent up to its first ``/``."""
        return self._agent.partition("/")[0].strip().lower()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._gate.stopped

    def stop(self) -> None:
        """Make every running and coming request of any thread fail with ``canceled``."""
        self._gate.stop()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fetch(
        self,
        url: str,
        to: Path,
        *,
        size: int | None = None,
        sha256: str | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str | None = None,
        max_bytes: int | None = None,
        robots: bool | None = None,
    ) -> Fetched:
        """Put what lies at an address into a file, whole and checked or not at all.

        Bytes gather in a hidden file beside ``to``; a later call, of this process or another, goes
        on where they end if the server still has the same content.

        Args:
            url: The address.
            to: The file; it is replaced if it is there.
            size: Bytes it must have.
            sha256: Hash it must have.
            headers: To send along, to this origin only.
            kind: ``image``, ``video``, ``audio`` or ``points``: what its first bytes must be of.
            max_bytes: Size above which it is refused.
            robots: Whether robots.txt and opt-out headers count; by default as the client was told.
                Not meant for archives and interfaces that are published for programs.

        Raises:
            FetchError: It could not be had; the reason says why.
            StoreError: It cannot be written.
        """
        if kind is not None and kind not in KINDS:
            raise InputError("unknown kind of content", expected=sorted(KINDS), seen=kind)
        rules = self._robots if robots is not False else None
        wanted = Wanted(url, size, sha256, kind, self._limit if max_bytes is None else max_bytes)

        def inspect(answer: Answer) -> None:
            if rules is not None:
                answer.check_opt_out(self.product)

        download = Download(wanted, to, self._sender(url, headers, rules), inspect)
        return self._tried(url, download.attempt)

    @contextmanager
    def open(
        self,
        url: str,
        *,
        start: int | None = None,
        end: int | None = None,
        headers: Mapping[str, str] | None = None,
        version: str | None = None,
    ) -> Iterator[io.BufferedReader]:
        """Yield the content at an address as a file to read forward.

        A broken connection is taken up again where the server can do that. robots.txt is not asked.

        Args:
            url: The address.
            start: First byte.
            end: The byte after the last.
            headers: To send along, to this origin only.
            version: As `probe` gave it: other content than that is an error, ``changed-meanwhile``.

        Raises:
            FetchError: It cannot be had; ``no-ranges`` if a part is wanted and none are sent.
        """

        def pause(tries: int, error: FetchError) -> None:
            self._pause(url, tries - 1, error)

        stream = Stream(url, self._sender(url, headers, None), pause, start, end, version)
        with io.BufferedReader(stream, _BUFFER) as reader:
            yield cast("io.BufferedReader", reader)

    def read_range(
        self,
        url: str,
        start: int,
        end: int,
        *,
        headers: Mapping[str, str] | None = None,
        version: str | None = None,
    ) -> bytes:
        """Return bytes ``start`` up to, not including, ``end``; fewer where the content ends.

        Raises:
            FetchError: They cannot be had.
        """
        if end <= start:
            return b""
        with self.open(url, start=start, end=end, headers=headers, version=version) as file:
            return file.read(end - start)

    def probe(self, url: str, *, headers: Mapping[str, str] | None = None) -> Remote:
        """Return size and final address of some content that is sent in parts.

        Raises:
            FetchError: It cannot be had, or not in parts (``no-ranges``).
        """
        stream = Stream(
            url,
            self._sender(url, headers, None),
            lambda tries, error: self._pause(url, tries - 1, error),
            0,
            1,
        )
        with stream:
            if stream.size is None:
                raise FetchError(FetchReason.NO_RANGES, f"{url}: the server does not say its size")
            return Remote(stream.url, stream.size, stream.version)

    def request_json(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send ``body`` as JSON and return the JSON object that is answered.

        Raises:
            FetchError: There is no answer, or another kind of answer.
        """
        value, _ = self.answered_json(method, url, body, headers)
        if not isinstance(value, dict):
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: the answer is no JSON object")
        return value

    def answered_json(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """Send ``body`` as JSON and return the value and the headers that are answered.

        Raises:
            FetchError: There is no answer, or one that is no JSON.
        """
        given = {"Accept": "application/json", **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            if not any(name.lower() == "content-type" for name in given):
                given["Content-Type"] = "application/json"

        def ask() -> tuple[Any, Mapping[str, str]]:
            with self._exchange.sent(method, url, given, body=data) as answer:
                answer.check()
                return _parsed(url, answer.body(_MAX_JSON)), answer.headers

        return self._tried(url, ask)

    def _sender(
        self, url: str, headers: Mapping[str, str] | None, robots: Robots | None
    ) -> Callable[[Mapping[str, str]], AbstractContextManager[Answer]]:
        def send(extra: Mapping[str, str]) -> AbstractContextManager[Answer]:
            return self._exchange.sent("GET", url, {**(headers or {}), **extra}, robots=robots)

        return send

    def _read_robots(self, url: str) -> bytes:
        def read() -> bytes:
            with self._exchange.sent("GET", url) as answer:
                answer.check()
                return answer.head(MAX_BYTES)

        return self._tried(url, read)

    def _tried(self, url: str, action: Callable[[], T]) -> T:
        tries = 0
        while True:
            try:
                return action()
            except FetchError as error:
                self._pause(url, tries, error)
                tries += 1

    def _pause(self, url: str, tries: int, error: FetchError) -> None:
        """Wait before the next try, or raise ``error`` where there is to be none."""
        final = error.reason in (FetchReason.CANCELED, FetchReason.UNKNOWN_HOST)
        if final or not error.retriable or tries >= self._retries:
            raise error
        with self._lock:
            jitter = 0.5 + float(self._jitter.random())
        seconds = min(MAX_WAIT, self._backoff * 2**tries * jitter)
        if error.wait is not None:
            if error.wait > MAX_WAIT:
                raise error
            seconds = max(seconds, error.wait)
            self._gate.hold_off(self._guard.check(url).place, error.wait)
        self._gate.sleep(seconds)


def _parsed(url: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FetchError(FetchReason.BAD_ANSWER, f"{url}: no JSON ({error})") from None
