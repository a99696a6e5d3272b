"""Every block of the guide to embedding runs, in its order."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import pentad
from tests.embeddings.toy import COLOURS, paint
from tests.guide_blocks import DOCS, blocks_of

GUIDE = DOCS / "embedding.md"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in COLOURS:
        paint(tmp_path / "pictures" / f"{name}.png", name)
        (tmp_path / "pictures" / f"{name}.txt").write_text(f"a {name} picture\n")
    assert pentad("init", "WS").code == 0
    assert pentad("add", "WS", "pictures").code == 0
    names: dict[str, Any] = {}
    for block in blocks_of(GUIDE):
        if block.language != "shell":
            exec(compile(block.text, f"{GUIDE.name}:{block.line}", "exec"), names)
            continue
        for line in block.text.splitlines():
            words = shlex.split(line, comments=True)
            ran = pentad(*words[1:])
            assert ran.code == 0, f"{GUIDE.name}:{block.line}: {line}\n{ran.err}"
    assert len(names["vectors"].ids) == len(COLOURS)
