"""A saved model on a folder that it has never seen: the form of the scores, what is skipped."""

from __future__ import annotations

import json
import shutil
from itertools import permutations

import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.pipeline.evaluate_folder import evaluate_folder, held_out_report
from pentad.store.workspace import Workspace
from tests.pipeline.shared import MEDIA, content, differing, part_of_world, rows_of, without_concept

pytestmark = pytest.mark.slow

ROW = {"query", "corpus", "metric", "value", "low", "high", "chance", "n", "pool"}
TEXT_DIRECTIONS = {(a, b) for m in MEDIA for a, b in (("text", m), (m, "text"))}
METRICS = {"hit@1", "hit@5", "hit@10"}


class Notices:
    """A progress that keeps the notices."""

    def __init__(self) -> None:
        from pentad.core.progress import SILENT

        self.task = SILENT.task
        self.lines: list[str] = []

    def notice(self, message: str) -> None:
        self.lines.append(message)


def directions(report) -> set[tuple[str, str]]:
    return {(s.query.value, s.corpus.value) for s in report.scores}


@pytest.fixture(scope="session")
def report(built, other_world):
    before = content(built)
    report = evaluate_folder(built, other_world)
    assert differing(before, content(built)) == []
    return report


def test_another_world_is_scored_in_every_direction(report):
    assert directions(report) == {*TEXT_DIRECTIONS, *permutations(MEDIA, 2)}
    assert report.skipped == ()
    assert report.settings["model"] == "unified"


def test_the_json_has_the_promised_form(report):
    value = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert set(value) == {
        "scores",
        "baselines",
        "skipped",
        "controls",
        "differences",
        "directions",
        "settings",
        "version",
    }
    assert set(value["baselines"]) == {"ridge", "bridge"}
    assert value["skipped"] == []
    for row in [*value["scores"], *value["baselines"]["ridge"], *value["controls"]["shuffled"]]:
        assert set(row) == ROW
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
        assert 0 < row["chance"] <= 1
        assert row["n"] > 0
        assert row["pool"] > 0
        assert row["metric"] in METRICS
    cells = [(r["query"], r["corpus"], r["metric"]) for r in value["scores"]]
    assert len(cells) == len(set(cells)) == 20 * len(METRICS)
    assert [(r["query"], r["corpus"], r["metric"]) for r in value["baselines"]["ridge"]] == cells


def test_the_same_seed_gives_the_same_report(report, built, other_world):
    assert evaluate_folder(built, other_world).to_json() == report.to_json()


def test_a_folder_without_concepts_has_no_item_to_item_directions(built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "plain", MEDIA, items=5, change=without_concept)
    report = evaluate_folder(built, folder)
    assert directions(report) == TEXT_DIRECTIONS
    skipped = {s.what for s in report.skipped}
    assert skipped == {f"{a} -> {b}" for a, b in permutations(MEDIA, 2)}


def test_one_modality_is_scored_alone(built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "sounds", ["audio"], items=5)
    assert directions(evaluate_folder(built, folder)) == {("text", "audio"), ("audio", "text")}


def test_a_modality_of_broken_files_is_skipped_with_its_count(built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "part", ["image", "video"], items=4)
    for path in (folder / "video/files").iterdir():
        path.write_bytes(b"no video")
    notices = Notices()
    report = evaluate_folder(built, folder, progress=notices)
    assert directions(report) == {("text", "image"), ("image", "text")}
    assert [vars(s) for s in report.skipped] == [
        {"what": "video", "reason": "no usable file, 4 refused"}
    ]
    assert len(notices.lines) == 4


def test_a_modality_that_the_model_does_not_know_is_skipped(pair_built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "part", ["image", "points"], items=4)
    report = evaluate_folder(pair_built, folder)
    assert directions(report) == {("text", "image"), ("image", "text")}
    assert [(s.what, s.reason) for s in report.skipped] == [
        ("points", "model 'unified' does not encode it")
    ]


def test_a_baseline_can_be_scored_by_name(built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "part", ["image"], items=4)
    report = evaluate_folder(built, folder, model="ridge")
    assert report.settings["model"] == "ridge"
    assert report.scores == report.baselines["ridge"]


def test_nothing_usable_is_refused_with_the_reasons(built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "part", ["image"], items=3)
    for path in (folder / "image/files").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"nothing to evaluate .*image: no usable file, 3 refused"):
        evaluate_folder(built, folder)


def test_files_without_captions_are_refused(built, other_world, tmp_path):
    (tmp_path / "bare").mkdir()
    name = rows_of(other_world, "image")[0]["file_name"]
    shutil.copy(other_world / "image/files" / name, tmp_path / "bare" / name)
    with pytest.raises(InputError, match="nothing to evaluate"):
        evaluate_folder(built, tmp_path / "bare")


def test_a_folder_that_is_not_there_is_refused(built, tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        evaluate_folder(built, tmp_path / "nowhere")


def test_a_workspace_without_model_is_refused_with_the_way_out(other_world, tmp_path):
    Workspace.create(tmp_path / "ws")
    with pytest.raises(StoreError, match="no model here yet; run 'pentad build'"):
        evaluate_folder(tmp_path / "ws", other_world)


def test_an_unknown_model_is_refused_with_the_nearest(built, other_world):
    with pytest.raises(UnknownName, match="did you mean 'unified'"):
        evaluate_folder(built, other_world, model="unifed")


def test_the_held_out_report_is_the_one_of_the_last_build(built):
    stored = json.loads((built / "reports/held-out/result.json").read_bytes())
    assert held_out_report(built).to_json() == stored
    assert held_out_report(built, "unified").to_json() == stored


def test_the_held_out_report_is_of_the_final_model_alone(built):
    with pytest.raises(InputError, match="held-out scores are those of the final model"):
        held_out_report(built, "ridge")


def test_without_scores_the_way_to_them_is_told(copied):
    shutil.rmtree(copied / "reports")
    with pytest.raises(StoreError, match="no held-out scores; run 'pentad train"):
        held_out_report(copied)
