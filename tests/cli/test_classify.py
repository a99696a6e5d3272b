"""``pentad classify``: what it prints and writes, and one line for every mistake."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.cli.helpers import pentad, refused
from tests.embeddings.toy import paint
from tests.evaluation.colors import registered

MODEL = """
import numpy as np

WORDS = {"red": 0, "green": 1, "blue": 2}

def embed(inputs, modality):
    print("working")
    names = inputs if modality == "text" else [path.parent.name for path in inputs]
    return np.array([[1.0 + 9 * (w in name) for w in WORDS] for name in names])

def paths_only(paths):
    return embed(paths, "image")

def broken(inputs, modality):
    return embed(inputs, modality) * np.nan
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Pictures in folders called by their color, one of them bad; encoders by name."""
    for name in ("red", "green", "blue"):
        paint(tmp_path / "photos" / name / "1.png", name)
        paint(tmp_path / "examples" / name / "e.png", name)
    paint(tmp_path / "photos" / "blue" / "2.png", "red")
    (tmp_path / "photos" / "red" / "bad.png").write_bytes(b"nothing")
    (tmp_path / "classify_model_for_tests.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    with registered():
        yield tmp_path
    sys.modules.pop("classify_model_for_tests", None)


PHOTOS = ("classify", "photos", "-m", "colors", "--labels", "red,green,blue", "--workers", "1")


def test_a_table_for_people(here: Path) -> None:
    ran = pentad(*PHOTOS, "--top", "2")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].split() == ["item", "rank", "label", "score", "probability"]
    assert lines[1].split()[:3] == ["photos/blue/1.png", "1", "blue"]
    assert lines[2].split()[0] == "2"
    assert "softmax, temperature 0.07 (a default: the model has no logit scale)" in ran.out
    assert "image: 4 items, 3 labels, by 4 built-in templates (" in ran.out
    assert "image: 4 of 4 have a known class" in ran.out
    assert "accuracy@1  micro 0.750 [" in ran.out
    assert "(3/4 correct, chance 0.333)" in ran.out
    assert "blue taken for red: 1 of 2" in ran.out
    assert "photos/red/bad.png: corrupt: " in ran.err
    assert ran.err.splitlines()[-1] == "1 of 5 could not be classified"


def test_one_object_a_line(here: Path) -> None:
    ran = pentad(*PHOTOS, "--json", "--temperature", "0.5")
    assert ran.code == 0, ran.err
    *items, bad, whole = map(json.loads, ran.out.splitlines())
    assert items[0]["file"] == "photos/blue/1.png"
    assert items[0]["own"] == "blue"
    assert items[0]["top"][0]["label"] == "blue"
    assert sum(t["probability"] for t in items[0]["top"]) == pytest.approx(1)
    assert bad["refused"].startswith("corrupt: ")
    assert (whole["classified"], whole["refused"]) == (4, 1)
    assert whole["settings"]["temperature"] == 0.5
    assert whole["settings"]["temperature_from"] == "given"
    found = whole["accuracy"]["image"]
    assert found["accuracy@1"]["micro"] == 0.75
    assert found["confusions"] == [{"own": "blue", "taken_for": "red", "count": 1, "of": 2}]


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_tables_are_written(here: Path, kind: str) -> None:
    out = here / f"labels.{kind}"
    assert pentad(*PHOTOS, "--top", "2", "--out", out).code == 0
    if kind == "jsonl":
        items = [json.loads(line) for line in out.read_text().splitlines()]
        assert [len(item["top"]) for item in items] == [2] * 4
        return
    frame = pl.read_csv(out) if kind == "csv" else pl.read_parquet(out)
    assert frame.columns == ["item", "modality", "own", "rank", "label", "score", "probability"]
    assert frame.height == 8
    assert frame["label"][0] == "blue"
    assert not list(here.glob(".*"))


def test_by_examples_and_by_both(here: Path) -> None:
    ran = pentad("classify", "photos", "-m", "pictures", "--examples", "examples")
    assert ran.code == 0, ran.err
    assert "by 3 examples (image)" in ran.out
    both = pentad(*PHOTOS, "--examples", "examples", "--alpha", "0.3", "--template", "so {}")
    assert "by 1 given templates (" in both.out
    assert ") and 3 examples (image), labels weigh 0.3" in both.out


def test_texts(here: Path) -> None:
    (here / "lines.txt").write_text("a red sky\nthe green sea\n")
    (here / "labels.txt").write_text("red\ngreen\n")
    ran = pentad(
        "classify", "lines.txt", "-m", "colors", "--labels", "labels.txt", "--modality", "text",
        "--json",
    )  # fmt: skip
    items = [json.loads(line) for line in ran.out.splitlines()[:-1]]
    assert [(item["text"], item["top"][0]["label"]) for item in items] == [
        ("a red sky", "red"),
        ("the green sea", "green"),
    ]


def test_a_function_of_the_users_own(here: Path) -> None:
    spec = "classify_model_for_tests:embed"
    ran = pentad("classify", "photos", "-m", spec, "--labels", "red,green,blue", "--json")
    assert ran.code == 0, ran.err
    assert "working" in ran.err
    assert json.loads(ran.out.splitlines()[-1])["accuracy"]["image"]["accuracy@1"]["micro"] == 1.0


@pytest.mark.slow
def test_a_workspace(built: Path) -> None:
    ran = pentad("classify", built, "--labels", "bell,car,drum", "--json")
    assert ran.code == 0, ran.err
    whole = json.loads(ran.out.splitlines()[-1])
    assert whole["classified"] == 64
    assert whole["settings"]["model"] == "unified"
    assert set(whole["settings"]["classes"]) == {"image", "audio", "video", "points"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "say which classes there are"),
        (("--labels", "labels.txt"), "labels.txt: there is no such file of labels"),
        (("--labels", "red"), "nothing to choose from"),
        (("--labels", "a red,red"), "'a red' is also 'red'"),
        (("--labels", "red,blue", "--template", "a photo"), "template 'a photo' has no place"),
        (("--labels", "red,blue", "--temperature", "0"), "a number above 0; got 0.0"),
        (("--labels", "red,blue", "--alpha", "7"), "expected 0 to 1, got 7.0"),
        (("--labels", "red,blue", "-m", "pictures"), "'pictures' does not encode text"),
        (("--labels", "red,blue", "-m", "color"), "unknown encoder 'color'; did you mean 'colors'"),
        (("--labels", "red,blue", "--out", "a.xlsx"), "cannot be written; expected .csv"),
        (("--examples", "nowhere"), "nowhere: there is no such folder of examples"),
        (("--labels", "red,blue", "--modality", "audio"), "photos"),
        (
            ("--labels", "red,blue", "-m", "classify_model_for_tests:paths_only"),
            "takes paths alone",
        ),
        (("--labels", "red,blue", "-m", "classify_model_for_tests:broken"), "has NaN or infinite"),
        (("--labels", "red,blue", "-m", "classify_model_for_tests:none"), "no attribute 'none'"),
    ],
)
def test_every_mistake_is_one_line(here: Path, options: tuple[str, ...], said: str) -> None:
    model = () if "-m" in options else ("-m", "colors")
    ran = pentad("classify", "photos", *model, *options)
    last = ran.err.splitlines()[-1:]
    ran = type(ran)(ran.code, ran.out, "\n".join(last))  # progress stands above it
    assert said in refused(ran)


def test_nothing_that_can_be_used_is_an_error(here: Path) -> None:
    ran = pentad("classify", "photos/red/bad.png", "none.png", *PHOTOS[2:])
    assert ran.code == 1
    last = ran.err.splitlines()[-1]
    assert last.startswith("error: nothing could be classified: photos/red/bad.png: corrupt: ")
    assert last.endswith(", and 1 more")
    assert pentad("classify", "photos", "--labels", "red,blue").err.startswith("error: say which")
