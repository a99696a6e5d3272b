import json
from pathlib import Path
from typing import Any

import pytest

from pentad.core.errors import InputError, SchemaMismatch, StoreError
from pentad.core.modality import Modality
from pentad.evaluation.report import Report, skipped_of
from pentad.evaluation.scores import Difference, Score, Skipped

KEYS = ["query", "corpus", "metric", "value", "low", "high", "chance", "n", "pool"]


def score(value: float, query: str = "text", corpus: str = "image", metric: str = "hit@5") -> Score:
    relevant: Any = "caption" if "text" in (query, corpus) else "concept"
    return Score(
        Modality(query),
        Modality(corpus),
        metric,
        value,
        value - 0.1,
        value + 0.1,
        0.05,
        n=80,
        pool=50,
        relevant=relevant,
        units=20,
        excluded=2,
    )


def report() -> Report:
    lead = Difference(Modality.TEXT, Modality.IMAGE, "hit@5", 0.2, 0.1, 0.3, 80)
    return Report(
        scores=(score(0.5), score(0.6, metric="hit@10"), score(0.4, "image", "audio")),
        baselines={"ridge": (score(0.3),), "bridge": (score(0.2),)},
        controls={"shuffled": (score(0.05),)},
        differences={"ridge": (lead,)},
        skipped=(Skipped("video", "there are no vectors"),),
        settings={"seed": 0, "split": "held out"},
    )


def test_the_json_has_exactly_the_published_form() -> None:
    value = report().to_json()
    assert value["scores"][0] == {
        "query": "text",
        "corpus": "image",
        "metric": "hit@5",
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "chance": 0.05,
        "n": 80,
        "pool": 50,
    }
    assert [list(row) for row in value["scores"]] == [KEYS] * 3
    assert list(value["baselines"]) == ["ridge", "bridge"]
    assert [list(row) for rows in value["baselines"].values() for row in rows] == [KEYS] * 2
    assert value["skipped"] == [{"what": "video", "reason": "there are no vectors"}]


def test_further_keys_say_what_the_rows_do_not() -> None:
    value = report().to_json()
    assert list(value)[:3] == ["scores", "baselines", "skipped"]
    assert set(value) == {
        *("scores", "baselines", "skipped", "controls"),
        *("differences", "directions", "settings", "version"),
    }
    direction = {"relevant": "caption", "units": 20, "excluded": 2}
    assert value["directions"]["model"] == [
        {"query": "text", "corpus": "image", **direction},
        {"query": "image", "corpus": "audio", **direction, "relevant": "concept"},
    ]
    assert value["controls"]["shuffled"][0]["value"] == 0.05
    assert value["differences"]["ridge"][0]["low"] == 0.1
    assert value["settings"] == {"seed": 0, "split": "held out"}


def test_baselines_are_listed_even_when_they_were_not_run() -> None:
    assert Report((score(0.5),)).to_json()["baselines"] == {"ridge": [], "bridge": []}


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = report().save(tmp_path / "reports" / "held-out")
    assert path.name == "result.json"
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]
    assert json.loads(path.read_text("utf-8")) == report().to_json()
    assert Report.load(path.parent) == report()


def test_the_same_report_is_the_same_bytes(tmp_path: Path) -> None:
    first, second = (report().save(tmp_path / name).read_bytes() for name in "ab")
    assert first == second


def test_a_score_is_found_by_direction_and_metric() -> None:
    assert report().score("text", "image", "hit@10").value == 0.6
    with pytest.raises(InputError, match="no hit@10 for image -> audio"):
        report().score("image", "audio", "hit@10")


def test_two_scores_for_one_cell_are_refused() -> None:
    with pytest.raises(InputError, match="model: two scores for text -> image hit@5"):
        Report((score(0.5), score(0.6)))
    with pytest.raises(InputError, match="ridge: two scores"):
        Report((score(0.5),), {"ridge": (score(0.5), score(0.6))})


def test_settings_must_be_plain_values(tmp_path: Path) -> None:
    for bad in (object(), float("nan")):
        with pytest.raises(InputError, match="cannot be written as JSON"):
            Report((score(0.5),), settings={"bad": bad}).save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_damaged_report_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no report here"):
        Report.load(tmp_path)
    (tmp_path / "result.json").write_text('{"scores": [')
    with pytest.raises(StoreError, match="damaged"):
        Report.load(tmp_path)


@pytest.mark.parametrize("change", [{"version": 2}, {"scores": [{}]}, {"scores": 3}, None])
def test_json_of_another_form_is_a_mismatch(
    tmp_path: Path, change: dict[str, object] | None
) -> None:
    value = [] if change is None else {**report().to_json(), **change}
    (tmp_path / "result.json").write_text(json.dumps(value))
    with pytest.raises(SchemaMismatch, match="expected a report of version 1"):
        Report.load(tmp_path)


def test_what_was_skipped_is_listed_once() -> None:
    video, audio = Skipped("video", "x"), Skipped("audio", "y")
    assert skipped_of((video,), (audio, video)) == (video, audio)
