"""Text of unknown origin as plain Markdown: no markup, no link, no line of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_LONGEST = 300
_MARKUP = re.compile(r"([\\`*_{}\[\]()#!|<>&~$@^])")
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return a text on one line without control and direction characters, cut to a length."""
    kept = ("".join(" " if _is_odd(char) else char for char in text[: longest * 4])).split()
    line = " ".join(kept)
    return line if len(line) <= longest else line[: longest - 3] + "..."


def escape(text: str, longest: int = _LONGEST) -> str:
    """Return a text that Markdown shows as it is, anywhere but at the beginning of a line."""
    line = _MARKUP.sub(r"\\\1", plain(text, longest))
    return _ADDRESS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells must be escaped already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _is_odd(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")
