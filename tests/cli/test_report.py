"""``pentad report``: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentad.cli.app import app
from pentad.cli.report import report
from tests.cli.helpers import pentad, refused
from tests.evaluation.results.runs import run


@pytest.fixture(scope="module", autouse=True)
def _verb() -> None:
    if not any(command.callback is report for command in app.registered_commands):
        app.command()(report)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(tmp_path / "run", tasks=["coco", "clotho"])
    return tmp_path / "run"


def test_an_older_run_is_shown_and_its_gaps_are_said(folder: Path) -> None:
    ran = pentad("report", folder)
    assert ran.code == 0
    assert ran.out.splitlines()[0].startswith(f"{folder / 'report.html'} (")
    assert "note: What queries and items are cannot be shown" in ran.err
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


def test_json(folder: Path, tmp_path: Path) -> None:
    ran = pentad("report", folder, "--out", tmp_path / "page.html", "--no-media", "--json")
    value = json.loads(ran.out)
    assert value["page"] == str(tmp_path / "page.html")
    assert value["bytes"] == (tmp_path / "page.html").stat().st_size
    assert all(Path(figure).is_file() for figure in value["figures"])


def test_mistakes_are_one_line(folder: Path, tmp_path: Path) -> None:
    assert "no run here" in refused(pentad("report", tmp_path / "none"))
    assert "ends in .html" in refused(pentad("report", folder, "--out", tmp_path / "x.txt"))
    (folder / "tasks" / "coco.json").write_text("{")
    assert "damaged" in refused(pentad("report", folder))
