"""Every block of the guide to other programs' vectors runs, in its order, on a small workspace."""

from __future__ import annotations

import shlex
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pentad.embeddings.exchange.read import FORMATS
from pentad.pipeline.info import describe
from tests.cli.helpers import pentad
from tests.guide_blocks import DOCS, Block, blocks_of
from tests.pipeline.shared import ITEMS, PAIR, make_built, make_world, once

GUIDE = DOCS / "exchange.md"


def run_shell(block: Block) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "pentad", line
        ran = pentad(*words[1:])
        assert ran.code == 0, f"{GUIDE.name}:{block.line}: {line}\n{ran.err}"


def test_every_block_runs(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch):
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    built = once(tmp_path_factory, "pair", partial(make_built, world, PAIR))
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    Path("ws").rename("WS")
    names: dict[str, Any] = {}
    for block in blocks_of(GUIDE):
        if block.language == "shell":
            run_shell(block)
        else:
            exec(compile(block.text, f"{GUIDE.name}:{block.line}", "exec"), names)
    spaces = describe("WS")["embeddings"]
    for space in ("theirs", "from-json", "from-faiss", "by-id"):
        assert f"{space}/image" in spaces
    assert len(names["pictures"]) == ITEMS
    assert names["again"].names == names["captions"]
    assert names["sounds"].vectors.shape == (2, 64)


def test_the_guide_tells_of_every_format():
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in FORMATS)
