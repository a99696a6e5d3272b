from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.prepare import NO_PCA
from pentad.pipeline.similarity import grid as module
from pentad.pipeline.similarity.grid import Axes, Settings, run_grid
from pentad.pipeline.similarity.grid_tables import write_grid
from pentad.pipeline.similarity.steps import Truth, evaluate_step, prepare_step
from tests.pipeline.similarity.little import clips, families, names, truth

AXES = Axes(aggregate=("mean", "max"), pca=(3, NO_PCA), search=("dot", "cosine"))
METRICS = ("map@5", "mr1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return clips(tmp_path / "clips")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    labels = Truth(truth(tmp_path / "t.csv"), families(tmp_path / "f.json"))
    return Settings(labels, METRICS)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cells that are judged from now on, in this process."""
    done: list[str] = []
    judge = module.judge_cell

    def counted(job: Any) -> Any:
        done.append(f"{job[1].variant}/{job[1].search}")
        return judge(job)

    monkeypatch.setattr(module, "judge_cell", counted)
    return done


def plain(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results without what may differ from run to run."""
    return [{k: v for k, v in r.items() if k != "cpu_seconds"} for r in results]


def test_every_combination_is_the_steps_one_after_the_other(
    source: Path, settings: Settings, tmp_path: Path
) -> None:
    results = run_grid(source, tmp_path / "g", AXES, settings, workers=1)
    cells = [(r["recipe"]["aggregate"], r["recipe"]["pca"], r["search"]) for r in results]
    assert cells == [
        (way, pca, search)
        for way in ("mean", "max") for pca in (3, -1) for search in ("dot", "cosine")
    ]  # fmt: skip
    for result in results:
        recipe = module.Recipe(**result["recipe"])
        prepare_step(source, tmp_path / "p", recipe)
        report = evaluate_step(tmp_path / "p", settings.truth, METRICS, search=result["search"])
        for name, expected in report.to_json().items():
            found = result["scores"][name]
            assert found["n"] == expected["n"]
            for kind in ("micro", "macro"):
                assert found[kind] == pytest.approx(expected[kind])
            assert found["class"] == pytest.approx(expected["class"])
        assert result["items"] == 18


def test_run_again_it_does_only_what_is_missing(
    source: Path, settings: Settings, tmp_path: Path, judged: list[str]
) -> None:
    out = tmp_path / "g"
    first = run_grid(source, out, AXES, settings, workers=1)
    assert len(judged) == 8
    judged.clear()
    assert run_grid(source, out, AXES, settings, workers=1) == first
    assert judged == []
    (out / "cells" / "Agg_max-PCA_3-Norm_False" / "dot.json").unlink()
    (out / "cells" / "Agg_mean-PCA_6-Norm_False" / "cosine.json").write_text("{")
    assert plain(run_grid(source, out, AXES, settings, workers=1)) == plain(first)
    assert judged == ["Agg_mean-PCA_6-Norm_False/cosine", "Agg_max-PCA_3-Norm_False/dot"]
    judged.clear()
    more = replace(AXES, search=("dot", "cosine", "euclidean"))
    assert len(run_grid(source, out, more, settings, workers=1)) == 12
    assert len(judged) == 4


def test_a_grid_that_was_cut_short_goes_on(
    source: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, judge = tmp_path / "g", module.judge_cell
    done: list[object] = []

    def cut_short(job: Any) -> Any:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(job)
        return judge(job)

    with monkeypatch.context() as patch:
        patch.setattr(module, "judge_cell", cut_short)
        with pytest.raises(KeyboardInterrupt):
            run_grid(source, out, AXES, settings, workers=1)
    counted: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(module, "judge_cell", lambda job: (counted.append(job), judge(job))[1])
        found = run_grid(source, out, AXES, settings, workers=1)
    assert len(counted) == 5
    assert plain(found) == plain(run_grid(source, tmp_path / "h", AXES, settings, workers=1))


def test_other_vectors_labels_or_metrics_are_judged_anew(
    source: Path, settings: Settings, tmp_path: Path, judged: list[str]
) -> None:
    out, axes = tmp_path / "g", replace(AXES, aggregate=("mean",), pca=(3,))

    def again(changed: Settings = settings) -> int:
        judged.clear()
        run_grid(source, out, axes, changed, workers=1)
        return len(judged)

    assert again() == 2
    assert again() == 0
    assert again(replace(settings, metrics=("map@3",))) == 2
    assert again(replace(settings, metrics=("map@3",), compat="sss")) == 2
    assert again() == 2
    settings.truth.labels.write_text(settings.truth.labels.read_text().replace("Wind", "Rain"))
    assert again() == 2
    clip = json.loads((source / "100.json").read_text())
    clip["embeddings"][0][0] += 1
    (source / "100.json").write_text(json.dumps(clip))
    assert again() == 2
    assert again() == 0


def test_prepared_vectors_that_are_damaged_are_made_anew(
    source: Path, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "g"
    first = run_grid(source, out, AXES, settings, workers=1)
    folder = out / "prepared" / "Agg_mean-PCA_3-Norm_False"
    (folder / "vectors.npy").write_bytes(b"x")
    shutil.rmtree(out / "cells")
    assert plain(run_grid(source, out, AXES, settings, workers=1)) == plain(first)
    assert len(NamedVectors.load(folder)) == 18


@pytest.mark.slow
def test_workers_give_the_same_bytes_but_for_the_seconds(
    source: Path, settings: Settings, tmp_path: Path
) -> None:
    found = {}
    for workers in (1, 2):
        out = tmp_path / str(workers)
        write_grid(run_grid(source, out, AXES, settings, workers=workers), out)
        text = (out / "results.json").read_text()
        found[workers], seconds = re.subn(r'"cpu_seconds":[0-9.]+', "", text)
        assert seconds == 8
        for name in ("results.csv", "results.tex", "classes.csv"):
            found[workers] += (out / name).read_text()
    assert found[1] == found[2]


def test_pca_to_all_dimensions_is_not_no_pca(
    source: Path, settings: Settings, tmp_path: Path
) -> None:
    axes = Axes(("mean",), (6, NO_PCA), search=("dot",))
    results = run_grid(source, tmp_path / "g", axes, settings, workers=1)
    assert [r["recipe"]["pca"] for r in results] == [6, -1]
    assert len({r["variant"] for r in results}) == 2
    alone = Axes(("mean",), (NO_PCA,), search=("dot",))
    assert plain(run_grid(source, tmp_path / "g", alone, settings, workers=1)) == plain(results[1:])


def test_the_usual_axes_are_those_that_are_possible(
    source: Path, settings: Settings, tmp_path: Path
) -> None:
    results = run_grid(source, tmp_path / "g", Axes(), settings, workers=1)
    cells = {(r["recipe"]["aggregate"], r["recipe"]["pca"]) for r in results}
    assert cells == {("mean", -1), ("median", -1), ("max", -1)}
    one = run_grid(clips(tmp_path / "one", frames=0), tmp_path / "h", Axes(), settings, workers=1)
    assert {r["recipe"]["aggregate"] for r in one} == {"none"}


def test_what_is_impossible_is_refused_before_anything_is_begun(
    source: Path, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "g"
    other = truth(tmp_path / "other.csv", ["x", "y"])
    cases: list[tuple[Axes, Settings, str]] = [
        (replace(AXES, pca=(3, 7)), settings, "cannot give as many components.*at most 6.*got 7"),
        (replace(AXES, pca=(0,)), settings, "components from 1"),
        (replace(AXES, aggregate=("mean", "none")), settings, "aggregate by mean, median or max"),
        (replace(AXES, aggregate=("avg",)), settings, "aggregation 'avg'"),
        (replace(AXES, search=("near",)), settings, "search 'near'"),
        (AXES, replace(settings, metrics=("mpa@5",)), "metric 'mpa'"),
        (AXES, replace(settings, compat="x"), "compat 'x'"),
        (AXES, replace(settings, truth=Truth(other)), "no item has labels"),
        (AXES, replace(settings, truth=Truth(tmp_path / "no.csv")), "No such file"),
    ]
    for axes, chosen, said in cases:
        with pytest.raises((InputError, UnknownName), match=said):
            run_grid(source, out, axes, chosen, workers=1)
        assert not out.exists()


def test_where_a_grid_may_not_go(source: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "pentad.toml").write_text("")
    for out in (source, tmp_path / "file", tmp_path / "ws"):
        with pytest.raises(InputError, match=r"another folder for the grid|is a file"):
            run_grid(source, out, AXES, settings, workers=1)


def test_tables(source: Path, settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "g"
    results = run_grid(source, out, AXES, settings, workers=1)
    names = write_grid(results, out)
    assert {"results.csv", "results.parquet", "results.json", "classes.csv"} <= set(names)
    assert all((out / name).is_file() for name in names)
    table = pl.read_parquet(out / "results.parquet")
    assert table.height == 16
    assert table.equals(pl.read_csv(out / "results.csv", schema=table.schema))
    assert {"family Living", "family Empty", "macro_low", "micro_high"} <= set(table.columns)
    classes = pl.read_csv(out / "classes.csv")
    assert classes.height == 8 * 2 * 4
    assert np.isclose(
        classes.filter(
            pl.col("variant") == results[0]["variant"],
            pl.col("search") == "dot",
            pl.col("metric") == "mr1",
        )["value"].mean(),
        results[0]["scores"]["mr1"]["macro"],
    )


def test_what_has_no_labels_is_told_once(
    source: Path, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    truth(settings.truth.labels, names()[:9])
    results = run_grid(source, tmp_path / "g", AXES, settings, workers=1)
    assert caplog.messages == ["9 of 18 items have no labels and are left out"]
    assert {result["items"] for result in results} == {9}


def test_labels_without_a_pair_give_no_score_and_no_failure(source: Path, tmp_path: Path) -> None:
    rows = [f"{100 + n},only_{n}" for n in range(4)]
    (tmp_path / "t.csv").write_text("\n".join(["fname,labels", *rows]) + "\n")
    chosen = Settings(Truth(tmp_path / "t.csv"), METRICS)
    out = tmp_path / "g"
    results = run_grid(source, out, replace(AXES, pca=(NO_PCA,)), chosen, workers=1)
    assert {r["scores"]["mr1"]["macro"] for r in results} == {None}
    write_grid(results, out)
    assert pl.read_csv(out / "results.csv")["macro"].null_count() == 8
