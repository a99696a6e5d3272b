"""Conversion from the command line: what is said, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.emm1_trees import Tree, make_emm1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", media=True, eshot=True)


@pytest.fixture(autouse=True)
def _no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOT_DATA_PATH", raising=False)


def test_the_next_step_finds_the_media(tree: Tree, tmp_path: Path):
    out = tmp_path / "out"
    ran = pentad("emm1", "convert", tree.root, out)
    assert ran.code == 0, ran.err
    assert "parts written, 0 were there" in ran.out
    command = ran.err.splitlines()[-1].removeprefix("next: pentad ").split()
    assert command[:5] == ["emm1", "groups", str(out), "--media-root", str(tree.root)]
    again = pentad("emm1", "convert", tree.root, out, "--json")
    assert json.loads(again.out)["written"] == []


def test_media_are_elsewhere_than_a_conversion(tree: Tree, tmp_path: Path):
    out = tmp_path / "out"
    assert pentad("emm1", "convert", tree.root, out).code == 0
    bare = pentad("emm1", "report", out)
    assert "a conversion holds no media; say where they are: --media-root" in bare.err
    ran = pentad("emm1", "report", out, "--media-root", tree.root, "--json")
    expected = pentad("emm1", "report", tree.root, "--json")
    assert json.loads(ran.out)["groups"] == json.loads(expected.out)["groups"]
    assert "note:" not in ran.err


def test_mistakes_are_one_line(tree: Tree, tmp_path: Path):
    out = tmp_path / "out"
    assert "there is no nn_9 here" in refused(pentad("emm1", "convert", tree.root, out, "--nn", 9))
    assert "there is no nn_0 here" in refused(pentad("emm1", "convert", tree.root, out, "--nn", 0))
    assert not out.exists()
    assert "not empty" in refused(pentad("emm1", "convert", tree.root, tree.root))
    assert pentad("emm1", "convert", tree.root, out).code == 0
    assert "this is converted" in refused(pentad("emm1", "convert", out, tmp_path / "again"))
