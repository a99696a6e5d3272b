"""The guide to reports runs, and names what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pentad.cli.app import app
from pentad.cli.report import report
from tests.guide_blocks import DOCS, run_blocks
from tests.pipeline.report.made import classification, write_made

GUIDE = DOCS / "report.md"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(command.callback is report for command in app.registered_commands):
        app.command()(report)
    monkeypatch.chdir(tmp_path)
    write_made(Path("RUN"), [classification(classes=("dog", "cat"), files=[Path("a.wav")] * 6)])
    run_blocks(GUIDE)
    text = GUIDE.read_text(encoding="utf-8")
    for path in Path("RUN").glob("report*"):
        assert path.name in text
