"""Every place the parts of the data set have been found at."""

from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.emm1.layout import find_emm1, layout_of
from tests.emm1_trees import FOLDERS, make_emm1, write_csv


@pytest.mark.parametrize("layout", FOLDERS)
def test_all_four_roots_and_the_first_names_are_found(layout, tmp_path):
    tree = make_emm1(tmp_path, layout, eshot=True)
    places = find_emm1(tmp_path)
    assert places.parts == {split: tree.folder(split) for split in ("100m", "1m", "eshot")}
    assert list(places.ranks()) == [1, 2]
    assert places.hub is None
    assert layout_of(places) == layout


@pytest.mark.parametrize("layout", FOLDERS)
def test_a_part_itself_is_a_root(layout, tmp_path):
    tree = make_emm1(tmp_path, layout, eshot=True)
    for split in ("100m", "1m", "eshot"):
        places = find_emm1(tree.folder(split))
        assert places.parts == {split: tree.folder(split)}


def test_the_folder_above_the_parts_is_a_root(tmp_path):
    tree = make_emm1(tmp_path, "git")
    assert find_emm1(tmp_path / "datasets").of("1m") == tree.folder("1m")


def test_a_renamed_part_is_known_by_its_tables(tmp_path):
    tree = make_emm1(tmp_path, "tree")
    tree.folder("100m").rename(tmp_path / "groups")
    tree.folder("1m").rename(tmp_path / "ratings")
    assert list(find_emm1(tmp_path / "groups").parts) == ["100m"]
    assert list(find_emm1(tmp_path / "ratings").parts) == ["1m"]
    assert layout_of(find_emm1(tmp_path / "groups")) == "other"


def test_the_stray_triplets_in_the_infos_of_100m_are_no_1m_part(tmp_path):
    tree = make_emm1(tmp_path, "git", triplets=0)
    write_csv(tree.path("100m", "infos/triplets.csv"), ["encord_text_id"], [[1]])
    assert list(find_emm1(tmp_path).parts) == ["100m"]


@pytest.mark.parametrize("names", [["nn_01", "nn_02", "nn_10"], ["nn_1", "nn_2", "nn_10"]])
def test_ranks_with_and_without_zeros_in_order_of_the_number(names, tmp_path):
    for name in reversed(names):
        write_csv(tmp_path / "e-mm1_100m" / name / "data_groups.csv", ["encord_text_id"], [])
    (tmp_path / "e-mm1_100m" / "nn_0").mkdir()
    (tmp_path / "e-mm1_100m" / "nn_3").mkdir()
    (tmp_path / "e-mm1_100m" / "nn_x").mkdir()
    ranks = find_emm1(tmp_path).ranks()
    assert {rank: path.parent.name for rank, path in ranks.items()} == dict(
        zip((1, 2, 10), names, strict=True)
    )


def test_parquet_files_of_a_hub(tmp_path):
    make_emm1(tmp_path, "hub", nn=2)
    for root in (tmp_path, tmp_path / "data"):
        places = find_emm1(root)
        assert (places.parts, places.hub) == ({}, tmp_path / "data")
        assert list(places.hub_ranks()) == [1, 2]
        assert ("audio", "points") in places.hub_pairs()
        assert layout_of(places) == "hub"


def test_parquet_files_of_a_hub_in_parts(tmp_path):
    for name in ("nn_01-00001-of-00002.parquet", "nn_01-00000-of-00002.parquet", "nn_16.parquet"):
        (tmp_path / name).touch()
    found = find_emm1(tmp_path).hub_ranks()
    assert {rank: [p.name for p in paths] for rank, paths in found.items()} == {
        1: ["nn_01-00000-of-00002.parquet", "nn_01-00001-of-00002.parquet"],
        16: ["nn_16.parquet"],
    }


def test_the_root_is_named_by_the_environment(tmp_path, monkeypatch):
    make_emm1(tmp_path, "readme")
    monkeypatch.setenv("ROOT_DATA_PATH", str(tmp_path))
    assert find_emm1().root == tmp_path
    monkeypatch.delenv("ROOT_DATA_PATH")
    with pytest.raises(InputError, match="set ROOT_DATA_PATH"):
        find_emm1()


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: there is no such folder"):
        find_emm1(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no part of E-MM1 is here.*got an empty folder"):
        find_emm1(tmp_path)
    (tmp_path / "pictures").mkdir()
    with pytest.raises(InputError, match="got pictures"):
        find_emm1(tmp_path)
    make_emm1(tmp_path, triplets=0)
    with pytest.raises(InputError, match=r"the 1m part of E-MM1 is not here; got 100m there"):
        find_emm1(tmp_path).of("1m")


def test_a_file_is_no_root(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="no such folder"):
        find_emm1(Path(file))


def test_folders_of_both_kinds_at_once(tmp_path):
    make_emm1(tmp_path, "early")
    (tmp_path / "data" / "nn_01.parquet").touch()
    places = find_emm1(tmp_path)
    assert list(places.parts) == ["100m", "1m"]
    assert places.hub == tmp_path / "data"
