"""Questions to one address over http, and nothing to any other: what a chat endpoint is asked.

The address is what the user typed, so it may be on this machine or a private network. It is the
only one: redirects are refused. Waiting, repeating and bounds on answers are as for any download.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

from pentad.core.errors import InputError, MissingExtra
from pentad.core.seeds import generator
from pentad.sources.fetch.client import MAX_WAIT, default_user_agent
from pentad.sources.fetch.errors import FetchError, FetchReason, printable
from pentad.sources.fetch.exchange import Exchange
from pentad.sources.fetch.gate import Gate
from pentad.sources.fetch.guard import Guard, Url, parse_address

TIMEOUT = 120.0
"""Seconds for a connection, and for each wait for more of an answer."""

RETRIES = 4
MAX_ANSWER = 1 << 20
_PATH = "/chat/completions"
_SHOWN = 300

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        status: HTTP status.
        body: The JSON object that was sent.
    """

    status: int
    body: dict[str, Any]


def completions_url(endpoint: str) -> Url:
    """Return the address of chat completions at an endpoint, given as far as ``/v1`` or in full.

    Raises:
        InputError: It is no http or https address, or holds a password or a query.
        MissingExtra: urllib3 is not installed.
    """
    _require_urllib3()
    try:
        found = parse_address(endpoint)
    except FetchError as error:
        raise InputError(f"--endpoint: {error.detail}") from None
    if "?" in found.text:
        raise InputError("--endpoint: an address without '?', please", seen=endpoint)
    path = found.text.rstrip("/")
    if path.endswith(_PATH):
        return parse_address(path)
    if path.count("/") == 2:  # nothing after the host
        path += "/v1"
    return parse_address(path + _PATH)


class Wire:
    """Sends questions to one address; safe to share between threads.

    Args:
        url: The address.
        key: Sent as a bearer token; never shown.
        requests: Questions at a time.
        timeout: See `TIMEOUT`.
        retries: How often a question is repeated where that may help.
        backoff: Seconds before the first repetition; it doubles with each, with jitter.

    Raises:
        InputError: A limit makes no sense.
    """

    def __init__(
        self,
        url: Url,
        *,
        key: str | None = None,
        requests: int = 4,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        backoff: float = 1.0,
    ) -> None:
        self.url = url
        self._retries, self._backoff = retries, backoff
        self._jitter, self._lock = generator(0, "captions", "jitter"), threading.Lock()
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._gate = Gate(requests, None)
        self._exchange = Exchange(
            _OnlyGuard(url),
            self._gate,
            user_agent=default_user_agent(),
            timeout=timeout,
            connections=requests,
        )

    def stop(self) -> None:
        """Make every running and coming question fail with ``canceled``."""
        self._gate.stop()

    def ask(self, question: dict[str, Any]) -> Said:
        """Send a question and return what is answered, be it an error of the question's own.

        Raises:
            FetchError: There is no answer after all repetitions, or none that can be read.
        """
        data = json.dumps(question).encode()
        return self._repeated(lambda: self._once(data))

    def _once(self, data: bytes) -> Said:
        at = self.url.text
        with self._exchange.sent("POST", at, self._headers, body=data) as answer:
            if answer.status not in _OF_THE_QUESTION:
                answer.check()
            said = _object(at, answer.body(MAX_ANSWER), strict=answer.status == 200)
            return Said(answer.status, said)

    def _repeated(self, action: Callable[[], T]) -> T:
        tries = 0
        while True:
            try:
                return action()
            except FetchError as error:
                self._pause(tries, error)
                tries += 1

    def _pause(self, tries: int, error: FetchError) -> None:
        """Wait before the next try, or raise ``error`` where there is to be none."""
        given_up = error.reason in (FetchReason.CANCELED, FetchReason.UNKNOWN_HOST)
        if given_up or not error.retriable or tries >= self._retries:
            raise error
        with self._lock:
            jitter = 0.5 + float(self._jitter.random())
        seconds = min(MAX_WAIT, self._backoff * 2**tries * jitter)
        if error.wait is not None:
            if error.wait > MAX_WAIT:
                raise error
            seconds = max(seconds, error.wait)
            self._gate.hold_off(self.url.place, error.wait)
        self._gate.sleep(seconds)


_OF_THE_QUESTION = frozenset({200, 400, 413, 422})
"""Statuses that are an answer to this question, not a state of the server."""


class _OnlyGuard(Guard):
    """Lets one address through, wherever it is, and no other: so no redirect leads anywhere."""

    def __init__(self, url: Url) -> None:
        super().__init__([url.place])
        self._only = url.text

    def check(self, url: str) -> Url:
        found = super().check(url)
        if found.text != self._only:
            why = f"{self._only} sends questions on to {found.text}, which nobody named"
            raise FetchError(FetchReason.REDIRECTS, why)
        return found


def _require_urllib3() -> None:
    if find_spec("urllib3") is None:
        raise MissingExtra("urllib3", "download")


def _object(url: str, text: bytes, *, strict: bool) -> dict[str, Any]:
    """Return a JSON object; where an error need not be JSON, its text stands for it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        if strict:
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: no JSON ({error})") from None
        return {"error": printable(text[:_SHOWN].decode(errors="replace"))}
    if isinstance(value, dict):
        return value
    if strict:
        raise FetchError(FetchReason.BAD_ANSWER, f"{url}: the answer is no JSON object")
    return {"error": printable(str(value)[:_SHOWN])}
