"""What a site asks of programs: robots.txt, and headers that keep a file out of data sets.

A robots.txt that is not there (any status of 400 to 499) allows everything; one that cannot be had
now allows nothing yet, and the item counts as a transient failure.

Headers that count as an opt-out, unless they are addressed to another program by name:
``X-Robots-Tag`` with ``noai``, ``noimageai``, ``noindex``, ``noimageindex`` or ``none``, and
``TDM-Reservation: 1``.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.guard import Url
from pentad.sources.fetch.robots_rules import RobotRules

OPT_OUT = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
"""Tokens of ``X-Robots-Tag`` that keep a file out."""

MAX_BYTES = 512 * 1024
"""How much of a robots.txt is read."""

_KEPT = 20_000
_KEPT_BYTES = 1 << 24
_FAILED_SECONDS = 60.0
_ABSENT = frozenset(
    {FetchReason.NOT_FOUND, FetchReason.GONE, FetchReason.FORBIDDEN, FetchReason.REFUSED}
)


class _Rules:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: RobotRules | None = None
        self.size = 0
        self.error: FetchError | None = None
        self.again_at = 0.0


class Robots:
    """The robots.txt of every host met, each read once.

    Args:
        agent: Name of this program, as sites would write it.
        read: Returns the first `MAX_BYTES` bytes at an address, or raises a `FetchError`.
    """

    def __init__(self, agent: str, read: Callable[[str], bytes]) -> None:
        self._agent = agent
        self._read = read
        self._hosts: OrderedDict[str, _Rules] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def check(self, url: Url) -> None:
        """Refuse an address that its host does not want fetched.

        Raises:
            FetchError: ``robots``; or robots.txt itself cannot be had for now.
        """
        rules = self._rules(url.origin)
        with rules.lock:  # one thread asks, the others of this host wait for the answer
            found = self._found(rules, url.origin)
        if not found.allow(url.text):
            raise FetchError(FetchReason.ROBOTS, f"{url.origin}/robots.txt disallows {url.text}")

    def _rules(self, origin: str) -> _Rules:
        with self._lock:
            rules = self._hosts.setdefault(origin, _Rules())
            self._hosts.move_to_end(origin)
            self._forget()
            return rules

    def _found(self, rules: _Rules, origin: str) -> RobotRules:
        if rules.found is None:
            # Without this, each of a dead host's files would wait for it all over again.
            if rules.error is not None and time.monotonic() < rules.again_at:
                raise rules.error
            try:
                text = self._text(origin)
            except FetchError as error:
                rules.error, rules.again_at = error, time.monotonic() + _FAILED_SECONDS
                raise
            rules.found = RobotRules(text, self._agent)
            self._weigh(rules, origin, len(text))
        return rules.found

    def _weigh(self, rules: _Rules, origin: str, size: int) -> None:
        with self._lock:
            if self._hosts.get(origin) is rules:
                rules.size = size
                self._size += size
                self._forget()

    def _forget(self) -> None:
        """Drop the hosts that were not asked for longest, if what is known becomes too much."""
        while len(self._hosts) > _KEPT or (self._size > _KEPT_BYTES and len(self._hosts) > 1):
            self._size -= self._hosts.popitem(last=False)[1].size

    def _text(self, origin: str) -> str:
        try:
            return self._read(f"{origin}/robots.txt").decode("utf-8-sig", "replace")
        except FetchError as error:
            if error.reason not in _ABSENT:
                raise FetchError(error.reason, f"robots.txt: {error.detail}") from error
            return ""


def check_opt_out(url: str, agent: str, tags: Iterable[str], reservation: str | None) -> None:
    """Refuse an answer whose headers keep it out of data sets.

    Raises:
        FetchError: ``opt-out``, with the token seen.
    """
    if (reservation or "").strip() == "1":
        raise FetchError(FetchReason.OPT_OUT, f"{url}: TDM-Reservation: 1")
    for tag in tags:
        for token in _tokens(tag, agent.lower()):
            if token in OPT_OUT:
                raise FetchError(FetchReason.OPT_OUT, f"{url}: X-Robots-Tag: {token}")


def _tokens(header: str, agent: str) -> Iterable[str]:
    meant = True
    for piece in header.lower().split(","):
        name, colon, rest = (part.strip() for part in piece.partition(":"))
        # "unavailable_after: 2020-01-01" and "max-snippet: 50" look like a program's name.
        if colon and name not in {"unavailable_after"} and not name.startswith("max-"):
            meant = name in {agent, "*"}
            name = rest
        if meant:
            yield name
