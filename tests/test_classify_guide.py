"""Every block of the guide to classification runs, in its order, on a small workspace."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from tests.guide_blocks import DOCS, run_blocks
from tests.pipeline.shared import ITEMS, MEDIA, make_built, make_world, once, rows_of

GUIDE = DOCS / "classify.md"


@pytest.mark.slow
def test_every_block_runs(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch):
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    built = once(tmp_path_factory, "built", partial(make_built, world, MEDIA))
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    Path("ws").rename("WS")
    rows = rows_of(Path("world"), "image")
    concepts = sorted({row["concept"] for row in rows})
    Path("labels.txt").write_text("\n".join(concepts))
    Path("few.txt").write_text("\n".join(concepts[:2]))
    Path("lines.txt").write_text("three bells\na red car\n")
    for row in rows:
        if row["concept"] in concepts[:2]:
            folder = Path("examples") / row["concept"]
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path("world/image/files") / row["file_name"], folder)
    names = run_blocks(GUIDE)
    assert len(names["result"]) == ITEMS
    assert pl.read_csv("labels.csv")["item"].n_unique() == ITEMS * len(MEDIA)
    assert names["each"].shots == 4
