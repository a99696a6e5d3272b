"""Files, texts and workspaces by labels, by examples, and by both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.class_labels import ClassLabel
from pentad.pipeline.add import add_source
from pentad.pipeline.classify import ClassifyOptions, classify
from pentad.store.workspace import Workspace
from tests.embeddings.toy import COLOURS, paint
from tests.evaluation.colors import Colors, PicturesOnly
from tests.pipeline.shared import content, counting_encodes, differing, rows_of

NAMES = ["red", "green", "blue", "white"]
ONE = ClassifyOptions(workers=1)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures in each of the folders red, green and blue; one of the blue ones is red."""
    root = tmp_path / "photos"
    for name in NAMES[:3]:
        paint(root / name / "1.png", name)
        paint(root / name / "2.png", "red" if name == "blue" else name)
    return root


def labels_of(result) -> dict[str, str]:
    return {"/".join(Path(each.item).parts[-2:]): each.label for each in result}


def test_pictures_in_folders_are_labelled_and_scored(photos: Path) -> None:
    result = classify(photos, Colors(), labels=NAMES, options=ONE)
    assert labels_of(result) == {
        "blue/1.png": "blue", "blue/2.png": "red", "green/1.png": "green", "green/2.png": "green",
        "red/1.png": "red", "red/2.png": "red",
    }  # fmt: skip
    (part,) = result.parts
    (top,) = part.accuracy
    assert (top.k, top.total.correct, top.total.n, top.chance) == (1, 5, 6, 0.25)
    assert [vars(each) for each in part.confusions] == [
        {"own": "blue", "taken_for": "red", "count": 1, "of": 2}
    ]
    assert result.settings["temperature_from"] == "default"
    assert result.settings["classes"]["image"]["built_in_templates"]
    assert result.refused == ()


def test_files_one_by_one_and_bad_ones_among_them(photos: Path, tmp_path: Path) -> None:
    (photos / "bad.png").write_bytes(b"nothing")
    (tmp_path / "notes.md").write_text("no picture")
    (tmp_path / "empty").mkdir()
    given = [
        photos / "green" / "1.png",
        photos / "green" / "1.png",
        tmp_path / "empty",
        photos / "bad.png",
        tmp_path / "notes.md",
        tmp_path / "none.png",
        tmp_path / "nothing",
    ]
    result = classify(given, Colors(), labels="A red,the green.", options=ONE)
    assert labels_of(result) == {"green/1.png": "the green."}
    assert result.parts[0].known == 1
    assert [(Path(r.item).name, r.reason.split(":")[0]) for r in result.refused] == [
        ("empty", str(tmp_path / "empty")),
        ("notes.md", "unsupported-format"),
        ("nothing", "missing-file"),
        ("bad.png", "corrupt"),
        ("none.png", "missing-file"),
    ]


def test_the_nearest_folder_called_like_a_label_counts(photos: Path) -> None:
    deep = photos / "red" / "files" / "3.png"
    paint(deep, "red")
    result = classify(photos / "red", Colors(), labels=["Red", "photos"], options=ONE)
    assert {each.own for each in result} == {"Red"}


def test_a_table_names_concepts(photos: Path) -> None:
    table = photos / "captions.csv"
    table.write_text(
        "file_name,caption,concept\nred/1.png,A ball,blue\nred/1.png,Again,blue\n"
        "none.png,None,red\ngreen/1.png,A ball,\n"
    )
    result = classify(table, Colors(), labels=NAMES, options=ONE)
    assert [(each.own, each.label) for each in result] == [("blue", "red"), ("green", "green")]
    assert [refused.reason.split(":")[0] for refused in result.refused] == ["missing-file"]
    again = classify(photos, Colors(), labels=NAMES, modality="image", options=ONE)
    assert list(again) == list(result)


