"""``pentad benchmark``, ``pentad score`` and ``pentad list tasks`` as people type them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pentad.evaluation.tasks.neutral_write import write_task
from tests.cli.helpers import pentad, refused
from tests.evaluation.colors import registered
from tests.pipeline.test_benchmark import caption_task, class_task

QRELS = "q1 0 d1 1\nq1 0 d2 2\nq2 0 d3 1\n"
RUN = "q1 Q0 d2 1 0.9 mine\nq1 Q0 d9 2 0.8 mine\nq1 Q0 d1 3 0.7 mine\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for make in (caption_task, class_task):
        folder = tmp_path / "suite" / make.__name__
        write_task(make(folder / "media"), folder, root=folder)
    monkeypatch.chdir(tmp_path)
    with registered():
        yield tmp_path


def test_a_run_prints_scores_and_what_is_missing(here: Path) -> None:
    ran = pentad("benchmark", "suite", "-m", "colors", "--out", "run", "--workers", 1)
    assert ran.code == 0, ran.err
    assert "captions  text -> image  hit@1" in ran.out
    assert "clotho" in ran.out
    assert "clotho_captions_evaluation.csv" in ran.out
    assert ran.err.endswith("next: pentad compare run\n")
    rows = pentad("benchmark", "suite", "-m", "colors", "--out", "run", "--json").out.splitlines()
    parsed = [json.loads(row) for row in rows]
    assert {row["task"] for row in parsed} == {"captions", "classes"}
    assert all(
        row["low"] <= row["value"] <= row["high"] for row in parsed if row["metric"] != "auc"
    )


def test_what_was_kept_or_skipped_is_told_on_stderr(here: Path) -> None:
    arguments = ("benchmark", "suite", "-m", "colors", "--out", "run")
    assert "kept" not in pentad(*arguments).err
    ran = pentad(*arguments, "-t", "classes")
    assert "kept as scored before, --again scores anew: classes\n" in ran.err
    assert "captions" not in ran.out
    (here / "suite" / "caption_task" / "task.json").write_text("{")
    ran = pentad("benchmark", "suite", "-m", "colors", "--out", "other", "--json")
    assert {json.loads(line)["task"] for line in ran.out.splitlines()} == {"classes"}
    assert "not scored: caption_task: " in ran.err


def test_a_name_and_one_task(here: Path) -> None:
    ran = pentad(
        "benchmark", "suite", "-m", "colors", "--out", "run", "-t", "classes", "--name", "mine"
    )
    assert ran.code == 0, ran.err
    assert "captions" not in ran.out
    assert json.loads((here / "run" / "run.json").read_text())["name"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("suite", "-m", "colours", "--out", "run"), "did you mean 'colors'"),
        (("suite", "-m", "colors", "--out", "run", "-t", "class"), "did you mean 'classes'"),
        (("nowhere", "-m", "colors", "--out", "run"), "there is no such folder"),
        (("suite", "-m", "pictures", "--out", "run"), "does not encode text"),
        (("suite", "-m", "no_such_module:f", "--out", "run"), "no_such_module"),
        (("suite", "-m", "text=pictures", "--out", "run"), "text"),
    ],
)
def test_mistakes_are_one_line(here: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in refused(pentad("benchmark", *arguments))
    assert not (here / "run").exists()


def test_a_model_of_a_workspace_on_benchmarks(here: Path) -> None:
    pentad("init", "ws")
    refusal = refused(pentad("evaluate", "ws", "-t", "captions"))
    assert "where are the benchmarks?" in refusal
    ran = pentad("evaluate", "ws", "-m", "colors", "-t", "captions", "--data", "suite")
    assert ran.code == 1  # nothing was trained in it, so nothing can be compared
    assert "it has no items to compare" in ran.err


def test_a_run_is_scored(here: Path) -> None:
    Path("qrels").write_text(QRELS)
    Path("run").write_text(RUN)
    ran = pentad(
        "score", "run", "--qrels", "qrels", "--metric", "map@3", "--metric", "R@1", "--json"
    )
    found = json.loads(ran.out)
    assert (found["queries"], found["unranked"], found["unjudged"]) == (2, 1, 0)
    assert found["metrics"]["map@3"]["value"] == pytest.approx((1 + 2 / 3) / 2 / 2)
    assert found["metrics"]["hit@1"]["value"] == 0.5
    text = pentad("score", "run", "--qrels", "qrels")
    assert "ndcg@10" in text.out
    assert "2 judged queries, 1 of them not in the run" in text.out


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("qrels", "q1 0 d1\n", "qrels"),
        ("run", "q1 Q0 d1 1 nan mine\n", "run"),
        ("run", RUN + RUN, "twice"),
        ("qrels", "q1 0 d1 0\n", "nothing is judged relevant"),
        ("run", "", "run"),
    ],
)
def test_a_bad_run_is_one_line(here: Path, file: str, content: str, told: str) -> None:
    Path("qrels").write_text(QRELS)
    Path("run").write_text(RUN)
    Path(file).write_text(content)
    assert told in refused(pentad("score", "run", "--qrels", "qrels"))


def test_a_metric_that_lists_cannot_give(here: Path) -> None:
    Path("qrels").write_text(QRELS)
    Path("run").write_text(RUN)
    assert "which lists do not tell" in refused(
        pentad("score", "run", "--qrels", "qrels", "--metric", "mr1")
    )


def test_tasks_are_listed(here: Path) -> None:
    shutil.rmtree(here / "suite")
    rows = [json.loads(row) for row in pentad("list", "tasks", "--json").out.splitlines()]
    assert len(rows) == 13
    assert {"name", "data set", "modalities", "files it needs", "licence"} == set(rows[0])
