"""Every block of the guide to E-MM1 runs, in its order, on a small copy of the data set."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.helpers import pentad
from tests.emm1_trees import make_emm1
from tests.guide_blocks import DOCS, Block, blocks_of

GUIDE = DOCS / "emm1.md"
PUBLISHED = "/data/e-mm1"


def run_shell(block: Block, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line.replace("$ROOT_DATA_PATH", str(root)))
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            assert (name, value) == ("ROOT_DATA_PATH", PUBLISHED)
            monkeypatch.setenv(name, str(root))
            continue
        assert words[0] == "pentad", line
        ran = pentad(*words[1:])
        assert ran.code == 0, f"{GUIDE.name}:{block.line}: {line}\n{ran.err}"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tree = make_emm1(tmp_path / "e-mm1", captions=30, triplets=60, eshot=True, media=True)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("audio", "points"):
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(4, 8)).astype(np.float32))
    names: dict[str, Any] = {}
    for block in blocks_of(GUIDE):
        if block.language == "shell":
            run_shell(block, tree.root, monkeypatch)
        else:
            code = block.text.replace(PUBLISHED, str(tree.root))
            exec(compile(code, f"{GUIDE.name}:{block.line}", "exec"), names)
    assert (tmp_path / "groups.parquet").is_file()
    assert (tmp_path / "rated.parquet").is_file()
    assert (tmp_path / "report.svg").is_file()
    assert (tmp_path / "model" / "model.safetensors").is_file()
    assert (tmp_path / "out" / "ATTRIBUTION.md").is_file()
    assert names["groups"].collect().height == 60


def test_the_guide_has_blocks_of_both_kinds():
    found = [block.language for block in blocks_of(GUIDE)]
    assert set(found) == {"shell", "python"}
    assert len(found) > 15
