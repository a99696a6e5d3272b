"""Every block of the guide to neighbors and groups runs, in its order, on a small workspace."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.guide_blocks import DOCS, blocks_of, run_blocks
from tests.pipeline.shared import PAIR, make_built, make_world, once

GUIDE = DOCS / "neighbors.md"


def test_every_block_runs(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch):
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    built = once(tmp_path_factory, "pair", partial(make_built, world, PAIR))
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    Path("ws").rename("WS")
    names = run_blocks(GUIDE)
    assert names["near"].how["update"]["items"]["new"] == 50
    assert (Path("WS") / "groups/default/README.md").is_file()


def test_the_guide_has_blocks_of_both_kinds():
    found = [block.language for block in blocks_of(GUIDE)]
    assert set(found) == {"shell", "python"}
    assert len(found) > 7
