from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pentad.cli.diagnose import diagnose
from pentad.cli.map import map_items
from pentad.core.errors import InputError

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer()
    made.command("diagnose")(diagnose)
    made.command("map")(map_items)
    return made


def run(app: typer.Typer, *arguments: object) -> str:
    ran = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.mark.slow
def test_tables_are_printed_and_written(app, built: Path, tmp_path: Path):
    out = run(app, "diagnose", built, "--out", tmp_path, "--max-queries", 20)
    for words in ("hit@5 in every direction", "asks \\ searched", "Who is in mixed lists", "Hubs"):
        assert words in out
    assert out.rstrip().endswith(f"written to {tmp_path}")
    assert (tmp_path / "diagnosis.md").is_file()


def test_json_is_one_object(app, built: Path, tmp_path: Path):
    out = run(app, "diagnose", built, "--space", "image-descriptor", "--out", tmp_path, "--json")
    found = json.loads(out)
    assert [row["modality"] for row in found["rows"]] == ["image"]


@pytest.mark.parametrize("command", ["diagnose", "map"])
def test_a_file_is_no_place_for_figures(app, built: Path, tmp_path: Path, command: str):
    (tmp_path / "mine").touch()
    with pytest.raises(InputError, match="mine: this is a file; name a folder"):
        run(app, command, built, "--out", tmp_path / "mine")


def test_maps_are_listed(app, built: Path, tmp_path: Path):
    out = run(app, "map", built, "--by", "modality", "--method", "pca", "--out", tmp_path)
    lines = out.splitlines()
    assert "items of unified-" in lines[0]
    assert all(Path(line).is_file() for line in lines[1:])
    found = json.loads(
        run(app, "map", built, "--by", "modality", "--max-points", 30, "--out", tmp_path, "--json")
    )
    assert found["shown"] <= 30
    assert len(found["files"]) == 5
