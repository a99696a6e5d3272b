"""Every block of the guide to evaluation runs, and it names every metric."""

from __future__ import annotations

from pathlib import Path

from pentad.evaluation.metrics.registry import METRICS
from tests.guide_blocks import DOCS, run_blocks

GUIDE = DOCS / "evaluation.md"


def test_every_block_runs(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_blocks(GUIDE)
    assert names["found"].roc_auc.value == 1


def test_the_guide_names_every_metric():
    text = GUIDE.read_text(encoding="utf-8")
    missing = [name for name in METRICS if f"`{name}" not in text]
    assert not missing
