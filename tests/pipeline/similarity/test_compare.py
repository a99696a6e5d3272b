from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.similarity.models import Wanted
from pentad.pipeline.similarity import compare
from pentad.pipeline.similarity.compare import compare_grids
from pentad.store.atomic import write_json
from tests.evaluation.similarity.grids import cell, grid, score


@pytest.fixture
def grids(tmp_path: Path) -> list[str]:
    for name, best in (("clap", 0.5), ("beats", 0.3)):
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "results.json", grid(best))
    return [str(tmp_path / "clap"), f"BEATs={tmp_path / 'beats'}"]


def test_table_and_figures(grids: list[str], tmp_path: Path) -> None:
    models, names = compare_grids(grids, tmp_path / "out")
    assert [model.name for model in models] == ["clap", "BEATs"]
    assert sorted(names) == sorted(file.name for file in (tmp_path / "out").iterdir())
    table = pl.read_csv(tmp_path / "out" / "models.csv")
    assert table["model"].to_list() == ["clap"] * 3 + ["BEATs"] * 3
    assert table["macro"].to_list()[0] == 0.5
    assert set(table["search"]) == {"cosine"}


def test_a_stated_variant_and_metrics(grids: list[str], tmp_path: Path) -> None:
    wanted = Wanted(pca=200, search="dot")
    models, names = compare_grids(grids, tmp_path / "out", metrics=["mr1"], wanted=wanted)
    assert {model.way for model in models} == {"mean, PCA 200, dot"}
    assert not any("map" in name for name in names)


def test_grids_of_different_items_are_told(
    grids: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "other").mkdir()
    other = [cell({"mr1": score(2.0, classes=5)}, items=7)]
    write_json(tmp_path / "other" / "results.json", other)
    compare_grids([grids[0], str(tmp_path / "other")], tmp_path / "out", metrics=["mr1"])
    assert caplog.messages == [
        "the grids have different numbers of items: clap 10, other 7",
        "the grids have different classes",
    ]


def test_without_matplotlib_there_is_the_table(
    grids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "find_spec", lambda _: None)
    assert compare_grids(grids, tmp_path / "out")[1] == ["models.csv"]


def test_what_cannot_be_compared(grids: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name, text in (("bad", "{"), ("list", "[]"), ("cells", "[{}]"), ("object", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(text)
    out = tmp_path / "out"
    cases = [
        ([str(tmp_path / "empty")], [], "name the folder of 'pentad similarity grid'"),
        ([str(tmp_path / "file")], [], "name the folder of 'pentad similarity grid'"),
        ([str(tmp_path / "nowhere")], [], "name the folder of 'pentad similarity grid'"),
        ([str(tmp_path / "bad")], [], "no JSON"),
        ([str(tmp_path / "list")], [], "holds no grid"),
        ([str(tmp_path / "cells")], [], "holds no grid"),
        ([str(tmp_path / "object")], [], "holds no grid"),
        ([grids[0], grids[0]], [], "two grids are called 'clap'; expected NAME=FOLDER"),
        (grids, ["hit@5"], "the grid of 'clap' has no hit@5"),
        (grids, ["mpa@5"], "metric 'mpa'"),
    ]
    for given, metrics, said in cases:
        with pytest.raises((InputError, UnknownName), match=said):
            compare_grids(given, out, metrics=metrics)
        assert not out.exists()
    with pytest.raises(InputError, match="is a file"):
        compare_grids(grids, tmp_path / "file")
