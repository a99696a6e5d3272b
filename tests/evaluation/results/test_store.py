import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.evaluation.results import store
from pentad.evaluation.results.store import (
    add_result,
    has_result,
    read_info,
    read_run,
    write_run,
)
from pentad.evaluation.results.task_result import TaskResult
from tests.evaluation.results.runs import info, result, run

KEY = "text_to_audio"


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    given = result()
    write_run(tmp_path, info())
    assert add_result(tmp_path, given)
    back = read_run(tmp_path)
    assert back.info == info()
    (found,) = back.results
    for name in ("task", "revision", "split", "kind", "absent", "leaked", "templates", "notes"):
        assert getattr(found, name) == getattr(given, name)
    assert (found.seconds, found.date, found.languages) == (1.5, given.date, ("eng-Latn",))
    assert found.scores == given.with_scores(0).scores
    for one, two in zip(found.directions, given.directions, strict=True):
        assert (one.direction, one.metrics, one.pool) == (two.direction, two.metrics, two.pool)
        assert (one.excluded, one.relevant_by) == (two.excluded, two.relevant_by)
        for name in ("values", "queries", "units", "relevant"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        np.testing.assert_allclose(one.chance, 0.125)


def test_scores_are_averages_and_medians_with_intervals(tmp_path: Path) -> None:
    found = run(tmp_path, tasks=["clotho"]).tasks["clotho"]
    values = dict(
        zip(map(str, found.directions[0].metrics), found.directions[0].values, strict=True)
    )
    hit, medr = found.score(KEY, "hit@5"), found.score(KEY, "medr")
    assert hit is not None
    assert medr is not None
    assert hit.value == pytest.approx(values["hit@5"].mean())
    assert medr.value == np.median(values["medr"])
    assert medr.low <= medr.value <= medr.high
    assert (hit.n, hit.units, hit.pool, hit.excluded, hit.chance) == (120, 40, 40, 2, 0.125)
    assert found.score(KEY, "hit@7") is None


def test_undefined_values_stay_undefined(tmp_path: Path) -> None:
    one = result().directions[0]
    values = one.values.copy()
    values[1, 5], values[3] = np.nan, np.nan
    given = replace(result(), directions=(replace(one, values=values),))
    write_run(tmp_path, info())
    add_result(tmp_path, given)
    (found,) = read_run(tmp_path).results
    np.testing.assert_array_equal(found.directions[0].values, values)
    hit, medr = found.score(KEY, "hit@5"), found.score(KEY, "medr")
    assert hit is not None
    assert medr is not None
    assert hit.value == pytest.approx(np.nanmean(values[1]))
    assert np.isnan([medr.value, medr.low, medr.high]).all()
    text = (tmp_path / "tasks/clotho.json").read_text()
    assert json.loads(text)["scores"]["test"][0]["medr"] is None


def test_the_same_task_of_the_same_revision_is_kept(tmp_path: Path) -> None:
    write_run(tmp_path, info())
    assert add_result(tmp_path, result())
    first = (tmp_path / "tasks/clotho.json").read_bytes()
    assert has_result(tmp_path, "clotho", "r1")
    assert not has_result(tmp_path, "clotho", "r2")
    assert not has_result(tmp_path, "coco", "r1")
    assert not add_result(tmp_path, result(skill=0.9))
    assert (tmp_path / "tasks/clotho.json").read_bytes() == first
    assert add_result(tmp_path, result(skill=0.9), again=True)
    assert (tmp_path / "tasks/clotho.json").read_bytes() != first
    assert add_result(tmp_path, result(revision="r2"))
    assert read_run(tmp_path).tasks["clotho"].revision == "r2"


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        run(tmp_path / name, tasks=["clotho"])
    for file in ("run.json", "tasks/clotho.json", f"queries/clotho.{KEY}.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_break_between_the_files_leaves_the_task_to_be_scored_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, tasks=["clotho", "coco"])
    calls = []

    def breaks(path: Path, scores: object) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        writes(path, scores)

    writes = store.write_queries
    monkeypatch.setattr(store, "write_queries", breaks)
    with pytest.raises(KeyboardInterrupt):
        add_result(tmp_path, result(skill=0.9), again=True)
    assert list(read_run(tmp_path).tasks) == ["coco"]
    assert not has_result(tmp_path, "clotho", "r1")
    monkeypatch.setattr(store, "write_queries", writes)
    assert add_result(tmp_path, result())
    assert list(read_run(tmp_path).tasks) == ["clotho", "coco"]
    assert not list(tmp_path.rglob(".*"))


def test_directions_of_an_earlier_result_go_and_other_tasks_stay(tmp_path: Path) -> None:
    write_run(tmp_path, info())
    add_result(tmp_path, result("a"))
    add_result(tmp_path, result("a.b"))
    add_result(tmp_path, result("a", both=False), again=True)
    names = sorted(path.name for path in (tmp_path / "queries").iterdir())
    assert names == [
        "a.b.audio_to_text.parquet",
        "a.b.text_to_audio.parquet",
        "a.text_to_audio.parquet",
    ]


def test_another_model_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "one", tasks=["clotho"])
    with pytest.raises(InputError, match=r"another model.*one \(one-.*two \(two-"):
        write_run(tmp_path, info("two"))
    with pytest.raises(InputError, match="another seed"):
        write_run(tmp_path, info("one", seed=5))


def test_going_on_updates_what_is_not_the_model(tmp_path: Path) -> None:
    write_run(tmp_path, info())
    changed = replace(info(parameters=7), encode_seconds={"image": 0.5}, notes=("faster",))
    now = write_run(tmp_path, changed)
    assert now.parameters == 7
    assert now.encode_seconds == {"text": 0.002, "audio": 0.03, "video": None, "image": 0.5}
    assert read_info(tmp_path) == now


def damage(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("run.json", '"version": 1', '"version": 2'),
        ("run.json", '"name"', '"nom"'),
        ("run.json", '"dim": 64', '"dim": "64"'),
        ("run.json", '"parameters": 1000000', '"parameters": -1'),
        ("run.json", '"text": 0.002', '"text": "fast"'),
        ("run.json", '"name": "model"', '"name": null'),
        ("run.json", '"model-', '"other-'),
        ("run.json", "{", "["),
        ("tasks/clotho.json", '"version": 1', '"version": 9'),
        ("tasks/clotho.json", '"task_name": "clotho"', '"task_name": "coco"'),
        ("tasks/clotho.json", '"pentad"', '"gopher"'),
        ("tasks/clotho.json", '"hit@5": {', '"hit@x": {'),
        ("tasks/clotho.json", '"n": 120', '"n": 119'),
        ("tasks/clotho.json", '"text_to_audio": {', '"text_to_smell": {'),
        ("tasks/clotho.json", '"leaked": 6', '"leaked": 600'),
        ("tasks/clotho.json", '"model": "', '"model": "0'),
        ("tasks/clotho.json", '"absent": {', '"absent": ["'),
        ("tasks/clotho.json", '"sha256": "', '"sha256": "0'),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, file: str, old: str, new: str) -> None:
    run(tmp_path, tasks=["clotho"])
    damage(tmp_path / file, old, new)
    with pytest.raises(StoreError) as caught:
        read_run(tmp_path)
    text = str(caught.value)
    assert str(tmp_path) in text
    assert "\n" not in text


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff" * 50, b"{}", b"[" * 100_000, b"null"])
def test_garbage_is_one_line(tmp_path: Path, content: bytes) -> None:
    run(tmp_path, tasks=["clotho"])
    for file in (f"queries/clotho.{KEY}.parquet", "tasks/clotho.json", "run.json"):
        (tmp_path / file).write_bytes(content)
        with pytest.raises(StoreError, match=r"again|run") as caught:
            read_run(tmp_path)
        assert "\n" not in str(caught.value)


def test_queries_of_another_result_are_told(tmp_path: Path) -> None:
    run(tmp_path / "a", tasks=["clotho"])
    run(tmp_path / "b", tasks=["clotho"], skill=0.9)
    name = f"queries/clotho.{KEY}.parquet"
    (tmp_path / "a" / name).write_bytes((tmp_path / "b" / name).read_bytes())
    with pytest.raises(StoreError, match="not the queries that"):
        read_run(tmp_path / "a")
    assert not has_result(tmp_path / "a", "clotho", "r1")
    (tmp_path / "a" / name).unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        read_run(tmp_path / "a")


def test_other_columns_are_told(tmp_path: Path) -> None:
    from pentad.evaluation.metrics.grammar import parse_metrics
    from pentad.evaluation.results.query_files import read_queries

    path = tmp_path / "x.parquet"
    pl.DataFrame({"query": ["a"], "unit": [1], "relevant": [1], "hit@5": [1.0]}).write_parquet(path)
    assert read_queries(path, parse_metrics(["hit@5"])).values.tolist() == [[1.0]]
    with pytest.raises(StoreError, match=r"expected columns .*hit@1, found .*hit@5"):
        read_queries(path, parse_metrics(["hit@1"]))
    frame = pl.DataFrame({"query": [None], "unit": [1], "relevant": [1], "hit@5": [1.0]})
    frame.with_columns(pl.col("query").cast(pl.String)).write_parquet(path)
    with pytest.raises(StoreError, match="a value is missing"):
        read_queries(path, parse_metrics(["hit@5"]))


def test_no_run_here(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run here"):
        read_run(tmp_path)
    with pytest.raises(StoreError, match="no run here"):
        add_result(tmp_path, result())


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".a", "a b", "x" * 300])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be called so"):
        result(name)


def test_results_must_fit_together() -> None:
    good = result()
    one = good.directions[0]

    def made(**changes: object) -> TaskResult:
        return replace(good, directions=(replace(one, **changes),))  # type: ignore[arg-type]

    for wrong, words in [
        ({"values": one.values[:2]}, "one value a metric"),
        ({"units": one.units[:3]}, "one value a metric"),
        ({"metrics": (one.metrics[0],) * 4}, "occurs twice"),
        ({"queries": np.array(["q"] * 120, dtype=object)}, "query occurs twice"),
    ]:
        with pytest.raises(InputError, match=words):
            made(**wrong)
    with pytest.raises(InputError, match="needs a direction"):
        replace(good, directions=())
    with pytest.raises(InputError, match="direction occurs twice"):
        replace(good, directions=(one, one))
    with pytest.raises(InputError, match="leaked queries are some"):
        replace(good, leaked={KEY: 121})


def test_classes_come_back_and_runs_without_them_are_read(tmp_path: Path) -> None:
    one, other = result().directions
    names = np.array([f"class {row % 7}" for row in range(120)], dtype=object)
    given = replace(result(), directions=(replace(one, classes=names), other))
    write_run(tmp_path, info())
    add_result(tmp_path, given)
    found = read_run(tmp_path).tasks["clotho"]
    assert found.directions[0].classes.tolist() == names.tolist()  # type: ignore[union-attr]
    assert found.directions[1].classes is None
    assert found.scores == given.with_scores(0).scores
    assert found.score(KEY, "hit@5").macro is not None  # type: ignore[union-attr]
    assert found.score(KEY, "medr").macro is None  # type: ignore[union-attr]
    said = json.loads((tmp_path / "tasks/clotho.json").read_text())["pentad"]["directions"][KEY]
    assert said["classes"]["class 3"]["n"] == 17
    assert 0 <= said["classes"]["class 3"]["hit@5"] <= 1
    with pytest.raises(InputError, match="one class a query"):
        replace(given, directions=(replace(one, classes=names[1:]),))
