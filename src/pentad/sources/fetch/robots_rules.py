"""What a robots.txt allows a program, read as RFC 9309 has it.

Rules may hold ``*``, and ``$`` at their end; the longest one that fits counts, and of equal ones
the one that allows. Lines that are nothing of this are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, unquote_to_bytes

_SAFE = "/?#[]@!$&'()*+,;=:~%-._"


class RobotRules:
    """The rules that a robots.txt has for one program.

    Args:
        text: The file.
        agent: Name of the program, in any case.
    """

    def __init__(self, text: str, agent: str) -> None:
        own: list[tuple[str, bool]] = []
        common: list[tuple[str, bool]] = []
        named = False
        for agents, rules in _groups(text):
            if agent.lower() in agents:
                named = True
                own += rules
            elif "*" in agents:
                common += rules
        rules = own if named else common
        # The longest first, and of equal ones what allows: then the first that fits counts.
        self._rules = sorted(set(rules), key=lambda rule: (-len(rule[0]), not rule[1]))

    def allow(self, url: str) -> bool:
        """Return whether an address may be fetched."""
        # Not by urlsplit, which has an opinion on hosts.
        place = re.search(r"[/?].*", url.partition("://")[2], re.DOTALL)
        path = _plain(place[0] if place else "/")
        path = path if path.startswith("/") else f"/{path}"
        return next((allowed for rule, allowed in self._rules if _fits(rule, path)), True)


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[str, bool]]]]:
    """Yield the names of programs and the rules (path, whether it allows) for them."""
    agents: set[str] = set()
    rules: list[tuple[str, bool]] = []
    open_ended = True
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            if not open_ended:
                yield agents, rules
                agents, rules = set(), []
            agents.add(value.partition("/")[0].strip().lower())
            open_ended = True
        elif name in ("allow", "disallow", "crawl-delay", "request-rate"):
            open_ended = False
            if value and name in ("allow", "disallow"):
                rules.append((_plain(value), name == "allow"))
    yield agents, rules


def _plain(text: str) -> str:
    """Return a path in one of its many spellings, always the same."""
    return quote_from_bytes(unquote_to_bytes(text), safe=_SAFE)


def _fits(rule: str, path: str) -> bool:
    """Return whether a rule fits; piece by piece, as a pattern could be made to take for ever."""
    ends = rule.endswith("$")
    first, *others = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for place, piece in enumerate(others):
        if ends and place == len(others) - 1:
            return path.endswith(piece) and len(path) - len(piece) >= at
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return at == len(path) or not ends
