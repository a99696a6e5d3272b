"""The whole chain: what a second run does, what it makes again, what bytes it writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.pipeline.build import build
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import (
    ITEMS,
    MEDIA,
    PAIR,
    RESULTS,
    K,
    content,
    counting_encodes,
    differing,
    part_of_world,
    results,
    rows_of,
    without_concept,
)

pytestmark = pytest.mark.usefixtures("short")


def test_a_build_leaves_everything_that_the_layout_names(built):
    names = {name.split("/")[0] for name in content(built)}
    assert names == {*RESULTS, "pentad.toml", "reports", "logs", "cache"}
    assert sorted(p.name for p in (built / "models").iterdir()) == [
        "bridge",
        "class-names",
        "ridge",
        "unified",
    ]
    tables = {p.name for p in (built / "neighbors/default").glob("*.parquet")}
    kinds = ("", ".seen", ".spare")
    assert tables == {f"{m}{kind}.parquet" for m in MEDIA for kind in kinds}
    assert len(list((built / "groups/default").glob("nn_*.parquet"))) == K
    assert verify(Workspace.open(built)) == []


def test_every_caption_has_k_groups_with_an_item_of_every_modality(built):
    captions = len({row["caption"] for m in MEDIA for row in rows_of(built.parent / "world", m)})
    for rank in range(1, K + 1):
        groups = pl.read_parquet(built / f"groups/default/nn_{rank}.parquet")
        assert groups["text_id"].n_unique() == groups.height == captions
        assert groups.null_count().sum_horizontal().item() == 0
        assert set(groups["rank"]) == {rank}


def test_a_second_run_encodes_nothing_and_changes_no_byte(copied, monkeypatch):
    before = content(copied)
    times = {p: p.stat().st_mtime_ns for p in (copied / "embeddings").rglob("*.npy")}
    with counting_encodes(monkeypatch) as encoded:
        again = build(copied.parent / "world", copied, k=K)
    assert encoded == []
    assert [count.encoded for count in again.items.values()] == [0] * 5
    assert [count.added for count in again.items.values()][1:] == [ITEMS] * 4
    left = {n: b for n, b in content(copied).items() if not n.startswith(("logs/", "cache/"))}
    assert differing(left, {n: before[n] for n in left}) == []
    assert {p: p.stat().st_mtime_ns for p in times} == times


def test_the_same_inputs_elsewhere_give_the_same_bytes(built, little_world, tmp_path, monkeypatch):
    place = tmp_path / "quite" / "another place"
    shutil.copytree(little_world, place / "world")
    monkeypatch.chdir(place)
    result = build("world", "results", k=K, workers=1)
    assert differing(results(built), results(place / "results")) == []
    assert content(place / "results", "reports") == content(built, "reports")
    assert len(results(built)) > 60
    for name, data in results(place / "results").items():
        assert b"another place" not in data, name
    assert result.report is not None


@pytest.mark.slow
def test_another_seed_gives_another_split(pair_built, pair):
    build(pair.parent / "world", pair, k=K, seed=1)
    assert content(pair, "reports") != content(pair_built, "reports")
    assert content(pair, "items") == content(pair_built, "items")


def test_another_k_makes_neighbors_and_what_follows_again_but_embeds_nothing(
    pair_built, pair, monkeypatch
):
    before = content(pair)
    with counting_encodes(monkeypatch) as encoded:
        build(pair.parent / "world", pair, k=K + 1)
    changed = differing(before, content(pair))
    assert encoded == []
    frozen = [n for n in before if n.startswith("embeddings/") and "unified" not in n]
    untouched = [*content(pair, "items"), *content(pair, "models/bridge"), *frozen]
    assert not {*changed} & {*untouched}
    assert "groups/default/nn_4.parquet" in changed
    assert {f"neighbors/default/{m}.parquet" for m in PAIR} <= {*changed}
    first = pl.read_parquet(pair / "groups/default/nn_1.parquet")
    assert first.equals(pl.read_parquet(pair_built / "groups/default/nn_1.parquet"))


@pytest.mark.slow
def test_another_k_and_back_gives_the_first_bytes_again(pair):
    before = results(pair)
    build(pair.parent / "world", pair, k=K + 1)
    build(pair.parent / "world", pair, k=K)
    assert differing(before, results(pair)) == []


def test_one_changed_file_is_the_only_one_encoded(pair, tmp_path):
    world = pair.parent / "world"
    first, second = sorted((world / "image" / "files").iterdir())[:2]
    shutil.copy(second, first)
    again = build(world, pair, k=K)
    assert {m.value: c.encoded for m, c in again.items.items()} == {
        "text": 0,
        "image": 1,
        "audio": 0,
    }
    shutil.copytree(world, tmp_path / "fresh" / "world")
    build(tmp_path / "fresh" / "world", tmp_path / "fresh" / "ws", k=K)
    assert differing(results(pair), results(tmp_path / "fresh" / "ws")) == []


@pytest.mark.slow
def test_a_removed_file_leaves_no_vector_neighbor_or_group(pair):
    world = pair.parent / "world"
    victim = rows_of(world, "audio")[0]["file_name"]
    items = Workspace.open(pair).catalog().items("audio")
    gone = int(items.ids[items.frame["file"].to_list().index(f"audio/files/{victim}")])
    (world / "audio" / "files" / victim).unlink()
    result = build(world, pair, k=K)
    assert result.items["audio"].added == ITEMS - 1
    for path in [
        pair / "neighbors/default/audio.parquet",
        *(pair / "groups/default").glob("nn_*.parquet"),
    ]:
        frame = pl.read_parquet(path)
        column = "audio_id" if "audio_id" in frame.columns else "item_id"
        assert gone not in frame[column].to_list()
    assert verify(Workspace.open(pair)) == []


@pytest.mark.slow
def test_a_modality_that_is_removed_altogether_is_gone(pair):
    world = pair.parent / "world"
    broken = world / "audio" / "files" / rows_of(world, "audio")[0]["file_name"]
    broken.write_bytes(b"no sound")
    assert len(build(world, pair, k=K).rejections) == 1
    shutil.rmtree(world / "audio")
    result = build(world, pair, k=K)
    assert "audio" not in result.items
    assert result.rejections == []
    assert not (pair / "neighbors/default/audio.parquet").exists()
    assert verify(Workspace.open(pair)) == []


@pytest.mark.slow
def test_the_number_of_decoders_changes_nothing(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", PAIR, items=6)
    for workers in (1, 3):
        build(world, tmp_path / f"ws{workers}", k=2, workers=workers)
    assert differing(results(tmp_path / "ws1"), results(tmp_path / "ws3")) == []


@pytest.mark.slow
@pytest.mark.parametrize("modality", MEDIA)
def test_one_modality_is_enough(little_world, tmp_path, modality):
    world = part_of_world(little_world, tmp_path / "world", [modality], items=10)
    result = build(world, tmp_path / "ws", k=2)
    assert set(result.items) == {"text", modality}
    assert {(s.query, s.corpus) for s in result.report.scores} == {
        ("text", modality),
        (modality, "text"),
    }


@pytest.mark.slow
def test_two_modalities_without_concepts_are_scored_with_captions_alone(little_world, tmp_path):
    world = part_of_world(
        little_world, tmp_path / "world", ["image", "audio"], items=12, change=without_concept
    )
    report = build(world, tmp_path / "ws", k=2).report
    assert {(s.query, s.corpus) for s in report.scores} == {
        ("text", "image"),
        ("image", "text"),
        ("text", "audio"),
        ("audio", "text"),
    }


@pytest.mark.slow
def test_a_single_concept_is_built_without_scores(little_world, tmp_path):
    def same(row):
        return {**row, "concept": "thing"}

    world = part_of_world(
        little_world, tmp_path / "world", ["image", "audio"], items=5, change=same
    )
    result = build(world, tmp_path / "ws", k=2)
    assert result.report is None
    assert result.to_json()["scores"] == []
    assert result.models[-1] == "unified"
    assert verify(Workspace.open(tmp_path / "ws")) == []
    assert build(world, tmp_path / "ws", k=2).report is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_one_item_of_each_modality_is_enough(little_world, tmp_path, seed):
    world = part_of_world(little_world, tmp_path / "world", ["image", "audio"], items=1)
    result = build(world, tmp_path / "ws", k=2, seed=seed)
    assert result.items["image"].added == result.items["audio"].added == 1


@pytest.mark.slow
def test_a_modality_whose_only_concept_is_held_out_is_in_the_final_model(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", ["image"], items=8)
    part_of_world(little_world, tmp_path / "world", ["points"], items=1)
    result = build(world, tmp_path / "ws", k=2, seed=1)
    assert {s.what: s.reason for s in result.report.skipped} == {
        "points": "model 'unified' does not encode it"
    }
    assert (tmp_path / "ws/neighbors/default/points.parquet").exists()


def test_captions_alone_are_refused_with_the_way_out(tmp_path):
    (tmp_path / "world/text").mkdir(parents=True)
    (tmp_path / "world/text/captions.csv").write_text("caption\nA cat\nA dog\n")
    with pytest.raises(InputError, match="captions only; add a source with files"):
        build(tmp_path / "world", tmp_path / "ws")


def test_files_without_captions_are_refused_with_the_way_out(little_world, tmp_path):
    (tmp_path / "world").mkdir()
    for number, path in enumerate(sorted((little_world / "image/files").iterdir())[:3]):
        shutil.copy(path, tmp_path / "world" / f"{number}.png")
    with pytest.raises(InputError, match="there are no captions"):
        build(tmp_path / "world", tmp_path / "ws")


def test_captions_that_no_encoder_can_read_are_refused(little_world, tmp_path, monkeypatch):
    def nothing(self, inputs, *, modality, batch_size=None):
        return np.zeros((len(inputs), self.dim), np.float32)

    monkeypatch.setattr("pentad.encoders.descriptors.base.Descriptor.encode", nothing)
    world = part_of_world(little_world, tmp_path / "world", ["image"], items=2)
    with pytest.raises(InputError, match="none of the captions could be encoded"):
        build(world, tmp_path / "ws")
    refused = Workspace.open(tmp_path / "ws").rejections()
    assert {(r.stage, r.reason.value) for r in refused} == {("encode", "encoder-failed")}


def test_a_missing_folder_makes_no_workspace(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        build(tmp_path / "nowhere", tmp_path / "ws")
    assert not (tmp_path / "ws").exists()


@pytest.mark.slow
def test_a_workspace_inside_its_folder_does_not_become_its_own_input(little_world, tmp_path):
    for number, row in enumerate(rows_of(little_world, "image")[:4]):
        source = little_world / "image/files" / row["file_name"]
        shutil.copy(source, tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text(row["caption"])
    first = build(tmp_path, tmp_path / "ws", k=2)
    again = build(tmp_path, tmp_path / "ws", k=2)
    assert set(first.items) == set(again.items) == {"text", "image"}
    assert again.rejections == []


def test_a_folder_that_holds_something_else_is_not_written_to(little_world, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="not empty and not a workspace"):
        build(little_world, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def spaces_of(workspace: Path, modality: str) -> set[str]:
    """Names of the encoders that a modality has vectors of."""
    found = (workspace / "embeddings").glob(f"*/{modality}")
    return {path.parent.name.rsplit("-", 1)[0] for path in found}


@pytest.mark.slow
def test_encoders_named_once_are_used_again(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", ["image", "points"], items=6)
    build(world, tmp_path / "ws", models=["points=image-descriptor"], k=2)
    again = build(world, tmp_path / "ws", k=2)
    assert again.items["points"].encoded == 0
    assert spaces_of(tmp_path / "ws", "points") == {"image-descriptor", "unified"}


@pytest.mark.slow
@pytest.mark.parametrize("named", ["image={}", "./{}"])
def test_an_encoder_named_by_a_path_is_found_again_from_elsewhere(
    built, little_world, tmp_path, monkeypatch, named
):
    world = part_of_world(little_world, tmp_path / "world", ["image"], items=4)
    shutil.copytree(built / "models/bridge", tmp_path / "saved")
    monkeypatch.chdir(tmp_path)
    path = "saved" if named == "./{}" else str(tmp_path / "saved")
    build("world", "ws", models=[named.format(path)], k=2)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = build(world, tmp_path / "ws", k=2)
    assert again.items["image"].encoded == 0
    assert spaces_of(tmp_path / "ws", "image") == {"bridge", "unified"}


@pytest.mark.slow
def test_a_bare_folder_name_is_an_encoder_that_is_found_again(
    built, little_world, tmp_path, monkeypatch
):
    world = part_of_world(little_world, tmp_path / "world", ["image"], items=4)
    shutil.copytree(built / "models/bridge", tmp_path / "saved")
    monkeypatch.chdir(tmp_path)
    build("world", "ws", models=["image=saved"], k=2)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert build(world, tmp_path / "ws", k=2).items["image"].encoded == 0


@pytest.mark.slow
def test_a_second_source_joins_the_first(pair, other_world, tmp_path):
    second = part_of_world(other_world, tmp_path / "second", ["image"], items=5)
    added = build(second, pair, k=K)
    assert added.items["image"].added == ITEMS + 5
    assert added.items["image"].encoded == 5
    ids = Workspace.open(pair).catalog().items("image").ids
    assert ids.tolist() == list(range(ITEMS + 5))


def test_to_json_has_what_the_issue_asks_for(pair):
    result = build(pair.parent / "world", pair, k=K).to_json()
    assert {
        "workspace",
        "items",
        "captions",
        "k",
        "models",
        "scores",
        "baselines",
        "seconds",
        "peak_memory_mb",
    } <= set(result)
    assert result["items"]["audio"] == {"added": ITEMS, "rejected": 0, "encoded": 0}
    assert result["workspace"] == str(pair)
    assert result["peak_memory_mb"] > 50
    assert all(seconds >= 0 for seconds in result["seconds"].values())


@pytest.mark.slow
def test_default_training_gives_the_same_bytes_elsewhere(little_world, tmp_path, monkeypatch):
    monkeypatch.undo()
    for place in ("one", "two"):
        shutil.copytree(little_world, tmp_path / place / "world")
        build(tmp_path / place / "world", tmp_path / place / "ws", k=K)
    assert differing(results(tmp_path / "one/ws"), results(tmp_path / "two/ws")) == []


def test_paths_of_the_machine_are_in_no_result(built):
    for name, data in results(built).items():
        assert str(built.parent).encode() not in data, name
