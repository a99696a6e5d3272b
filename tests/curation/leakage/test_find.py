"""Planted leaks of every kind are found; what is unrelated is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, SpaceMismatch, UnknownName
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.curation.leakage.find import find_leaks
from pentad.curation.leakage.report import LeakageReport
from pentad.curation.leakage.vectors import EmbeddingCheck
from pentad.embeddings.embeddings import Embeddings
from pentad.pipeline.world.generate import generate_world
from pentad.store.workspace import Workspace
from tests.curation.leakage.planted import TRANSFORMS, write_set

CASES = [(m, name) for m, all_ in TRANSFORMS.items() for name in all_]
ID = "dQw4w9WgXcQ"


def files_of(world: Path, modality: str, count: int) -> list[Path]:
    return sorted((world / modality / "files").iterdir())[:count]


def pairs(report: LeakageReport, kind: str) -> set[tuple[str, str]]:
    """Evaluation and training key of every pair of a kind, names of files alone."""
    rows = report.matches.filter(pl.col("kind") == kind).select("eval_key", "train_key").rows()
    return {(Path(one).name, Path(other).name) for one, other in rows}


@pytest.mark.parametrize(("modality", "name"), CASES, ids=[f"{m}-{n}" for m, n in CASES])
def test_planted_copies(worlds: Path, prints: Path, tmp_path: Path, modality: str, name: str):
    transform, ending = TRANSFORMS[modality][name]
    originals = files_of(worlds / "train", modality, 3)
    files = tmp_path / "eval" / modality / "files"
    files.mkdir(parents=True)
    for original in originals:
        transform(original, files / f"copy-of-{original.stem}.{ending}")
    write_set(tmp_path / "eval", {modality: [(p, f"one {p.stem}") for p in files.iterdir()]})
    sides = worlds / "train", tmp_path / "eval"
    report = find_leaks(*sides, by=["hash", "content"], workers=1, cache=prints)
    wanted = {(f"copy-of-{each.stem}.{ending}", each.name) for each in originals}
    assert wanted <= pairs(report, "content")
    assert pairs(report, "content") - wanted == set()
    assert pairs(report, "hash") == set()


@pytest.mark.slow
def test_unrelated_worlds_share_next_to_nothing(worlds: Path, tmp_path: Path):
    report = find_leaks(
        worlds / "train", worlds / "eval", by=["id", "hash", "content"], workers=1, cache=tmp_path
    )
    assert report.exclude().height <= 1
    assert not report.unchecked
    again = find_leaks(worlds / "train", worlds / "eval", by=["content"], workers=1, cache=tmp_path)
    assert again.matches.equals(report.matches)
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    again = find_leaks(worlds / "train", worlds / "eval", by=["content"], workers=1, cache=tmp_path)
    assert again.matches.equals(report.matches)


@pytest.mark.slow
def test_false_alarms_among_hundreds_of_generated_items(tmp_path: Path):
    for name, seed in (("train", 31), ("eval", 32)):
        generate_world(tmp_path / name, seed=seed, items_per_modality=150)
    report = find_leaks(tmp_path / "train", tmp_path / "eval", by=["id", "hash", "content"])
    found = report.exclude()
    for modality in MEDIA_MODALITIES:
        assert found.filter(pl.col("modality") == modality.value).height <= 0.03 * 150, modality


def test_the_same_bytes_under_another_name(worlds: Path, tmp_path: Path):
    original = files_of(worlds / "train", "audio", 1)[0]
    target = tmp_path / "eval" / "audio" / "files" / "other.wav"
    target.parent.mkdir(parents=True)
    shutil.copy(original, target)
    write_set(tmp_path / "eval", {"audio": [(target, "a sound")]})
    report = find_leaks(worlds / "train", tmp_path / "eval", by=["hash"])
    assert pairs(report, "hash") == {("other.wav", original.name)}


def test_one_youtube_id_as_sound_and_as_video(worlds: Path, tmp_path: Path):
    sound = files_of(worlds / "train", "audio", 1)[0]
    video = files_of(worlds / "train", "video", 1)[0]
    for side, names in (
        ("train", [f"{ID}_30_40.wav"]),
        ("eval", [f"Y{ID}_35.mp4", f"{ID}_90.mp4"]),
    ):
        for name in names:
            modality = "audio" if name.endswith("wav") else "video"
            target = tmp_path / side / modality / "files" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(sound if modality == "audio" else video, target)
        paths = sorted(target.parent.iterdir())
        write_set(tmp_path / side, {modality: [(p, f"of {p.stem}") for p in paths]})
    report = find_leaks(tmp_path / "train", tmp_path / "eval", by=["id"])
    rows = report.matches.select("what", "eval_modality", "train_modality", "eval_key").rows()
    found = {(what, one, other, Path(key).name) for what, one, other, key in rows}
    assert found == {
        ("same clip", "video", "audio", f"Y{ID}_35.mp4"),
        ("same source", "video", "audio", f"{ID}_90.mp4"),
    }


def test_ids_in_columns_and_in_tables_of_their_own(worlds: Path, tmp_path: Path):
    sounds = files_of(worlds / "train", "audio", 2)
    (tmp_path / "train").mkdir()
    (tmp_path / "eval").mkdir()
    shutil.copy(sounds[0], tmp_path / "train" / "a.wav")
    shutil.copy(sounds[1], tmp_path / "eval" / "b.wav")
    rows = f"file_name,caption,youtube_id\na.wav,one,{ID}\n"
    (tmp_path / "train" / "captions.csv").write_text(rows)
    (tmp_path / "eval" / "captions.csv").write_text("file_name,caption\nb.wav,two\n")
    table = tmp_path / "ids.csv"
    table.write_text(f"file_name,url,start,end\nb.wav,https://youtu.be/{ID},1,9\n")
    sides = tmp_path / "train" / "captions.csv", tmp_path / "eval"
    assert find_leaks(*sides, by=["id"]).matches.height == 0
    report = find_leaks(*sides, by=["id"], id_tables=(None, table))
    assert report.matches["what"].to_list() == ["same source"]
    table.write_text("file_name,caption\nb.wav,x\n")
    with pytest.raises(InputError, match="column is missing"):
        find_leaks(*sides, by=["id"], id_tables=(None, table))


def test_captions_but_for_case_and_punctuation(tmp_path: Path):
    write_set(tmp_path / "train", {}, ["A dog barks.", "rain on a roof"])
    write_set(tmp_path / "eval", {}, ["the DOG barks!", "Rain on a roof", "a bell rings"])
    report = find_leaks(tmp_path / "train", tmp_path / "eval", by=["caption"])
    assert pairs(report, "caption") == {
        ("the DOG barks!", "A dog barks."),
        ("Rain on a roof", "rain on a roof"),
    }
    assert set(report.matches["strength"]) == {0.9}


def test_neighbors_above_a_threshold_from_the_data(tmp_path: Path):
    random = np.random.default_rng(0)
    ours = random.normal(size=(300, 16)).astype(np.float32)
    theirs = np.concatenate([ours[:5] + 0.01, random.normal(size=(95, 16))]).astype(np.float32)
    write_set(tmp_path / "train", {}, [f"words {n}" for n in range(300)])
    write_set(tmp_path / "eval", {}, [f"more words {n}" for n in range(100)])
    vectors = [Embeddings.from_array(v, modality="text", space="s") for v in (ours, theirs)]
    check = EmbeddingCheck(vectors={Modality.TEXT: (vectors[0], vectors[1])}, rate=0.005)
    report = find_leaks(tmp_path / "train", tmp_path / "eval", by=["embedding"], embedding=check)
    assert {f"more words {n}" for n in range(5)} <= {key for key, _ in pairs(report, "embedding")}
    threshold = report.calibrations["text"]
    assert threshold.method == "calibrated"
    assert 5 <= threshold.eval_above <= 8
    given = EmbeddingCheck(vectors=check.vectors, threshold=0.999)
    report = find_leaks(tmp_path / "train", tmp_path / "eval", by=["embedding"], embedding=given)
    assert report.calibrations["text"].method == "given"
    assert len(pairs(report, "embedding")) == 5
    other = Embeddings.from_array(theirs, modality="text", space="t")
    with pytest.raises(SpaceMismatch):
        find_leaks(
            tmp_path / "train", tmp_path / "eval", by=["embedding"],
            embedding=EmbeddingCheck(vectors={Modality.TEXT: (vectors[0], other)}),
        )  # fmt: skip


@pytest.mark.slow
def test_an_encoder_by_name_on_workspaces_and_folders(built: Path, other_world: Path):
    stored = {p.parent.name for p in built.glob("embeddings/*/image")}
    space = next(name for name in stored if name.startswith("image-descriptor"))
    check = EmbeddingCheck(space="image-descriptor", threshold=0.9999)
    report = find_leaks(built, built, by=["embedding"], embedding=check)
    assert report.space == space
    same = report.matches.filter(pl.col("eval_modality") == "image")
    assert same.filter(pl.col("eval_id") == pl.col("train_id")).height == 16
    check = EmbeddingCheck(encoder="image-descriptor")
    report = find_leaks(built, other_world, by=["embedding"], embedding=check, workers=1)
    assert any("too few" in each.reason for each in report.unchecked)
    with pytest.raises(UnknownName, match="image-descriptr"):
        find_leaks(
            built, built, by=["embedding"], embedding=EmbeddingCheck(space="image-descriptr")
        )


def test_what_cannot_be_decoded_is_listed(worlds: Path, tmp_path: Path):
    files = tmp_path / "eval" / "image" / "files"
    files.mkdir(parents=True)
    original = files_of(worlds / "train", "image", 1)[0]
    shutil.copy(original, files / "good.png")
    (files / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    paths = [(p, p.stem) for p in sorted(files.iterdir())]
    write_set(tmp_path / "eval", {"image": paths}, ["a caption"])
    report = find_leaks(worlds / "train", tmp_path / "eval", workers=1)
    bad = [each for each in report.unchecked if each.names]
    assert [(e.kind, e.modality, e.side, e.count) for e in bad] == [("content", "image", "eval", 1)]
    assert "bad.png" in bad[0].names[0]
    assert pairs(report, "content") >= {("good.png", original.name)}
    assert any(e.kind == "embedding" and "no encoder" in e.reason for e in report.unchecked)


def test_a_catalog_and_a_workspace_are_sides_too(built: Path):
    catalog = Workspace.open(built).catalog()
    report = find_leaks(built, catalog, by=["hash"])
    assert report.items["eval"] == report.items["train"]
    assert report.exclude().height == sum(n for m, n in report.items["eval"].items() if m != "text")


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"by": ["hsh"]}, UnknownName, "hash"),
        ({"by": []}, InputError, "nothing to compare by"),
        ({"evaluation": "nowhere"}, InputError, "no such file"),
        (
            {"by": ["embedding"], "embedding": EmbeddingCheck(encoder="nothing")},
            UnknownName,
            "encoder",
        ),
    ],
)
def test_bad_inputs(worlds: Path, arguments, error, match):
    evaluation = arguments.pop("evaluation", worlds / "eval")
    with pytest.raises(error, match=match) as caught:
        find_leaks(worlds / "train", evaluation, **arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"threshold": 1.5}, {"rate": 0.0}, {"rate": 2.0}])
def test_a_check_that_makes_no_sense(wrong):
    with pytest.raises(InputError):
        EmbeddingCheck(encoder="image-descriptor", **wrong)
