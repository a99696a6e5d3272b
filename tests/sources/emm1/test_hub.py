"""Parquet files as they are published on a hub: file names in the place of ids."""

from __future__ import annotations

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import LABELS, MEDIA, PAIRS, Tree, group_schema, make_emm1, write_frame

IDS = ["encord_text_id", *(f"encord_{m}_id" for m in MEDIA)]


@pytest.fixture
def tree(tmp_path) -> Tree:
    return make_emm1(tmp_path, "hub", captions=20, nn=3, triplets=60, media=True)


def groups(tree: Tree, *arguments, **options) -> pl.DataFrame:
    return open_emm1(tree.root).groups(*arguments, **options).collect()


def test_groups_without_ids(tree):
    ds = open_emm1(tree.root)
    assert ds.ranks == (1, 2, 3)
    assert ds.modalities() == ("image", "audio", "video", "points")
    got = groups(tree, [3, 1], MEDIA, paths=True)
    expected = tree.expected_groups([3, 1], paths=True)
    assert got.schema == pl.Schema(group_schema(MEDIA, paths=True))
    assert got.drop(IDS).equals(expected.drop(IDS))
    assert all(got[name].null_count() == 40 for name in IDS)


def test_a_lazy_frame_as_any_other(tree):
    lazy = open_emm1(tree.root).groups([3, 1], ["audio"], paths=True)
    assert lazy.head(3).collect().equals(lazy.collect().head(3))
    assert lazy.select("audio_path").collect().width == 1
    assert lazy.filter(pl.col("nn_index") == 1).collect().height == 20


def test_ids_come_from_infos_beside_the_files(tree):
    for modality in ("text", *MEDIA):
        write_frame(tree.root / "infos" / f"{modality}.csv", tree.infos["100m", modality])
    got = groups(tree, [2], MEDIA, paths=True)
    expected = tree.expected_groups([2], paths=True)
    assert got.drop("encord_text_id").equals(expected.drop("encord_text_id"))
    texts = tree.infos["100m", "text"]["caption"]
    for row, wanted in zip(got.iter_rows(named=True), expected.iter_rows(named=True), strict=True):
        repeated = (texts == row["caption"]).sum() > 1  # then nobody can tell which it was
        assert row["encord_text_id"] == (None if repeated else wanted["encord_text_id"])


@pytest.mark.parametrize(
    ("modality", "column"),
    [("image", "save_folder"), ("image", "encord_image_id"), ("text", "caption")],
)
def test_infos_that_lack_a_column_are_told(modality, column, tree):
    for name in ("text", *MEDIA):
        write_frame(tree.root / "infos" / f"{name}.csv", tree.infos["100m", name])
    path = tree.root / "infos" / f"{modality}.csv"
    write_frame(path, tree.infos["100m", modality].drop(column))
    with pytest.raises(InputError, match=rf"{modality}.csv \[{column}\]: this column is missing"):
        groups(tree, 1, ["image"])
    path.unlink()
    with pytest.raises(InputError, match=rf"{modality}.csv: there is no such table"):
        groups(tree, 1, ["image"])


def test_filters(tree):
    got = groups(tree, 1, ["image", "audio"], sources=["COCO"], paths=True)
    whole = groups(tree, 1, ["image", "audio"], paths=True)
    coco = tree.infos["100m", "image"].filter(pl.col("source_dataset") == "COCO")["file_name"]
    names = pl.col("image_path").str.split("/").list.last()
    assert got.equals(whole.filter(names.is_in(coco.to_list())))
    assert 0 < got.height < 20
    licensed = groups(tree, 1, ["image"], licenses=["CC-BY"], paths=True)
    assert licensed.height == got.height
    there = {f"{tree.root}/{inside}" for inside in tree.present}
    present = groups(tree, 1, ["image"], only_present=True, paths=True)
    keep = pl.col("image_path").is_in(there)
    assert present.equals(groups(tree, 1, ["image"], paths=True).filter(keep))


def test_wrong_names_are_told(tree):
    with pytest.raises(UnknownName, match="unknown source 'CCOO'"):
        groups(tree, sources=["CCOO"])
    with pytest.raises(UnknownName, match="unknown licence 'GPL'"):
        groups(tree, licenses=["GPL"])
    with pytest.raises(InputError, match="there is no nn_4 here; there is: nn_1, nn_2, nn_3"):
        groups(tree, 4)


