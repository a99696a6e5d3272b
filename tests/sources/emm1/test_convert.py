"""A conversion says what the tables say, goes on where it stopped, and opens by mapping files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.core.modality import Modality
from pentad.sources.emm1 import convert as convert_module
from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.converted import read_converted_triplets
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import Tree, make_emm1, write_frame, write_pointer

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

MEDIA = "/media/e-mm1"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "tree", captions=40, nn=3, items=15, triplets=30, eshot=True)


@pytest.fixture
def converted(tree: Tree, tmp_path: Path) -> Path:
    convert_emm1(tree.root, tmp_path / "out")
    return tmp_path / "out"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


@pytest.mark.parametrize(
    "options",
    [
        {"nn": [3, 1], "paths": True},
        {"names": "readme"},
        {"modalities": ["points", "audio"], "captions": False},
        {"licenses": ["CC-BY"]},
        {"sources": ["COCO"], "modalities": ["text", "image"]},
    ],
)
def test_groups_are_those_of_the_tables(tree: Tree, converted: Path, options):
    expected = open_emm1(tree.root, media_root=MEDIA).groups(**options).collect()
    assert expected.height
    assert open_emm1(converted, media_root=MEDIA).groups(**options).collect().equals(expected)


@pytest.mark.parametrize(
    "options", [{}, {"paths": True, "captions": True, "labels": True}, {"vote": True}]
)
def test_triplets_are_those_of_the_tables(tree: Tree, converted: Path, options):
    expected = open_emm1(tree.root, media_root=MEDIA).triplets(**options).collect()
    assert expected.height
    assert open_emm1(converted, media_root=MEDIA).triplets(**options).collect().equals(expected)


@pytest.mark.parametrize("split", ["100m", "1m"])
@pytest.mark.parametrize("modality", list(Modality))
def test_infos_have_all_columns(tree: Tree, converted: Path, split: str, modality: str):
    own = f"encord_{modality}_id"
    expected = open_emm1(tree.root).infos(modality, split=split).sort(own)
    found = open_emm1(converted).infos(modality, split=split).sort(own)
    assert found.select(expected.columns).equals(expected)
    assert set(found.columns) == set(expected.columns)


def test_it_knows_its_parts(converted: Path):
    ds = open_emm1(converted)
    assert ds.splits == ("100m", "1m", "eshot")
    assert ds.ranks == (1, 2, 3)
    assert set(ds.modalities()) == set(Modality) - {Modality.TEXT}


def test_converting_again_writes_nothing(tree: Tree, converted: Path):
    before = files(converted)
    done = convert_emm1(tree.root, converted)
    assert done.written == []
    assert len(done.kept) > 10
    assert files(converted) == before


def test_a_changed_table_alone_is_converted_again(tree: Tree, converted: Path):
    path = tree.path("100m", "nn_2/data_groups.csv")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    done = convert_emm1(tree.root, converted)
    assert done.written == ["100m/nn/nn_2.json"]
    assert open_emm1(converted).groups(2).collect().height == 39


def test_ranks_may_be_added_later(tree: Tree, tmp_path: Path):
    out = tmp_path / "some"
    convert_emm1(tree.root, out, nn=[2])
    assert open_emm1(out).ranks == (2,)
    convert_emm1(tree.root, out, nn=[3])
    ds = open_emm1(out)
    assert ds.ranks == (2, 3)
    assert ds.groups([2, 3]).collect().equals(open_emm1(tree.root).groups([2, 3]).collect())


def test_a_rank_that_is_not_there_is_refused(tree: Tree, tmp_path: Path):
    with pytest.raises(InputError, match="nn_9"):
        convert_emm1(tree.root, tmp_path / "some", nn=[9])


def test_ranks_with_other_captions_keep_their_own(tree: Tree, tmp_path: Path):
    path = tree.path("100m", "nn_2/data_groups.csv")
    header, *rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, *reversed(rows)]))
    convert_emm1(tree.root, tmp_path / "out")
    found = open_emm1(tmp_path / "out").groups([1, 2]).collect()
    assert found.equals(open_emm1(tree.root).groups([1, 2]).collect())


def test_groups_without_a_column_are_converted_without_it(tree: Tree, tmp_path: Path):
    for rank, frame in tree.groups.items():
        write_frame(tree.path("100m", f"nn_{rank}/data_groups.csv"), frame.drop("encord_image_id"))
    convert_emm1(tree.root, tmp_path / "out")
    ds = open_emm1(tmp_path / "out")
    assert ds.groups([1, 2]).collect().equals(open_emm1(tree.root).groups([1, 2]).collect())
    with pytest.raises(InputError, match="there is no image here; expected audio, video, points"):
        ds.groups(modalities=["image"])


def test_a_table_that_cannot_be_read_is_told(tree: Tree, tmp_path: Path):
    path = tree.path("1m", "annotation_mapping.csv")
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match=r"annotation_mapping.csv: cannot be read \(Is a direct"):
        convert_emm1(tree.root, tmp_path / "out")


def test_a_missing_id_stays_missing(tree: Tree, tmp_path: Path):
    path = tree.path("100m", "nn_1/data_groups.csv")
    header, first, *rows = path.read_text().splitlines()
    cells = first.split(",")
    cells[header.split(",").index("encord_image_id")] = ""
    path.write_text("\n".join([header, ",".join(cells), *rows]) + "\n")
    convert_emm1(tree.root, tmp_path / "out")
    found = open_emm1(tmp_path / "out").groups(1, paths=True).collect()
    assert found["encord_image_id"][0] is None
    assert found["image_path"][0] is None
    assert found["encord_image_id"].null_count() == 1


def test_an_interrupted_conversion_is_told_and_goes_on(tree: Tree, tmp_path: Path, monkeypatch):
    out = tmp_path / "out"

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(convert_module, "_write_triplets", fail)
        with pytest.raises(KeyboardInterrupt):
            convert_emm1(tree.root, out)
    with pytest.raises(InputError, match="run 'pentad emm1 convert' again"):
        open_emm1(out)
    done = convert_emm1(tree.root, out)
    assert "1m/triplets.json" in done.written
    assert "100m/nn/nn_1.json" in done.kept
    convert_emm1(tree.root, tmp_path / "whole")
    assert files(out) == files(tmp_path / "whole")


def test_a_damaged_file_is_told(converted: Path):
    names = converted / "100m" / "infos" / "image" / "strings.bin"
    names.write_bytes(names.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"image.*run the conversion again"):
        open_emm1(converted).groups(paths=True).collect()


def test_a_bad_row_is_an_error_and_leaves_no_marker_of_completeness(tree: Tree, tmp_path: Path):
    path = tree.path("100m", "nn_1/data_groups.csv")
    path.write_text(path.read_text() + "x,1,1,1,1,1\n")
    with pytest.raises(InputError, match=r"data_groups\.csv:42"):
        convert_emm1(tree.root, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "emm1.json").read_text())["complete"] is False
    assert not list((tmp_path / "out").rglob("*.next"))


def test_other_folders_are_left_alone(tree: Tree, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match="not empty"):
        convert_emm1(tree.root, tmp_path / "mine")
    with pytest.raises(InputError, match="name a folder"):
        convert_emm1(tree.root, tmp_path / "mine" / "thesis.tex")


def test_a_conversion_is_not_converted(converted: Path, tmp_path: Path):
    with pytest.raises(InputError, match="only CSV"):
        convert_emm1(converted, tmp_path / "again")


def test_ids_are_stored_in_four_bytes(converted: Path):
    table = np.load(converted / "100m" / "nn" / "nn_1.npy")
    assert table.dtype == np.uint32
    assert table.shape == (4, 40)


def test_captions_may_be_in_any_order(tree: Tree, tmp_path: Path):
    path = tree.path("100m", "infos/text.csv")
    with path.open(newline="", encoding="utf-8") as file:
        header, *cells = csv.reader(file)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *reversed(cells)])
    convert_emm1(tree.root, tmp_path / "out")
    found = open_emm1(tmp_path / "out").groups().collect()
    assert found["caption"].to_list() == tree.expected_groups()["caption"].to_list()


def reverse_rows(path: Path) -> None:
    header, *rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, *reversed(rows)]))


def test_a_rank_added_later_with_other_captions_leaves_the_first_as_it_is(
    tree: Tree, tmp_path: Path
):
    reverse_rows(tree.path("100m", "nn_2/data_groups.csv"))
    for rank in (1, 2):
        convert_emm1(tree.root, tmp_path / "out", nn=[rank])
    found = open_emm1(tmp_path / "out").groups([1, 2]).collect()
    assert found.equals(open_emm1(tree.root).groups([1, 2]).collect())


def test_shared_captions_that_change_change_every_rank(tree: Tree, tmp_path: Path):
    out = tmp_path / "out"
    convert_emm1(tree.root, out, nn=[1, 2])
    reverse_rows(tree.path("100m", "nn_1/data_groups.csv"))
    done = convert_emm1(tree.root, out, nn=[3])
    assert {"100m/nn/text.json", "100m/nn/nn_1.json", "100m/nn/nn_2.json"} <= set(done.written)
    found = open_emm1(out).groups([1, 2, 3]).collect()
    assert found.equals(open_emm1(tree.root).groups([1, 2, 3]).collect())


def test_a_table_may_be_removed_when_it_is_converted(tree: Tree, tmp_path: Path):
    expected = open_emm1(tree.root).groups([1, 3]).collect()
    out = tmp_path / "out"
    convert_emm1(tree.root, out, nn=[1])
    tree.path("100m", "nn_1/data_groups.csv").unlink()
    convert_emm1(tree.root, out, nn=[3])
    assert open_emm1(out).groups([1, 3]).collect().equals(expected)


def test_parts_of_two_data_sets_are_not_mixed(converted: Path, tmp_path: Path):
    before = files(converted)
    other = make_emm1(tmp_path / "other", captions=20, nn=1, items=9)
    with pytest.raises(StoreError, match=r"nn_2, .* come from another copy .* name a new folder"):
        convert_emm1(other.root, converted)
    assert files(converted) == before
    assert open_emm1(converted).ranks == (1, 2, 3)


def test_pointers_are_passed_over_and_told(tree: Tree, tmp_path: Path, caplog):
    pointer = tree.path("100m", "nn_2/data_groups.csv")
    table = pointer.read_bytes()
    write_pointer(pointer)
    write_pointer(tree.path("eshot", "eshot_audio_info.csv"))
    out = tmp_path / "out"
    convert_emm1(tree.root, out)
    assert "in the place of nn_2/data_groups.csv, eshot/eshot_audio_info.csv; fetch" in caplog.text
    ds = open_emm1(out)
    assert (ds.splits, ds.ranks) == (("100m", "1m"), (1, 3))
    with pytest.raises(InputError, match=r"nn_2/data_groups.csv: this is a Git LFS pointer"):
        convert_emm1(tree.root, out, nn=[2])
    pointer.write_bytes(table)
    assert convert_emm1(tree.root, out).written == ["100m/nn/nn_2.json"]


def test_nothing_but_pointers_is_an_error(tmp_path: Path):
    tree = make_emm1(tmp_path / "tree", captions=5, nn=1, items=4, triplets=0)
    for path in tree.root.rglob("*.csv"):
        write_pointer(path)
    with pytest.raises(InputError, match="this is a Git LFS pointer"):
        convert_emm1(tree.root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("modality", "lost"), [("text", "captions"), ("image", "paths")])
def test_a_missing_table_of_items_is_told(tree: Tree, tmp_path: Path, caplog, modality, lost):
    tree.path("100m", f"infos/{modality}.csv").unlink()
    convert_emm1(tree.root, tmp_path / "out")
    assert f"infos/{modality}.csv: there is no such table; groups will have no {lost}" in (
        caplog.text
    )


def test_a_wrong_rank_leaves_nothing_behind(tree: Tree, tmp_path: Path):
    with pytest.raises(InputError, match="there is no nn_9 here; there is: nn_1, nn_2, nn_3"):
        convert_emm1(tree.root, tmp_path / "out", nn=[9])
    assert not (tmp_path / "out").exists()


def test_a_rank_named_twice_is_one(tree: Tree, tmp_path: Path):
    done = convert_emm1(tree.root, tmp_path / "out", nn=[1, 1])
    assert done.kept == []
    assert done.written.count("100m/nn/nn_1.json") == 1


def test_a_run_killed_at_its_start_does_not_block_the_folder(tree: Tree, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / ".lock").touch()
    (out / ".emm1.json.next").touch()
    convert_emm1(tree.root, out, nn=[1])
    assert open_emm1(out).ranks == (1,)


def test_a_failure_before_anything_changed_leaves_the_conversion_whole(tree: Tree, converted: Path):
    before = files(converted)
    path = tree.path("100m", "nn_1/data_groups.csv")
    path.write_text(path.read_text() + "x,1,1,1,1,1\n")
    with pytest.raises(InputError, match=r"data_groups\.csv:42"):
        convert_emm1(tree.root, converted)
    assert files(converted) == before
    assert open_emm1(converted).ranks == (1, 2, 3)


def test_ranks_with_other_columns_open_together(tree: Tree, tmp_path: Path):
    path = tree.path("100m", "nn_2/data_groups.csv")
    write_frame(path, tree.groups[2].drop("encord_image_id"))
    convert_emm1(tree.root, tmp_path / "out")
    ds = open_emm1(tmp_path / "out")
    assert list(ds.tables.group_modalities([1])) == list(ds.modalities())
    assert Modality.IMAGE not in ds.tables.group_modalities([1, 2])
    options = {"modalities": ["audio", "video"]}
    expected = open_emm1(tree.root).groups([1, 2], **options).collect()
    assert ds.groups([1, 2], **options).collect().equals(expected)


@pytest.mark.parametrize("damage", ["cut", "gone", "foreign"])
@pytest.mark.parametrize("name", ["100m/nn/nn_1.npy", "100m/nn/text.npy", "100m/nn/text.json"])
def test_damaged_ids_are_told(converted: Path, name: str, damage: str):
    path = converted / name
    data = path.read_bytes()
    path.write_bytes(data[:-5] if damage == "cut" else b"x" * len(data))
    if damage == "gone":
        path.unlink()
    with pytest.raises(StoreError, match=rf"{path.name}: .*run the conversion again"):
        open_emm1(converted).groups(1).collect()


def test_ids_of_another_shape_are_told(converted: Path):
    path = converted / "100m" / "nn" / "nn_1.npy"
    np.save(path, np.load(path)[:-1])
    record = path.with_suffix(".json")
    fields = json.loads(record.read_text())
    fields["files"]["nn_1.npy"]["bytes"] = path.stat().st_size
    record.write_text(json.dumps(fields))
    with pytest.raises(StoreError, match=r"nn_1.npy: does not fit its captions"):
        open_emm1(converted).groups(1).collect()


@pytest.mark.parametrize("size", [0, 10])
def test_damaged_infos_and_ratings_are_told(converted: Path, size: int):
    for name in ("100m/infos/image.parquet", "1m/triplets.parquet"):
        path = converted / name
        path.write_bytes(b"x" * (path.stat().st_size - size))
    with pytest.raises(StoreError, match=r"image.parquet: .*run the conversion again"):
        open_emm1(converted).infos("image")
    with pytest.raises(StoreError, match=r"triplets.parquet: .*run the conversion again"):
        read_converted_triplets(converted / "1m")


def test_ratings_without_their_table_are_left_out(tree: Tree, tmp_path: Path):
    tree.path("1m", "triplets.csv").unlink()
    convert_emm1(tree.root, tmp_path / "out")
    assert open_emm1(tmp_path / "out").infos("image", split="1m").height


def test_infos_that_are_not_there_are_told(tree: Tree, tmp_path: Path):
    tree.path("100m", "infos/image.csv").unlink()
    convert_emm1(tree.root, tmp_path / "out")
    with pytest.raises(InputError, match=r"image.parquet: there is no such table"):
        open_emm1(tmp_path / "out").infos("image")


@pytest.mark.parametrize("name", ["100m/nn/nn_1.npy", "100m/nn/text.npy", "1m/triplets.parquet"])
def test_converting_again_repairs_what_is_damaged(tree: Tree, converted: Path, name: str):
    before = files(converted)
    path = converted / name
    path.write_bytes(b"x" * path.stat().st_size)
    assert len(convert_emm1(tree.root, converted).written) == 1
    assert files(converted) == before
