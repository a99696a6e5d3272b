"""Groups by licence, by source, and by files that are there."""

from __future__ import annotations

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import Tree, edit_lines, make_emm1

ALL = ("image", "audio", "video", "points")


@pytest.fixture
def tree(tmp_path) -> Tree:
    return make_emm1(tmp_path, captions=40, nn=1, items=8, media=True)


def facts(tree: Tree, modality: str, name: str) -> dict[int, str]:
    table = tree.infos["100m", modality]
    return dict(zip(table[f"encord_{modality}_id"], table[name], strict=True))


def groups(tree: Tree, modalities=("image", "audio"), **options) -> pl.DataFrame:
    return open_emm1(tree.root).groups(1, modalities, **options).collect()


def kept(tree: Tree, modalities, wanted) -> pl.DataFrame:
    whole = tree.expected_groups([1], modalities)
    keep = [
        all(wanted(m, row[f"encord_{m}_id"]) for m in modalities)
        for row in whole.iter_rows(named=True)
    ]
    return whole.filter(pl.Series(keep))


def test_every_item_of_a_row_has_one_of_the_licences(tree):
    licences = {m: facts(tree, m, "dataset_license") for m in ALL}
    got = groups(tree, licenses=["CC-BY"])
    assert got.equals(kept(tree, ("image", "audio"), lambda m, n: licences[m][n] == "CC BY 4.0"))
    assert 0 < got.height < 40
    both = groups(tree, licenses=["cc-by-4.0", "Academic use"])
    known = ("CC BY 4.0", "Academic use")
    assert both.equals(kept(tree, ("image", "audio"), lambda m, n: licences[m][n] in known))
    assert got.height < both.height < 40


def test_a_licence_with_a_comma_is_taken_whole(tree):
    licences = {m: facts(tree, m, "dataset_license") for m in ALL}
    wanted = "Free to use, see source"
    got = groups(tree, ("image",), licenses=[wanted])
    assert got.equals(kept(tree, ("image",), lambda m, n: licences[m][n] == wanted))


def test_a_source_restricts_only_the_modality_it_belongs_to(tree):
    sources = facts(tree, "image", "source_dataset")
    got = groups(tree, sources=["coco"])
    assert got.equals(
        kept(tree, ("image", "audio"), lambda m, n: m != "image" or sources[n] == "COCO")
    )
    assert 0 < got.height < 40


def test_files_that_are_all_there(tree):
    for modalities in (("image",), ("audio",), ("points", "video"), ALL):
        got = groups(tree, modalities, only_present=True, paths=True)
        whole = tree.expected_groups([1], modalities, paths=True)
        there = {f"{tree.root}/{inside}" for inside in tree.present}
        assert got.equals(whole.filter(pl.all_horizontal(pl.col("^.*_path$").is_in(there))))
        assert 0 < got.height < 40 or modalities == ALL


def test_media_may_lie_elsewhere(tree, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("media")
    ds = open_emm1(tree.root, media_root=elsewhere)
    assert ds.groups(1, ["image"], only_present=True).collect().height == 0
    path = ds.groups(1, ["image"], paths=True).collect()["image_path"][0]
    assert path.startswith(f"{elsewhere}/")


def test_captions_are_judged_where_text_is_named(tree):
    licences = facts(tree, "text", "dataset_license")
    got = groups(tree, ("text", "image"), licenses=["CC-BY"])
    image = groups(tree, ("image",), licenses=["CC-BY"])
    wanted = image.filter(
        pl.Series([licences[n] == "CC BY 4.0" for n in image["encord_text_id"]], dtype=pl.Boolean)
    )
    assert got.equals(wanted)
    assert 0 < got.height < image.height


def test_unknown_names_are_told_with_the_nearest(tree):
    with pytest.raises(UnknownName, match=r"unknown source 'CCOO'; did you mean 'COCO'"):
        groups(tree, sources=["CCOO"])
    with pytest.raises(UnknownName, match=r"unknown licence 'CC BY-SA 4.0'"):
        groups(tree, licenses=["CC BY-SA 4.0"])


def test_items_that_are_not_listed_have_no_licence_and_no_file(tree):
    path = tree.path("100m", "nn_1/data_groups.csv")
    row = tree.groups[1].row(0, named=True)
    line = ",".join("900" if c == "encord_image_id" else str(v) for c, v in row.items())
    edit_lines(path, {2: line})
    text_id = row["encord_text_id"]
    for options in ({"licenses": ["CC-BY"]}, {"only_present": True}):
        assert text_id not in groups(tree, ("image",), **options)["encord_text_id"]
    assert text_id in groups(tree, ("image",))["encord_text_id"]


def test_a_filter_whose_column_is_not_there_is_told(tree):
    path = tree.path("100m", "infos/image.csv")
    path.write_text(path.read_text().replace("dataset_license", "license", 1))
    with pytest.raises(InputError, match=r"image.csv \[dataset_license\]: this column is needed"):
        groups(tree, licenses=["CC-BY"])


def test_nothing_left_is_an_empty_table_with_all_columns_and_a_notice(tree, caplog):
    options = {"licenses": ["Free to use, see source"], "sources": ["COCO"]}
    got = groups(tree, ("image",), paths=True, **options)
    assert got.height == 0
    assert got.schema == tree.expected_groups([1], ["image"], paths=True).schema
    assert "no groups are left" in caplog.text
