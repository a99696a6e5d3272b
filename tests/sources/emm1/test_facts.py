"""`info`: rows, ids and folders of every table, what is missing, and what is no table yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import (
    FOLDERS,
    LAYOUTS,
    MEDIA,
    Tree,
    exchange_roles,
    make_emm1,
    write_csv,
    write_frame,
    write_pointer,
)

INFOS = [f"infos/{m}.csv" for m in ("text", *MEDIA)]
ESHOT = [
    "eshot_audio_info.csv",
    "eshot_points_info.csv",
    "category_to_audio_ids.json",
    "category_to_point_ids.json",
]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "root", captions=20, nn=2, triplets=60, eshot=True)


def info(root: Path) -> dict:
    facts = open_emm1(root).info()
    assert json.loads(json.dumps(facts)) == facts
    return facts


def ids_of(values: list[int]) -> dict:
    return {"count": len(set(values)), "smallest": min(values), "largest": max(values)}


@pytest.mark.parametrize("layout", FOLDERS)
def test_what_is_here_by_part_and_what_is_missing(layout, tmp_path):
    tree = make_emm1(tmp_path, layout, eshot=True)
    facts = info(tmp_path)
    assert facts["root"] == facts["media_root"] == str(tmp_path)
    assert facts["layout"] == layout
    assert facts["missing"] == []
    assert {part: s["folder"] for part, s in facts["splits"].items()} == {
        split: tree.folder(split).relative_to(tmp_path).as_posix()
        for split in ("100m", "1m", "eshot")
    }
    ranks = ["nn_1/data_groups.csv", "nn_2/data_groups.csv"]
    assert list(facts["splits"]["100m"]["tables"]) == [*INFOS, *ranks]
    later = [f"nn_{k}/data_groups.csv" for k in range(3, 17)]
    assert facts["splits"]["100m"]["missing"] == later
    tables = facts["splits"]["1m"]["tables"]
    assert list(tables) == [*INFOS, "triplets.csv", "annotation_mapping.csv"]
    assert list(facts["splits"]["eshot"]["tables"]) == ESHOT


def test_rows_and_ids_are_those_of_the_tables(tree: Tree):
    splits = info(tree.root)["splits"]
    for split in ("100m", "1m"):
        for modality in ("text", *MEDIA):
            found = splits[split]["tables"][f"infos/{modality}.csv"]
            frame = tree.infos[split, modality]
            own = f"encord_{modality}_id"
            assert found["state"] == "table"
            assert found["rows"] == frame.height
            assert found["columns"] == frame.columns
            assert found["ids"][own].items() >= ids_of(frame[own].to_list()).items()
            path = tree.path(split, f"infos/{modality}.csv")
            assert found["bytes"] == path.stat().st_size
            assert found["file"] == path.relative_to(tree.root).as_posix()
            if modality != "text":
                counts = dict(frame["save_folder"].value_counts().iter_rows())
                assert found["save_folders"] == counts
    for rank in (1, 2):
        found = splits["100m"]["tables"][f"nn_{rank}/data_groups.csv"]
        assert (found["rows"], found["rank"]) == (20, rank)
        for name in ("text", *MEDIA):
            own = f"encord_{name}_id"
            expected = ids_of(tree.groups[rank][own].to_list())
            assert found["ids"][own].items() >= expected.items()


def test_triplets_by_pair_and_annotation(tree: Tree):
    found = info(tree.root)["splits"]["1m"]["tables"]["triplets.csv"]
    frame = tree.triplets
    assert found["rows"] == 60
    pairs = {(p["paired"], p["annotated"]): p["rows"] for p in found["pairs"]}
    counts = frame.group_by("paired_modality", "annotated_modality").len()
    assert pairs == {(a, b): n for a, b, n in counts.iter_rows()}
    assert sum(found["annotations"].values()) == 60
    assert found["annotations"]["3"] == (frame["annotation"] == 3).sum()
    assert found["repeated"] == 60 - frame.unique().height > 0
    assert found["roles"] == "as documented"
    assert found["ids"]["encord_text_id"]["count"] == frame["encord_text_id"].n_unique()


def test_eshot_by_table(tree: Tree):
    tables = info(tree.root)["splits"]["eshot"]["tables"]
    for name, key in zip(ESHOT[:2], ("eshot_audio_id", "eshot_point_id"), strict=True):
        assert tables[name]["rows"] == 4
        assert tables[name]["ids"][key]["largest"] == 3
    assert [(tables[n]["categories"], tables[n]["rows"]) for n in ESHOT[2:]] == [(2, 4), (2, 4)]


@pytest.mark.parametrize(
    ("split", "name"),
    [("100m", "infos/points.csv"), ("1m", "infos/text.csv"), ("1m", "annotation_mapping.csv"),
     ("eshot", "category_to_audio_ids.json"), ("eshot", "eshot_points_info.csv")],
)  # fmt: skip
def test_a_table_that_is_missing_is_listed(split, name, tree: Tree):
    tree.path(split, name).unlink()
    found = info(tree.root)["splits"][split]
    assert name in found["missing"]
    assert name not in found["tables"]


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"triplets": 0}, ["1m", "eshot"]),
        ({"captions": 0}, ["100m", "eshot"]),
        ({"captions": 0, "triplets": 0, "eshot": True}, ["100m", "1m"]),
    ],
)
def test_a_part_that_is_missing_is_listed(options, missing, tmp_path):
    make_emm1(tmp_path, **options)
    assert info(tmp_path)["missing"] == missing


def test_save_folders_of_before_are_told(tmp_path):
    make_emm1(tmp_path, "early")
    facts = info(tmp_path)
    images = facts["splits"]["100m"]["tables"]["infos/image.csv"]
    assert images["save_folder_names"] == "old"
    assert set(images["save_folders"]) == {"phase_1_only", "shared"}
    assert any("phase_1_only, phase_2_only" in notice for notice in facts["notices"])
    make_emm1(tmp_path / "new", "readme")
    assert info(tmp_path / "new")["notices"] == []


def test_save_folders_of_both_times_are_told(tree: Tree):
    path = tree.path("100m", "infos/points.csv")
    path.write_text(path.read_text().replace("e-mm1_100m_only", "phase_1_only", 2))
    facts = info(tree.root)
    found = facts["splits"]["100m"]["tables"]["infos/points.csv"]
    assert found["save_folder_names"] == "mixed"
    assert set(found["save_folders"]) == {"phase_1_only", "e-mm1_100m_only", "shared"}
    assert len(facts["notices"]) == 1


def test_pointers_are_told_with_the_command_that_fetches_them(tree: Tree):
    write_pointer(tree.path("100m", "nn_2/data_groups.csv"), size=265_296_914)
    write_pointer(tree.path("eshot", "category_to_point_ids.json"), size=64_417)
    facts = info(tree.root)
    found = facts["splits"]["100m"]["tables"]["nn_2/data_groups.csv"]
    assert (found["state"], found["bytes"], found["rows"]) == ("pointer", 265_296_914, None)
    assert found["oid"] == "ab" * 32
    assert found["command"].startswith("pentad emm1 pull ")
    assert "--split 100m --nn 2" in found["command"]
    told = [notice for notice in facts["notices"] if "Git LFS" in notice]
    assert len(told) == 1
    assert told[0].startswith("2 tables are only Git LFS pointers (265,361,331 bytes)")
    assert found["command"] in told[0]
    assert "--split eshot" in told[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_copy_of_nothing_but_pointers(layout, tmp_path):
    tree = make_emm1(tmp_path, layout, eshot=True)
    tables = [p for p in tmp_path.rglob("*") if p.suffix in (".csv", ".json", ".parquet")]
    for path in tables:
        write_pointer(path)
    facts = info(tree.root)
    states = [t["state"] for s in facts["splits"].values() for t in s["tables"].values()]
    assert states == ["pointer"] * len(tables)
    assert f"{len(tables)} tables are only Git LFS pointers" in facts["notices"][0]


def test_a_damaged_table_is_told_and_stops_no_other(tree: Tree):
    path = tree.path("100m", "infos/image.csv")
    path.write_text(path.read_text() + "x,COCO,MIT,1,a.jpg,shared\n")
    tree.path("eshot", ESHOT[2]).write_text("{")
    splits = info(tree.root)["splits"]
    found = splits["100m"]["tables"]["infos/image.csv"]
    assert (found["state"], found["rows"], found["ids"]) == ("damaged", None, None)
    assert f"{path}:10 [encord_image_id]" in found["problem"]
    assert splits["eshot"]["tables"][ESHOT[2]]["state"] == "damaged"
    states = [t["state"] for s in splits.values() for t in s["tables"].values()]
    assert states.count("damaged") == 2


def test_exchanged_roles_are_told(tree: Tree):
    exchange_roles(tree)
    facts = info(tree.root)
    assert facts["splits"]["1m"]["tables"]["triplets.csv"]["roles"] == "exchanged"
    assert any("--fix-roles" in notice for notice in facts["notices"])


def test_tables_without_rows(tree: Tree):
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].head(0))
    write_csv(tree.path("100m", "infos/audio.csv"), tree.infos["100m", "audio"].columns, [])
    write_frame(tree.path("1m", "triplets.csv"), tree.triplets.head(0))
    splits = info(tree.root)["splits"]
    assert splits["100m"]["tables"]["nn_1/data_groups.csv"]["rows"] == 0
    audio = splits["100m"]["tables"]["infos/audio.csv"]
    assert (audio["rows"], audio["ids"]["encord_audio_id"]["count"]) == (0, 0)
    found = splits["1m"]["tables"]["triplets.csv"]
    assert (found["rows"], found["pairs"], found["roles"]) == (0, [], "unknown")


def test_repeated_rows_count_as_rows_and_their_ids_once(tree: Tree):
    path = tree.path("100m", "infos/image.csv")
    text = path.read_text()
    path.write_text(text + text.splitlines(keepends=True)[1])
    found = info(tree.root)["splits"]["100m"]["tables"]["infos/image.csv"]
    assert (found["rows"], found["ids"]["encord_image_id"]["count"]) == (9, 8)


# --------------------------------------------------------------------------------- the other forms


def test_files_of_the_hub_have_no_ids_and_that_is_said(tmp_path):
    tree = make_emm1(tmp_path, "hub", triplets=60)
    facts = info(tmp_path)
    assert facts["layout"] == "hub"
    assert facts["missing"] == []
    tables = facts["splits"]["hub"]["tables"]
    assert facts["splits"]["hub"]["folder"] == "data"
    assert (tables["nn_02.parquet"]["rows"], tables["nn_02.parquet"]["ids"]) == (12, None)
    assert "file_name_image" in tables["nn_01.parquet"]["columns"]
    rated = sum(table["rows"] for name, table in tables.items() if "_to_" in name)
    assert rated == tree.triplets.height
    assert any("have no ids; they are null" in notice for notice in facts["notices"])


def test_infos_beside_the_files_of_the_hub(tmp_path):
    tree = make_emm1(tmp_path, "hub")
    for modality in ("text", *MEDIA):
        write_frame(tmp_path / "infos" / f"{modality}.csv", tree.infos["100m", modality])
    facts = info(tmp_path)
    found = facts["splits"]["hub"]["tables"]["infos/image.csv"]
    assert found["ids"]["encord_image_id"]["count"] == 8
    assert any("come from the infos beside them" in notice for notice in facts["notices"])


def test_a_converted_copy_says_the_same_numbers(tree: Tree, tmp_path):
    convert_emm1(tree.root, tmp_path / "out")
    ours, theirs = info(tree.root)["splits"], info(tmp_path / "out")["splits"]
    assert info(tmp_path / "out")["layout"] == "converted"
    for part, split in ours.items():
        assert list(theirs[part]["tables"]) == list(split["tables"])
        for name, table in split["tables"].items():
            other = theirs[part]["tables"][name]
            assert (other["rows"], other["ids"]) == (table["rows"], table["ids"])
            assert other.get("save_folders") == table.get("save_folders")
            assert other.get("roles") == table.get("roles")
