"""``pentad eshot evaluate``: what it prints, and how it takes models and matrices."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pentad.sources.emm1.eshot import load_eshot
from tests.cli.helpers import pentad, refused
from tests.eshot_trees import CLASSES, make_eshot, write_file

MODEL = """
import zlib
import numpy as np

def embed(paths):
    print("working")
    rows = [np.random.default_rng(zlib.crc32(p.name.encode())).normal(size=8) for p in paths]
    return np.stack(rows)

class Family:
    @staticmethod
    def embed(paths, modality):
        return embed(paths) + (modality == "points")

def broken(paths):
    raise ValueError("first line\\nsecond line")

def leaving(paths):
    raise SystemExit("no licence")

def short(paths):
    return embed(paths)[1:]

constant = 5
"""
LINE = re.compile(
    r"  (audio -> points|points -> audio)"
    r"  Top-1 (\d\.\d{4}) \((\d+)/(\d+) correct\)  Top-5 (\d\.\d{4}) \((\d+)/(\d+) correct\)"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tree without media, with a module of the user's in the current folder."""
    make_eshot(tmp_path / "data" / "datasets" / "eshot")
    write_file(tmp_path / "here" / "users_model_for_tests.py", MODEL.encode())
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("ROOT_DATA_PATH", raising=False)
    yield tmp_path / "data"
    sys.modules.pop("users_model_for_tests", None)


def save_matrices(root: Path) -> tuple[Path, Path]:
    eshot = load_eshot(root / "datasets" / "eshot")
    paths = root / "audio.npy", root / "points.npy"
    for path, table in zip(paths, (eshot.audio, eshot.points), strict=True):
        np.save(path, np.random.default_rng(table.height).normal(size=(table.height, 6)))
    return paths


def test_every_class_in_both_directions(root: Path) -> None:
    before = list(sys.path)
    ran = pentad("eshot", "evaluate", root, "-m", "users_model_for_tests:embed")
    assert ran.code == 0, ran.err
    assert sys.path == before
    lines = ran.out.splitlines()
    assert "working" in ran.err
    assert lines[: 3 * len(CLASSES) : 3] == sorted(CLASSES)
    for place, name in enumerate(sorted(CLASSES)):
        for direction in (0, 1):
            found = LINE.fullmatch(lines[3 * place + 1 + direction])
            assert found is not None
            assert found[1] == ("audio -> points", "points -> audio")[direction]
            for value, correct, n in (found.group(2, 3, 4), found.group(5, 6, 7)):
                assert int(n) == CLASSES[name][direction]
                assert value == f"{int(correct) / int(n):.4f}"
    totals = lines[3 * len(CLASSES) :]
    assert totals[:2] == ["", "all 5 categories, with 95 % intervals"]
    assert [line.split("  ")[1:3] for line in totals[2:]] == [
        ["audio -> points", "micro"],
        ["audio -> points", "macro"],
        ["points -> audio", "micro"],
        ["points -> audio", "macro"],
    ]
    assert re.search(r"Top-1 \d\.\d{4} \(\d+/14 correct\) \[\d\.\d{4}, \d\.\d{4}\]", totals[2])


def test_json_is_one_line_whatever_the_model_prints(root: Path) -> None:
    ran = pentad("eshot", "evaluate", root, "-m", "users_model_for_tests:embed", "--json")
    found = json.loads(ran.out)
    assert found["version"] == 1
    assert set(found["audio_to_points"]["per_class"]) == set(CLASSES)
    assert found["settings"]["model"]["audio"] == "users_model_for_tests:embed"


def test_a_function_in_a_class_with_the_modality(root: Path) -> None:
    ran = pentad("eshot", "evaluate", root, "-m", "users_model_for_tests:Family.embed", "--json")
    assert ran.code == 0, ran.err