def test_texts_have_to_be_asked_for(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("a red thing\n\nall is blue\na red thing\n")
    result = classify(lines, Colors(), labels=NAMES, modality="text")
    assert [(each.item, each.label) for each in result] == [
        ("a red thing", "red"),
        ("all is blue", "blue"),
    ]
    assert result.parts[0].modality is Modality.TEXT
    assert next(iter(result)).to_json()["text"] == "a red thing"
    table = tmp_path / "table.csv"
    table.write_text("caption,concept\nso green,green\n")
    (each,) = classify(table, Colors(), labels=NAMES, modality="text")
    assert (each.label, each.own) == ("green", "green")
    with pytest.raises(InputError, match="classified with --modality text"):
        classify(lines, Colors(), labels=NAMES)


def test_prompts_descriptions_and_templates_change_classes(photos: Path) -> None:
    labels = [ClassLabel("fire", ("red",)), ClassLabel("grass", ("green",)), ClassLabel("x")]
    result = classify(photos / "red" / "1.png", Colors(), labels=labels, templates="blue {}")
    assert result.parts[0][0].label == "fire"
    assert result.settings["classes"]["image"]["templates"] == ["blue {}"]


def test_examples_need_no_text(photos: Path, tmp_path: Path, caplog) -> None:
    for name in NAMES:
        paint(tmp_path / "examples" / name / "e.png", name)
    result = classify(photos, PicturesOnly(), examples=tmp_path / "examples", options=ONE)
    assert result.parts[0].accuracy[0].total.correct == 5
    assert result.settings["classes"]["image"]["examples"] == 4
    assert result.settings["labels"] == sorted(NAMES)
    some = classify(photos, PicturesOnly(), examples=photos, options=ONE, modality="image")
    assert some.parts[0].known == 0
    assert "6 of the image files are examples too" in caplog.text


def test_labels_and_examples_together(photos: Path, tmp_path: Path, caplog) -> None:
    # The examples say that green is blue and the other way round.
    swapped = {"Red": "red", "green!": "blue", "blue": "green", "pink": "pink"}
    for folder, color in swapped.items():
        paint(tmp_path / "examples" / folder / "e.png", color)
    found = {
        alpha: labels_of(
            classify(
                photos, Colors(), labels=NAMES[:3], examples=tmp_path / "examples",
                templates="{}", options=ClassifyOptions(alpha=alpha, workers=1),
            )
        )["green/1.png"]
        for alpha in (0.0, 0.9, 1.0)
    }  # fmt: skip
    assert found == {0.0: "blue", 0.9: "green", 1.0: "green"}
    assert "1 of the folders in" in caplog.text


def test_bad_examples_are_told_and_a_class_needs_one(photos: Path, tmp_path: Path, caplog) -> None:
    examples = tmp_path / "examples"
    for name in NAMES[:2]:
        paint(examples / name / "e.png", name)
    (examples / "red" / "bad.png").write_bytes(b"nothing")
    classify(photos, PicturesOnly(), examples=examples, options=ONE)
    assert "bad.png: corrupt" in caplog.text
    (examples / "red" / "e.png").unlink()
    with pytest.raises(InputError, match="class 'red' has no usable image example"):
        classify(photos, PicturesOnly(), examples=examples, options=ONE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "say which classes there are"),
        ({"labels": "red"}, "nothing to choose from"),
        ({"labels": "red,blue", "templates": "a photo"}, "has no place"),
        ({"examples": "none"}, "no such folder of examples"),
        ({"examples": "photos/red"}, "one folder a class"),
        ({"examples": "photos", "templates": "{}"}, "templates are for labels"),
        ({"examples": "photos", "labels": "red,pink"}, "no folder of examples is called 'pink'"),
        ({"labels": "red,blue", "modality": "smell"}, "unknown modality 'smell'"),
    ],
)
def test_wrong_classes(photos: Path, monkeypatch, options, said: str) -> None:
    monkeypatch.chdir(photos.parent)
    with pytest.raises((InputError, UnknownName), match=said):
        classify("photos", Colors(), **options)


def test_wrong_inputs_and_models(photos: Path, tmp_path: Path) -> None:
    wrong = [
        (([], Colors()), "there is nothing to classify"),
        ((tmp_path / "none.png", Colors()), "nothing could be classified: .*missing-file"),
        ((photos,), "say which model classifies"),
        ((photos, "colours"), "unknown encoder"),
    ]
    for arguments, said in wrong:
        with pytest.raises((InputError, UnknownName), match=said):
            classify(*arguments, labels="red,blue", options=ONE)
    with pytest.raises(InputError, match="'pictures' does not encode text"):
        classify(photos, PicturesOnly(), labels="red,blue", options=ONE)
    for options in ({"top": 0}, {"temperature": -1.0}, {"alpha": 2.0}):
        with pytest.raises(InputError):
            ClassifyOptions(**options)


