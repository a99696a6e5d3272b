"""Every block of the guide to diagnostics runs, in its order, on a small workspace."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.guide_blocks import DOCS, blocks_of, run_blocks
from tests.pipeline.shared import PAIR, make_built, make_world, once

GUIDE = DOCS / "diagnostics.md"


@pytest.mark.slow
def test_every_block_runs(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch):
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    built = once(tmp_path_factory, "pair", partial(make_built, world, PAIR))
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    Path("ws").rename("WS")
    names = run_blocks(GUIDE)
    merged = names["merge_rankings"](names["found_lists"], k=2)
    assert merged.names(0) == ["text", "text"]
    assert names["merged"].names(0) == ["text", "image"]
    assert (Path("WS") / "reports/diagnosis/diagnosis.md").is_file()
    assert (Path("WS") / "reports/map/map-pca.parquet").is_file()


def test_the_guide_has_blocks_of_both_kinds():
    found = [block.language for block in blocks_of(GUIDE)]
    assert set(found) == {"shell", "python"}