def test_embeddings_from_files(root: Path) -> None:
    audio, points = save_matrices(root)
    ran = pentad(
        "eshot", "evaluate", root, "--audio-embeddings", audio, "--points-embeddings", points,
        "--seed", 3, "--normalize-members", "--json",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    settings = json.loads(ran.out)["settings"]
    assert (settings["seed"], settings["normalize_members"]) == (3, True)


def test_the_root_from_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio, points = save_matrices(root)
    options = ("--audio-embeddings", audio, "--points-embeddings", points)
    assert "Name ROOT, or set ROOT_DATA_PATH" in refused(pentad("eshot", "evaluate", *options))
    monkeypatch.setenv("ROOT_DATA_PATH", str(root))
    assert pentad("eshot", "evaluate", *options).code == 0


def test_one_model_for_each_modality(root: Path) -> None:
    name = "users_model_for_tests:embed"
    both = pentad("eshot", "evaluate", root, "-m", name)
    each = pentad("eshot", "evaluate", root, "-m", f"points={name}", "-m", f"audio={name}")
    assert each.out == both.out
    assert "which model is for what?" in refused(
        pentad("eshot", "evaluate", root, "-m", name, "-m", name)
    )
    assert "which model is for what?" in refused(
        pentad("eshot", "evaluate", root, "-m", f"audio={name}")
    )


def test_what_is_left_out_is_said(tmp_path: Path, root: Path) -> None:
    folder = make_eshot(tmp_path / "with" / "eshot", media=tmp_path / "with")
    next((folder / "audio").iterdir()).unlink()
    ran = pentad("eshot", "evaluate", tmp_path / "with", "-m", "users_model_for_tests:embed")
    assert ran.out.splitlines()[-1] == "left out: 1 of 14 audio items"
    assert pentad("eshot", "evaluate", tmp_path / "with", "-m", "points-descriptor").code == 1
    elsewhere = pentad(
        "eshot", "evaluate", root, "--media-root", tmp_path / "with",
        "-m", "users_model_for_tests:embed", "--json",
    )  # fmt: skip
    assert json.loads(elsewhere.out)["missing"]["audio"]["count"] == 1


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("users_model_for_tests:none", "users_model_for_tests:none: AttributeError"),
        ("users_model_for_tests:constant", "is no function; got int"),
        ("no_such_module_here:embed", "no_such_module_here:embed: ModuleNotFoundError"),
        ("points-descriptor", "'points-descriptor' does not encode 'audio'"),
        ("poimts-descriptor", "did you mean 'points-descriptor'"),
        ("onnx:nowhere", "nowhere"),
        ("./nowhere", "no such folder"),
    ],
)
def test_models_that_cannot_be_had(root: Path, model: str, expected: str) -> None:
    assert expected in refused(pentad("eshot", "evaluate", root, "-m", model))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("broken", "users_model_for_tests:broken: ValueError: first line second line; --debug"),
        ("leaving", "users_model_for_tests:leaving: SystemExit: no licence"),
        ("short", "one row for each of the sounds, in order; expected 14 rows, got 13"),
    ],
)
def test_errors_of_the_users_code(root: Path, name: str, expected: str) -> None:
    model = f"users_model_for_tests:{name}"
    ran = pentad("eshot", "evaluate", root, "-m", model)
    assert (ran.code, ran.out) == (1, "")
    assert expected in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err
    shown = pentad("eshot", "evaluate", root, "-m", model, "--debug").err
    assert "Traceback" in shown


def test_wrong_combinations(root: Path) -> None:
    audio, points = save_matrices(root)
    for options in (
        (),
        ("--audio-embeddings", audio),
        ("--points-embeddings", points, "-m", "users_model_for_tests:embed"),
    ):
        assert "say whose embeddings to score" in refused(
            pentad("eshot", "evaluate", root, *options)
        )
    swapped = ("--audio-embeddings", points, "--points-embeddings", audio)
    said = refused(pentad("eshot", "evaluate", root, *swapped))
    assert "one row is needed for each row of eshot_audio_info.csv" in said
    assert "expected 14 rows" in said


def test_no_eshot(tmp_path: Path) -> None:
    assert "no part of E-MM1" in refused(pentad("eshot", "evaluate", tmp_path, "-m", "a:b"))


def test_help() -> None:
    assert "evaluate" in pentad("eshot", "--help").out
    assert "--normalize-members" in pentad("eshot", "evaluate", "-h").out
