from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from pentad.cli.emm1.export import export
from pentad.core.errors import PentadError
from tests.emm1_trees import make_emm1


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_emm1(tmp_path_factory.mktemp("tree"), captions=40, items=10, media=True).root


def run(*words: object) -> Result:
    app = typer.Typer()
    app.command()(export)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_table_for_people(root: Path, tmp_path: Path) -> None:
    done = run(root, tmp_path / "out", "--to", "huggingface", "--license-policy", "redistributable")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("table  rows  left out\nnn_1 ")
    assert "nn_1: " in done.stdout
    assert "left out, license: text" in done.stdout
    assert "image of 'Google Conceptual Captions', license 'Free to use, see source'" in done.stdout
    assert done.stdout.rstrip().endswith(" bytes")


def test_one_object_for_programs(root: Path, tmp_path: Path) -> None:
    words = (
        root, tmp_path / "out", "--to", "webdataset", "--nn", 1, "--nn", 2, "--modality", "image",
        "--limit", 9, "--shard-size", 4, "--only-present", "--no-croissant", "--json",
        "--media-root", root,
    )  # fmt: skip
    done = run(*words)
    said = json.loads(done.stdout)
    assert said["tables"] == {"nn_1": 9, "nn_2": 9}
    assert not (tmp_path / "out/croissant.json").exists()
    assert len(list((tmp_path / "out").glob("nn_1-*.tar"))) == 3
    assert json.loads(run(*words).stdout) == {**said, "already_there": True}


def test_mistakes_are_errors_of_ours(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(root, out).exit_code == 2
    assert run(root, out, "--to", "zip").exit_code == 2
    for words in ((root, out, "--to", "emm1", "--nn", 9), (tmp_path / "no", out, "--to", "emm1")):
        assert isinstance(run(*words).exception, PentadError)
