"""Every block of the guide to leakage runs, in its order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pentad.cli.app import app
from pentad.cli.leakage import leakage
from pentad.curation.leakage.kinds import Kind
from tests.guide_blocks import DOCS, run_blocks

GUIDE = DOCS / "leakage.md"


@pytest.mark.slow
def test_every_block_runs(worlds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if not any(command.callback is leakage for command in app.registered_commands):
        app.command()(leakage)
    shutil.copytree(worlds, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    names = run_blocks(GUIDE)
    assert names["report"].kinds == ("embedding",)
    assert Path("leaks/leakage.md").is_file()
    assert Path("leaked.csv").is_file()


def test_the_guide_tells_of_every_kind():
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in text for kind in Kind)
