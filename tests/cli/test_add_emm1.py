from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.emm1_trees import Tree, make_emm1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", media=True)


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    assert pentad("init", tmp_path / "ws").code == 0
    return tmp_path / "ws"


def test_the_published_groups_and_ratings_are_added(tree, ws):
    ran = pentad("add", ws, f"emm1:{tree.root}", "--nn", 1, "--nn", 2)
    assert ran.code == 0, ran.err
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["split", "modality", "listed", "present", "absent"]
    assert ["100m", "points", "8", "7", "1"] in rows
    assert "groups/emm1-nn_2: 12 groups" in ran.out
    assert "ratings/emm1-1m: " in ran.out
    assert ran.err == f"next: pentad embed {ws}\n"
    facts = json.loads(pentad("info", ws, "--json").out)
    assert set(facts["published_groups"]) == {"emm1-nn_1", "emm1-nn_2"}
    assert pentad("verify", ws).code == 0


def test_one_part_alone_as_json_with_the_root_of_the_environment(tree, ws, monkeypatch):
    monkeypatch.setenv("ROOT_DATA_PATH", str(tree.root))
    ran = pentad("add", ws, "emm1:", "--split", "1m", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert {row["split"] for row in found["read"]} == {"1m"}
    assert found["groups"] == {}
    assert found["triplets"]["ratings/emm1-1m"]["triplets"] > 0


def test_media_may_lie_elsewhere(tree, ws, tmp_path):
    tables = make_emm1(tmp_path / "tables")
    assert "none of the 64 media" in refused(pentad("add", ws, f"emm1:{tables.root}"))
    ran = pentad("add", ws, f"emm1:{tables.root}", "--media-root", tree.root)
    assert ran.code == 0, ran.err


def test_options_of_the_other_kind_of_source_are_refused(tree, ws):
    source = f"emm1:{tree.root}"
    assert "leave them out" in refused(pentad("add", ws, source, "--modality", "image"))
    assert "belong to emm1:ROOT" in refused(pentad("add", ws, tree.root, "--nn", 1))
    assert pentad("add", ws, source, "--split", "eshot").code == 2
    assert "no such folder" in refused(pentad("add", ws, "emm1:/nowhere/at/all"))
