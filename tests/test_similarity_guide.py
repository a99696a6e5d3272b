"""Every block of the guide to similarity runs, in its order, and its tables are complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from pentad.evaluation.similarity.compat import Compat
from pentad.evaluation.similarity.scoring import Search
from tests.guide_blocks import DOCS, Block, blocks_of, run_blocks
from tests.pipeline.similarity.little import clips, families, names, tone, truth

GUIDE = DOCS / "similarity.md"


@pytest.mark.slow
def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = names(110)
    clips(tmp_path / "vggish", items, dim=104)
    truth(tmp_path / "eval.csv", items)
    truth(tmp_path / "some.csv", items[:20])
    families(tmp_path / "families.json")
    for name in items[:4]:
        tone(tmp_path / "sounds" / f"{name}.wav", 3 * int(name))
    monkeypatch.chdir(tmp_path)
    found = run_blocks(GUIDE)
    assert 0 < found["scores"]["map@15"]["macro"] < 1
    assert len((tmp_path / "ranking.jsonl").read_text().splitlines()) == 110
    assert len((tmp_path / "subset.jsonl").read_text().splitlines()) == 20
    assert (tmp_path / "results" / "balanced_MR1.txt").is_file()
    assert (tmp_path / "figures" / "models.csv").is_file()


def test_the_guide_tells_of_every_step_and_search() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"`{search}`" in text for search in Search)
    assert f"`--compat {Compat.sss}`" in text
    shown = [block for block in blocks_of(GUIDE) if block.language == "shell"]
    for step in ("extract", "prepare", "search", "evaluate", "grid", "figures"):
        assert any(f"similarity {step} " in block.text for block in shown)


def test_the_line_that_is_shown_can_be_read(tmp_path: Path) -> None:
    from pentad.evaluation.similarity.ranking_file import read_rankings

    (block,) = [each for each in blocks_of(GUIDE) if each.language == "json"]
    assert isinstance(block, Block)
    (tmp_path / "r.jsonl").write_text(block.text)
    assert read_rankings(tmp_path / "r.jsonl").search == "cosine"
