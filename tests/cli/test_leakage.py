"""``pentad leakage``: what it prints, what it writes, and how it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pentad.cli.app import app
from pentad.cli.leakage import leakage
from pentad.curation.leakage.save import load_report
from tests.cli.helpers import pentad, refused


@pytest.fixture(autouse=True)
def _registered() -> None:
    if not any(command.callback is leakage for command in app.registered_commands):
        app.command()(leakage)


@pytest.fixture
def sets(little_world: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of captioned pictures that share one file and one caption."""
    files = sorted((little_world / "image" / "files").iterdir())
    for name, chosen in (("train", files[:4]), ("eval", [*files[4:7], files[0]])):
        (tmp_path / name).mkdir()
        lines = ["file_name,caption"]
        for number, path in enumerate(chosen):
            shutil.copy(path, tmp_path / name / f"{name}-{path.name}")
            caption = "A shared caption" if number == 1 else f"{name} number {number}"
            lines.append(f"{name}-{path.name},{caption}")
        (tmp_path / name / "captions.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "train", tmp_path / "eval"


def test_the_table_and_the_next_command(sets: tuple[Path, Path], tmp_path: Path):
    ran = pentad("leakage", *sets, "--out", tmp_path / "report", "--workers", 1)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].split() == [
        "kind",
        "what",
        "eval",
        "train",
        "pairs",
        "eval",
        "items",
        "train",
        "items",
    ]
    assert [line.split()[0] for line in lines[1:4]] == ["hash", "content", "caption"]
    assert "1 of 4 image items of EVAL leaked" in lines
    assert "not checked by embedding: everything: no encoder or space was named" in lines
    assert ran.err.splitlines()[-1].startswith("next: pentad leakage ")
    assert load_report(tmp_path / "report").exclude().height == 2
    assert {p.name for p in (tmp_path / "report").iterdir()} >= {
        "leakage.json", "leakage.md", "leaks.parquet",
    }  # fmt: skip


def test_json_and_a_list_to_leave_out(sets: tuple[Path, Path], tmp_path: Path):
    out = tmp_path / "out.txt"
    ran = pentad(
        "leakage", *sets, "--by", "hash", "--by", "caption", "--json", "--exclude", out
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["kinds"] == ["hash", "caption"]
    assert found["items"]["eval"]["text"] == {"items": 4, "leaked": 1}
    assert len(out.read_text().splitlines()) == 2
    assert "A shared caption" in out.read_text().splitlines()
    assert ran.err.splitlines()[-1].startswith("next: pentad build ")
    ran = pentad("leakage", *sets, "--by", "hash", "--exclude", out, "--exclude-side", "train")
    assert ran.out.splitlines()[-1].startswith("1 train items to leave out")
    assert out.read_text().startswith("train-")


def test_embeddings_with_a_threshold(sets: tuple[Path, Path]):
    ran = pentad(
        "leakage", *sets, "--by", "embedding", "-m", "image-descriptor", "--threshold", 0.9999,
        "--workers", 1,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "threshold of image: cosine 0.9999, given; 1 of 4 evaluation items reach it" in ran.out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--exclude", "list.xlsx"), "list.xlsx: cannot write such a list"),
        (("--by", "embedding"), "whose embeddings?"),
        (("-m", "image-descriptor", "--space", "x"), "which embeddings?"),
        (("--by", "hash", "-m", "image-descriptor"), "named and not compared"),
        (("-m", "image-descriptor", "--threshold", "7"), "no cosine"),
        (("-m", "image-descriptor", "--rate", "0"), "rate of false alarms"),
        (("-m", "image-descriptr"), "did you mean"),
        (("--out", __file__), "this is a file; name a folder"),
        (("--train-ids", "none.csv"), "no such table of ids"),
        (("--by", "embedding", "--space", "x"), "unknown space"),
    ],
)
def test_mistakes_are_one_line(sets: tuple[Path, Path], arguments, text):
    assert text in refused(pentad("leakage", *sets, *arguments))


def test_a_place_that_is_not_there(sets: tuple[Path, Path]):
    assert "no such file or folder" in refused(pentad("leakage", sets[0], "nowhere"))
