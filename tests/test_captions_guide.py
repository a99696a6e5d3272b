"""Every block of the guide to captions runs, in its order, on a small workspace."""

from __future__ import annotations

import shlex
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pentad.store.generated import count_generated
from pentad.store.workspace import Workspace
from tests.cli.helpers import pentad
from tests.encoders.captioners.tiny import idefics_folder
from tests.guide_blocks import DOCS, blocks_of
from tests.pipeline.captioning.fakes import painting
from tests.pipeline.shared import PAIR, make_built, make_world, once
from tests.sources.fetch.conftest import serving

GUIDE = DOCS / "captions.md"
ENDPOINT = "http://localhost:8000/v1"


def test_every_block_runs(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch):
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    built = once(tmp_path_factory, "pair", partial(make_built, world, PAIR))
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    Path("ws").rename("WS")
    idefics_folder(Path("my-model"))
    names: dict[str, Any] = {}
    with serving() as site:
        site.add("/v1/chat/completions", painting)
        for block in blocks_of(GUIDE):
            if block.language == "python":
                exec(compile(block.text, f"{GUIDE.name}:{block.line}", "exec"), names)
                continue
            for line in block.text.replace(ENDPOINT, site.url("/v1")).splitlines():
                ran = pentad(*shlex.split(line)[1:])
                assert ran.code == 0, f"{GUIDE.name}:{block.line}: {line}\n{ran.err}"
    assert count_generated(names["catalog"]).keys() == {"my-model", "my-vlm"}
    assert names["summary"].captioned == len(names["people"].items("image"))
    assert Workspace.open("WS").setting("policies") == {"generated": "exclude"}


def test_the_guide_has_blocks_of_both_kinds():
    found = [block.language for block in blocks_of(GUIDE)]
    assert set(found) == {"shell", "python"}
    assert len(found) > 5
