"""Every block of the guide to other programs' vectors runs, in its order, on a small workspace."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from pentad.embeddings.exchange.read import FORMATS
from pentad.pipeline.info import describe
from tests.guide_blocks import DOCS, run_blocks
from tests.pipeline.shared import ITEMS, PAIR, make_built, make_world, once

GUIDE = DOCS / "exchange.md"


def test_every_block_runs(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch):
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    built = once(tmp_path_factory, "pair", partial(make_built, world, PAIR))
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    Path("ws").rename("WS")
    names = run_blocks(GUIDE)
    spaces = describe("WS")["embeddings"]
    for space in ("theirs", "from-json", "from-faiss", "by-id"):
        assert f"{space}/image" in spaces
    assert len(names["pictures"]) == ITEMS
    assert names["again"].names == names["captions"]
    assert names["sounds"].vectors.shape == (2, 64)


def test_the_guide_tells_of_every_format():
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in FORMATS)
