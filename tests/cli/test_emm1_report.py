from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.emm1_trees import Tree, make_emm1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", media=True, eshot=True)


def test_report_prints_a_table_for_each_section(tree):
    ran = pentad("emm1", "report", tree.root, "--nn", 2, "--nn", 1)
    assert ran.code == 0
    assert "ranks counted: nn_2, nn_1 (here: nn_1, nn_2)" in ran.out
    titles = [line for line in ran.out.splitlines() if line and line[0] == line[0].lower()]
    for title in ("items by modality", "groups by pair", "groups by source", "rated triplets"):
        assert any(line.startswith(title) for line in titles)
    words = [line.split() for line in ran.out.splitlines()]
    assert ["2", "complete", "5-tuples", "12", "9", "0.750"] in words
    assert ["categories", "2", "2", "1.000"] in words


def test_report_as_json_is_one_object(tree, tmp_path):
    ran = pentad("emm1", "report", tree.root, "--json", "--figure", tmp_path / "items.png")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["ranks"]["counted"] == [1]
    assert {row["modality"] for row in found["items"]} == {
        "text", "image", "audio", "video", "points",
    }  # fmt: skip
    assert (tmp_path / "items.png").read_bytes().startswith(b"\x89PNG")


def test_the_root_comes_from_the_environment(tree, monkeypatch):
    monkeypatch.setenv("ROOT_DATA_PATH", str(tree.root))
    assert pentad("emm1", "report", "--json").code == 0


def test_mistakes_are_one_line(tree, tmp_path):
    assert "there is no nn_7 here" in refused(pentad("emm1", "report", tree.root, "--nn", 7))
    assert "there is no nn_0 here" in refused(pentad("emm1", "report", tree.root, "--nn", 0))
    figure = tmp_path / "a.pdf"
    assert "in which format?" in refused(pentad("emm1", "report", tree.root, "--figure", figure))
    assert "no such folder" in refused(pentad("emm1", "report", tmp_path / "nowhere"))


def test_a_folder_of_media_that_is_not_there_is_told(tree, tmp_path):
    ran = pentad("emm1", "report", tree.root, "--media-root", tmp_path / "nowhere")
    assert ran.code == 0
    assert "nowhere: there is no such folder, so no media are present" in ran.err
