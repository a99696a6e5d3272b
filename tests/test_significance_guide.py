"""Every block of the guide to differences runs, in its order, on small made-up runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pentad.cli.app import app
from pentad.cli.compare import compare
from tests.evaluation.results.runs import run
from tests.guide_blocks import DOCS, run_blocks

GUIDE = DOCS / "significance.md"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(command.callback is compare for command in app.registered_commands):
        app.command()(compare)
    monkeypatch.chdir(tmp_path)
    for name, skill in (("clip", 0.3), ("ours", 0.5), ("larger", 0.6)):
        run(Path("runs") / name, name, skill=skill, tasks=["coco", "clotho"])
    names = run_blocks(GUIDE)
    assert names["comparison"].best("all tasks") == 1
    assert Path("compared/score_vs_size.svg").is_file()


def test_the_guide_tells_of_every_file() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name in ("run.json", "results.parquet", "report.md", "compare.json", "score_vs_size.svg"):
        assert f"`{name}`" in text
