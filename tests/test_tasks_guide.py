"""Every block of the guide to tasks runs, in its order, and its tables are complete."""

from __future__ import annotations

from pathlib import Path

from pentad.evaluation.tasks import task_json
from pentad.evaluation.tasks.registry import MODULES
from tests.guide_blocks import DOCS, run_blocks

GUIDE = DOCS / "tasks.md"


def test_every_block_runs(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_blocks(GUIDE)
    assert names["task"].qrels.grades.tolist() == [1, 2, 1]
    assert {found.name for found in names["search"].found} == {"weather"}
    assert names["items"].tolist() == ["rain", "wind"]


def test_the_guide_tells_of_every_data_set_and_every_key():
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in MODULES)
    assert all(f"`{key}`" in text for key in task_json.KEYS)
