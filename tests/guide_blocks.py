"""The fenced blocks of a guide, so that tests can run them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def run_blocks(guide: Path) -> dict[str, Any]:
    """Run the shell blocks of a page as `pentad` verbs, all others as Python; return its names."""
    names: dict[str, Any] = {}
    for block in blocks_of(guide):
        if block.language == "shell":
            run_shell(guide, block)
        else:
            exec(compile(block.text, f"{guide.name}:{block.line}", "exec"), names)
    return names


def run_shell(guide: Path, block: Block) -> None:
    """Run every line of a block, which begins with ``pentad``."""
    from tests.cli.helpers import pentad

    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "pentad", line
        ran = pentad(*words[1:])
        assert ran.code == 0, f"{guide.name}:{block.line}: {line}\n{ran.err}"
