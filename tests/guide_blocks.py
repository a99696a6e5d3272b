"""The fenced blocks of a guide, so that tests can run them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the line it starts at, and its text."""

    language: str
    line: int
    text: str


def blocks_of(guide: Path) -> list[Block]:
    """Return the blocks of a page that name their language."""
    text = guide.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(m[1], text[: m.start()].count("\n") + 1, m[2]) for m in found]
