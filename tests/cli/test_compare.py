"""``pentad compare``: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentad.cli.app import app
from pentad.cli.compare import compare
from tests.cli.helpers import pentad, refused
from tests.evaluation.results.runs import run


@pytest.fixture(scope="module", autouse=True)
def _verb() -> None:
    if not any(command.callback is compare for command in app.registered_commands):
        app.command()(compare)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    for name, skill in (("weak", 0.2), ("strong", 1.0), ("other", 0.5)):
        run(folder / name, name, skill=skill, tasks=["coco", "clotho"])
    return [folder / name for name in ("weak", "strong", "other")]


def test_tables_on_stdout(runs: list[Path]) -> None:
    ran = pentad("compare", *runs)
    assert ran.code == 0
    assert "all tasks" in ran.out
    assert " *" in ran.out
    assert "compare: 4/4" in ran.err


def test_json_and_files(runs: list[Path], tmp_path: Path) -> None:
    ran = pentad("compare", *runs, "--json", "--out", tmp_path / "out", "--metric", "hit@5")
    assert ran.code == 0
    value = json.loads(ran.out)
    assert value == json.loads((tmp_path / "out/compare.json").read_text())
    assert {row["metric"] for row in value["scores"] if row["kind"] == "task"} == {"hit@5"}
    assert f"wrote {tmp_path / 'out' / 'score_vs_size.svg'}" in ran.err


def test_pairs(runs: list[Path]) -> None:
    def tested(*options: str) -> set[tuple[str, str]]:
        ran = pentad("compare", *runs, "--json", *options)
        assert ran.code == 0, ran
        return {(t["first"], t["second"]) for t in json.loads(ran.out)["tests"]}

    assert len(tested()) == 3
    assert tested("--baseline", "other") == {("weak", "other"), ("strong", "other")}
    assert tested("--pairs", "baseline") == {("strong", "weak"), ("other", "weak")}


def test_mistakes_are_one_line(runs: list[Path], tmp_path: Path) -> None:
    assert "no run here" in refused(pentad("compare", tmp_path))
    assert "given twice" in refused(pentad("compare", runs[0], runs[0]))
    assert "unknown run" in refused(pentad("compare", *runs, "--baseline", "nobody"))
    assert "unknown metric" in refused(pentad("compare", *runs, "--metric", "hot@1"))
    both = ("--baseline", "weak", "--pairs", "all")
    assert "takes no baseline" in refused(pentad("compare", *runs, *both))
    assert pentad("compare").code == 2
