"""Every block of the guide to embedding runs, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import pentad
from tests.embeddings.toy import COLOURS, paint
from tests.guide_blocks import DOCS, run_blocks

GUIDE = DOCS / "embedding.md"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in COLOURS:
        paint(tmp_path / "pictures" / f"{name}.png", name)
        (tmp_path / "pictures" / f"{name}.txt").write_text(f"a {name} picture\n")
    assert pentad("init", "WS").code == 0
    assert pentad("add", "WS", "pictures").code == 0
    names = run_blocks(GUIDE)
    assert len(names["vectors"].ids) == len(COLOURS)
