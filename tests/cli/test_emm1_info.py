from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.emm1_trees import Tree, edit_lines, exchange_roles, make_emm1, write_pointer


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", captions=20, nn=2, triplets=60, eshot=True)


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_tables_with_rows_and_ids(tree):
    ran = pentad("emm1", "info", tree.root)
    assert ran.code == 0
    assert f"root: {tree.root} (layout: git)" in ran.out
    assert f"media: {tree.root}" in ran.out
    for part in ("100m: datasets/e-mm1_100m", "1m: datasets/e-mm1_1m", "eshot: datasets/eshot"):
        assert part in ran.out.splitlines()
    images = next(line for line in words(ran.out) if line[:1] == ["infos/image.csv"])
    ids = tree.infos["100m", "image"]["encord_image_id"]
    assert images[4:8] == ["8", "8", str(ids.min()), str(ids.max())]
    assert "missing: nn_3 .. nn_16" in ran.out.splitlines()
    assert "roles as documented" in ran.out
    assert f"next: pentad emm1 groups {tree.root}" in ran.err


def test_json_is_one_line_and_notices_stay_on_stderr(tree):
    exchange_roles(tree)
    ran = pentad("emm1", "info", tree.root, "--json")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1
    facts = json.loads(ran.out)
    assert set(facts) == {
        "root", "media_root", "layout", "splits", "missing", "notices",
    }  # fmt: skip
    assert facts["splits"]["100m"]["tables"]["nn_2/data_groups.csv"]["rows"] == 20
    assert "--fix-roles" in facts["notices"][0]


def test_the_root_and_that_of_media(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("ROOT_DATA_PATH", str(tree.root))
    assert json.loads(pentad("emm1", "info", "--json").out)["root"] == str(tree.root)
    ran = pentad("emm1", "info", "--json", "--media-root", tmp_path)
    assert json.loads(ran.out)["media_root"] == str(tmp_path)
    monkeypatch.delenv("ROOT_DATA_PATH")
    assert "set ROOT_DATA_PATH" in refused(pentad("emm1", "info"))


def test_missing_parts_and_tables(tmp_path):
    tree = make_emm1(tmp_path, "readme", triplets=0, nn=3)
    tree.path("100m", "infos/audio.csv").unlink()
    tree.path("100m", "nn_2/data_groups.csv").unlink()
    lines = pentad("emm1", "info", tmp_path).out.splitlines()
    assert "missing: infos/audio.csv, nn_2, nn_4 .. nn_16" in lines
    assert "missing: 1m, eshot" in lines


def test_pointers_with_the_command_that_fetches_them(tree):
    write_pointer(tree.path("100m", "nn_2/data_groups.csv"))
    ran = pentad("emm1", "info", tree.root)
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.startswith("nn_2/"))
    assert "pointer, 264,370,076 bytes" in line
    assert "pentad emm1 pull" in line
    assert "--split 100m --nn 2" in line


def test_a_damaged_table_is_an_error_after_everything_else_is_told(tree):
    edit_lines(tree.path("100m", "infos/image.csv"), {3: "x,COCO,MIT,1,a.jpg,shared"})
    for flags in ([], ["--json"]):
        ran = pentad("emm1", "info", tree.root, *flags)
        assert ran.code == 1
        assert "annotation_mapping.csv" in ran.out
        errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1
        assert "image.csv:3 [encord_image_id]: not an id" in errors[0]
        assert "Traceback" not in ran.err
    found = json.loads(ran.out)["splits"]["100m"]["tables"]["infos/image.csv"]
    assert found["state"] == "damaged"


def test_the_files_of_the_hub_have_no_ids(tmp_path):
    make_emm1(tmp_path, "hub")
    ran = pentad("emm1", "info", tmp_path)
    assert ran.code == 0
    assert "the hub's Parquet files have no ids; they are null" in ran.out
    line = next(line for line in words(ran.out) if line[:1] == ["nn_01.parquet"])
    assert line[-4:] == ["12", "-", "-", "-"]


def test_what_is_no_copy_is_one_line(tmp_path):
    assert "there is no such folder" in refused(pentad("emm1", "info", tmp_path / "nowhere"))
    told = refused(pentad("emm1", "info", tmp_path))
    assert told.startswith(f"{tmp_path}: no part of E-MM1 is here")