def test_files_with_fewer_columns(tree):
    path = tree.root / "data" / "nn_01.parquet"
    frame = pl.read_parquet(path)
    frame.select(pl.exclude("^(dataset_license|save_folder)_.*$")).write_parquet(path)
    got = groups(tree, 1, ["image"], paths=True)
    assert got["image_path"].null_count() == 20  # nothing says in which folder
    with pytest.raises(InputError, match=r"dataset_license_image.*lack a column"):
        groups(tree, 1, ["image"], licenses=["CC-BY"])
    frame.drop("caption").write_parquet(path)
    with pytest.raises(InputError, match=r"caption.*lack a column"):
        groups(tree, 1, ["image"])


def test_what_is_no_parquet_is_told(tree):
    (tree.root / "data" / "nn_01.parquet").write_bytes(b"PAR1 and then nothing")
    (tree.root / "data" / "audio_to_points.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"nn_01.parquet: cannot be read as Parquet"):
        groups(tree)
    with pytest.raises(InputError, match=r"audio_to_points.parquet: cannot be read as Parquet"):
        open_emm1(tree.root).triplets().collect()


def test_there_are_no_tables_here(tree):
    ds = open_emm1(tree.root)
    with pytest.raises(InputError, match="the 100m part of E-MM1 is not here"):
        ds.infos("image")
    with pytest.raises(InputError, match="the 1m part of E-MM1 is not here"):
        ds.modalities("1m")


# ---------------------------------------------------------------------------------------- ratings


def rated(tree: Tree, pair: tuple[str, str]) -> pl.DataFrame:
    both = (pl.col("paired_modality") == pair[0]) & (pl.col("annotated_modality") == pair[1])
    return tree.triplets.filter(both)


def test_ratings_of_both_directions(tree):
    got = open_emm1(tree.root).triplets(
        ["image", "audio"], captions=True, paths=True, labels=True
    ).collect()  # fmt: skip
    wanted = pl.concat([rated(tree, ("audio", "image")), rated(tree, ("image", "audio"))])
    assert got["annotation"].to_list() == wanted["annotation"].to_list()
    assert got["label"].to_list() == [LABELS[code] for code in wanted["annotation"]]
    assert got["caption"].to_list() == [tree.caption("1m", n) for n in wanted["encord_text_id"]]
    for side in ("paired", "annotated"):
        assert got[f"encord_{side}_id"].null_count() == got.height
        kinds, ids = wanted[f"{side}_modality"], wanted[f"encord_{side}_id"]
        places = [tree.item_path("1m", m, n) for m, n in zip(kinds, ids, strict=True)]
        assert got[f"{side}_path"].to_list() == places


def test_all_ratings_and_those_whose_files_are_there(tree):
    ds = open_emm1(tree.root)
    assert ds.triplets().collect().height == 60
    there = {f"{tree.root}/{inside}" for inside in tree.present}
    got = ds.triplets(paths=True, only_present=True).collect()
    assert got.height > 0
    assert set(got["paired_path"]) | set(got["annotated_path"]) <= there
    good = ds.triplets(annotations=["good"]).collect()
    assert good.height == (tree.triplets["annotation"] == 1).sum()


def test_a_pair_without_a_file_is_said(tree, caplog):
    got = open_emm1(tree.root).triplets(["audio", "video"], labels=True).collect()
    assert got.height == 0
    assert "no triplets of audio and video are here" in caplog.text
    assert "no triplets are left" in caplog.text


def test_names_of_the_example(tree):
    got = open_emm1(tree.root).triplets(["image", "audio"], names="readme", captions=True).collect()
    assert got.columns[-3:] == [
        "paired_modality_file_path",
        "annotated_modality_file_path",
        "caption",
    ]
    assert got.schema["annotation"] == pl.Int64
    assert got.height == sum(
        rated(tree, pair).height for pair in PAIRS if set(pair) == {"image", "audio"}
    )


def test_ratings_that_are_none_are_told(tree):
    path = tree.root / "data" / "audio_to_points.parquet"
    frame = pl.read_parquet(path)
    frame.with_columns(annotation_str=pl.lit("Great")).write_parquet(path)
    with pytest.raises(InputError, match=r"\[annotation_str\]: no annotation; got 'Great'"):
        open_emm1(tree.root).triplets().collect()
    frame.drop("annotated_file_path").write_parquet(path)
    with pytest.raises(InputError, match=r"\[annotated_file_path\]: the ratings lack a column"):
        open_emm1(tree.root).triplets().collect()
    frame.head(0).write_parquet(path)
    assert open_emm1(tree.root).triplets(["audio", "points"]).collect().height == 0


def test_votes_need_ids(tree):
    with pytest.raises(InputError, match="no ids to vote by"):
        open_emm1(tree.root).triplets(vote=True).collect()