def test_a_function_is_a_model(photos: Path) -> None:
    def known(inputs, modality):
        if modality == "text":
            return Colors().encode(inputs, modality="text")
        return [np.array(COLOURS[path.parent.name]) / 255 + 0.01 for path in inputs]

    result = classify(photos, known, labels=NAMES)
    assert result.parts[0].accuracy[0].total.correct == 6
    assert "known" in result.settings["model"]


def test_nan_of_a_function_is_told_with_the_file(photos: Path) -> None:
    def broken(inputs, modality):
        found = Colors().encode(["red", *map(str, inputs)], modality="text")[1:]
        return found if modality == "text" else found * np.nan

    with pytest.raises(InputError, match=r"broken: the image vector of .*1.png has NaN"):
        classify(photos, broken, labels=NAMES)


@pytest.mark.slow
def test_a_workspace_is_classified_from_what_it_holds(built: Path, monkeypatch) -> None:
    before = content(built)
    with counting_encodes(monkeypatch) as calls:
        result = classify(built, labels="bell,car,drum,chair,lamp,bird", modality="image")
    assert sum(calls) == 6 * 4, "the labels alone are encoded"
    assert len(result) == 16
    assert differing(before, content(built)) == []
    concepts = {row["concept"] for row in rows_of(built.parent / "world", "image")}
    assert {each.own for each in result} <= {*concepts, None}


def test_all_media_of_a_workspace_and_its_captions(built: Path) -> None:
    result = classify(built, labels="bell,car,drum")
    assert [part.modality.value for part in result.parts] == ["image", "audio", "video", "points"]
    texts = classify(built, labels="bell,car,drum", modality="text")
    assert len(texts) > 16
    assert texts.parts[0].known == 0


def test_files_get_what_the_workspace_gives_them(built: Path) -> None:
    world, model = built.parent / "world", built / "models" / "unified"
    stored = {Path(e.item).name: e for e in classify(built, labels="bell,car", modality="audio")}
    for fresh in classify(world / "audio", model, labels="bell,car", options=ONE):
        known = stored[Path(fresh.item).name]
        assert fresh.own == known.own
        assert fresh.top[0].score == pytest.approx(known.top[0].score, abs=2e-3)


def test_an_encoder_of_the_workspace_and_examples_of_files(
    built: Path, tmp_path: Path, monkeypatch
) -> None:
    world, examples = built.parent / "world", tmp_path / "examples"
    rows = rows_of(world, "image")
    for concept in sorted({row["concept"] for row in rows})[:2]:
        name = next(row["file_name"] for row in rows if row["concept"] == concept)
        target = examples / concept / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((world / "image" / "files" / name).read_bytes())
    with counting_encodes(monkeypatch) as calls:
        result = classify(built, "image-descriptor", examples=examples, modality="image")
    assert sum(calls) == 2, "the examples alone are encoded"
    assert len(result) == 16


def test_items_without_a_vector_are_listed(copied: Path) -> None:
    extra = copied.parent / "more"
    paint(extra / "new.png", "red")
    add_source(copied, extra, modality="image")
    result = classify(copied, labels="bell,car", modality="image")
    assert len(result) == 16
    assert [Path(r.item).name for r in result.refused] == ["new.png"]
    assert "pentad embed" in result.refused[0].reason


def test_a_workspace_stands_alone(built: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="classified alone"):
        classify([built, photos], labels="red,blue")
    with pytest.raises(UnknownName, match="unknown encoder 'unifed'"):
        classify(built, "unifed", labels="red,blue")
    Workspace.create(tmp_path / "empty")
    with pytest.raises(StoreError, match="no model here yet"):
        classify(tmp_path / "empty", labels="red,blue")
    with pytest.raises(InputError, match="no items to classify"):
        classify(tmp_path / "empty", Colors(), labels="red,blue")


def test_what_the_model_lacks_is_listed(built: Path, photos: Path) -> None:
    sound = next((built.parent / "world" / "audio" / "files").iterdir())
    result = classify([photos, sound], Colors(), labels=NAMES, options=ONE)
    assert len(result) == 6
    assert result.refused[0].reason == "'colors' does not encode audio; it has text, image"
    with pytest.raises(InputError, match="does not encode audio; it has text, image"):
        classify(sound, Colors(), labels=NAMES)
