"""Rated triplets: headers, pairs, annotations, labels, captions, paths."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.triplets import (
    LABELS,
    code_of,
    existing_pairs,
    read_labels,
    read_triplets,
    select_pairs,
    wanted_codes,
)
from tests.emm1_trees import FOLDERS, PAIRS, Tree, make_emm1, write_csv, write_frame

COLUMNS = [
    "encord_text_id",
    "paired_modality",
    "annotated_modality",
    "encord_paired_id",
    "encord_annotated_id",
    "annotation",
]


@pytest.fixture
def tree(tmp_path) -> Tree:
    return make_emm1(tmp_path, "git", captions=14, triplets=60)


def triplets(tree: Tree, *arguments, **options) -> pl.DataFrame:
    return open_emm1(tree.root).triplets(*arguments, **options).collect()


def header(tree: Tree, names: list[str], columns: list[pl.Series | None] | None = None) -> None:
    """Write the table under another header, columns in that order."""
    frame = tree.triplets if columns is None else pl.DataFrame(columns)
    write_csv(tree.path("1m", "triplets.csv"), names, frame.iter_rows())


# ----------------------------------------------------------------------------------------- header


@pytest.mark.parametrize("layout", FOLDERS)
def test_final_and_early_header_give_the_same(layout, tmp_path):
    tree = make_emm1(tmp_path, layout)
    first = tree.path("1m", "triplets.csv").read_text().split("\n")[0]
    assert first.split(",")[1] == ("modality_1" if layout == "early" else "paired_modality")
    got = read_triplets(tree.folder("1m"))
    assert got.columns == COLUMNS
    assert got.equals(tree.triplets)
    assert triplets(tree).equals(tree.triplets)


@pytest.mark.parametrize(
    "names",
    [
        ["modality_1", "modality_2", "encord_modality_1_id", "encord_modality_2_id"],
        ["modality_1", "modality_2", "encord_id_1", "encord_id_2"],
        ["paired_modality", "annotated_modality", "encord_modality_1_id", "encord_modality_2_id"],
    ],
)
def test_names_that_early_tables_may_have(names, tree):
    header(tree, ["encord_text_id", *names, "annotation"])
    assert triplets(tree).equals(tree.triplets)


def test_an_early_table_with_one_id_column_a_modality(tree):
    frame = tree.triplets.rename(
        {"paired_modality": "modality_1", "annotated_modality": "modality_2"}
    )
    for modality in ("image", "audio", "video", "points"):
        one = pl.when(pl.col("modality_1") == modality).then(pl.col("encord_paired_id"))
        two = pl.when(pl.col("modality_2") == modality).then(pl.col("encord_annotated_id"))
        frame = frame.with_columns(pl.coalesce(one, two).alias(f"encord_{modality}_id"))
    frame = frame.with_columns(annotated_modality=pl.col("modality_2"))
    write_frame(
        tree.path("1m", "triplets.csv"), frame.drop("encord_paired_id", "encord_annotated_id")
    )
    assert triplets(tree).equals(tree.triplets)


def test_an_early_table_that_says_the_first_modality_was_rated(tree):
    """``annotated_modality`` is usually modality_2; where it is modality_1 the roles follow it."""
    swapped = tree.triplets.select(
        "encord_text_id",
        pl.when(pl.col("encord_text_id") % 2 == 0).then(pl.col("annotated_modality"))
        .otherwise(pl.col("paired_modality")).alias("modality_1"),
        pl.when(pl.col("encord_text_id") % 2 == 0).then(pl.col("paired_modality"))
        .otherwise(pl.col("annotated_modality")).alias("modality_2"),
        "annotated_modality",
        pl.when(pl.col("encord_text_id") % 2 == 0).then(pl.col("encord_annotated_id"))
        .otherwise(pl.col("encord_paired_id")).alias("encord_modality_1_id"),
        pl.when(pl.col("encord_text_id") % 2 == 0).then(pl.col("encord_paired_id"))
        .otherwise(pl.col("encord_annotated_id")).alias("encord_modality_2_id"),
        "annotation",
    )  # fmt: skip
    write_frame(tree.path("1m", "triplets.csv"), swapped)
    assert triplets(tree).equals(tree.triplets)


def test_an_early_table_that_says_a_third_modality_was_rated(tree):
    rows = [(1, "image", "audio", "points", 2, 3, 1)]
    names = ["modality_1", "modality_2", "annotated_modality"]
    ids = ["encord_modality_1_id", "encord_modality_2_id"]
    write_csv(tree.path("1m", "triplets.csv"), ["encord_text_id", *names, *ids, "annotation"], rows)
    with pytest.raises(InputError, match=r"\[annotated_modality\]: data row 1 rates neither"):
        triplets(tree)


@pytest.mark.parametrize("missing", COLUMNS)
def test_a_missing_column_is_told(missing, tree):
    write_frame(tree.path("1m", "triplets.csv"), tree.triplets.drop(missing))
    with pytest.raises(InputError, match=rf"triplets.csv \[{missing}\]: this column is missing"):
        triplets(tree)


def test_the_wrong_names_of_the_early_example_are_told(tree):
    """It joined on ``encord_{modality}_index``, which no table has."""
    header(tree, ["encord_text_index", *COLUMNS[1:]])
    with pytest.raises(InputError, match=r"\[encord_text_id\]: this column is missing"):
        triplets(tree)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("paired_modality", "sound", r"\[paired_modality\]: no modality in data row 3"),
        ("annotated_modality", "text", r"\[annotated_modality\]: no modality in data row 3"),
        ("annotation", 4, r"\[annotation\]: no annotation in data row 3.*got '4'"),
        ("annotation", None, r"\[annotation\]: no annotation in data row 3"),
        ("annotation", "1.0", r"\[annotation\]: no annotation in data row 3"),
        ("encord_paired_id", None, r"\[encord_paired_id\]: the id of data row 3 is empty"),
        ("encord_text_id", "x", r":4 \[encord_text_id\]: not an id"),
    ],
)
def test_a_cell_that_is_wrong_is_told(column, value, told, tree):
    rows = [list(row) for row in tree.triplets.iter_rows()]
    rows[2][COLUMNS.index(column)] = value
    write_csv(tree.path("1m", "triplets.csv"), COLUMNS, rows)
    with pytest.raises(InputError, match=told):
        triplets(tree)


# ------------------------------------------------------------------------------------ annotations


@pytest.mark.parametrize("third", ["Bad Match", "No Match", "no match", "bad"])
def test_labels_in_the_place_of_codes_and_the_early_name_of_the_third(third, tree):
    label = pl.col("annotation").replace_strict(
        {1: "Good Match", 2: "partial match", 3: third}, return_dtype=pl.String
    )
    write_frame(tree.path("1m", "triplets.csv"), tree.triplets.with_columns(label))
    assert triplets(tree).equals(tree.triplets)


@pytest.mark.parametrize("names", [("annotation", "label"), ("id", "annotation_str"), ("", "x")])
def test_the_mapping_is_read_by_position_as_its_header_is_not_known(names, tree):
    path = write_csv(tree.path("1m", "annotation_mapping.csv"), names, LABELS.items())
    assert read_labels(path.parent) == LABELS
    labels = triplets(tree, labels=True)["label"].to_list()
    assert labels == [LABELS[code] for code in tree.triplets["annotation"]]


def test_the_mapping_may_be_missing_or_call_the_third_by_its_early_name(tree):
    path = tree.path("1m", "annotation_mapping.csv")
    write_csv(path, ("a", "b"), [(1, "Good Match"), (2, "Partial Match"), (3, "No Match")])
    assert read_labels(path.parent) == LABELS
    path.unlink()
    assert read_labels(path.parent) == LABELS
    assert triplets(tree, labels=True)["label"].null_count() == 0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(4, "Great")], "no code of an annotation; expected 1, 2 or 3, got 4"),
        ([(1, "Bad Match")], "code 1 would be Good Match; got 'Bad Match'"),
        ([("one", "Good Match")], "not an id"),
    ],
)
def test_a_mapping_that_says_otherwise_is_told(rows, told, tree):
    path = write_csv(tree.path("1m", "annotation_mapping.csv"), ("code", "label"), rows)
    with pytest.raises(InputError, match=told):
        read_labels(path.parent)
    path.write_text("code\n1\n")
    with pytest.raises(InputError, match="two columns are needed"):
        read_labels(path.parent)


def test_annotations_are_kept_by_name(tree):
    assert triplets(tree, annotations=["good"]).equals(
        tree.triplets.filter(pl.col("annotation") == 1)
    )
    both = triplets(tree, annotations=["Bad Match", "2"])
    assert both.equals(tree.triplets.filter(pl.col("annotation") != 1))
    with pytest.raises(UnknownName, match=r"unknown annotation 'god'; did you mean 'good'"):
        triplets(tree, annotations=["god"])


def test_names_of_annotations():
    assert wanted_codes(["good", "No Match", "3", "partial"]) == {1, 2, 3}
    assert [code_of(text) for text in (" 1 ", "GOOD_MATCH", "0", "", "11")] == [
        1,
        1,
        None,
        None,
        None,
    ]


# ------------------------------------------------------------------------------------------ pairs


def test_both_directions_of_a_pair_in_file_order(tree):
    for pair in (["image", "audio"], ["audio", "image"]):
        got = triplets(tree, pair)
        two = pl.concat_str("paired_modality", "annotated_modality").is_in(
            ["imageaudio", "audioimage"]
        )
        assert got.equals(tree.triplets.filter(two))
        assert got.height > 0
    assert {row[:2] for row in existing_pairs(tree.triplets)} <= set(PAIRS)


def test_of_three_modalities_every_pair_that_exists(tree, caplog):
    got = triplets(tree, ["points", "audio", "video"])
    pairs = set(got.select("paired_modality", "annotated_modality").iter_rows())
    assert pairs == {("audio", "points"), ("video", "points")}
    assert "no triplets of audio and video are here; nobody rated that pair" in caplog.text
    every = triplets(tree, ["points", "audio", "video", "image"])
    assert every.equals(tree.triplets)


@pytest.mark.parametrize("pair", [["audio", "video"], ["image", "video"], ["video", "audio"]])
def test_pairs_that_nobody_rated_are_said_and_not_invented(pair, tree, caplog):
    got = triplets(tree, pair, captions=True, paths=True, labels=True)
    assert got.height == 0
    assert got.columns == [
        "encord_text_id",
        "caption",
        *COLUMNS[1:],
        "label",
        "paired_path",
        "annotated_path",
    ]
    assert f"no triplets of {pair[0]} and {pair[1]} are here" in caplog.text
    assert "no triplets are left" in caplog.text


def test_a_header_alone_is_an_empty_table(tree, caplog):
    header(tree, COLUMNS, [pl.Series(name, [], dtype=pl.Int64) for name in COLUMNS])
    got = triplets(tree, captions=True, paths=True, labels=True, vote=True, fix_roles=True)
    assert got.height == 0
    assert got.schema["annotation"] == pl.UInt8
    assert got.schema["annotated_path"] == pl.String
    assert "no triplets are left" in caplog.text


@pytest.mark.parametrize("names", [[], ["audio"], ["audio", "audio"]])
def test_one_modality_is_no_pair(names, tree):
    with pytest.raises(InputError, match="a triplet joins two modalities"):
        triplets(tree, names)


def test_text_is_no_side_of_a_pair(tree):
    with pytest.raises(InputError, match="text is in every triplet"):
        triplets(tree, ["text", "audio"])
    with pytest.raises(UnknownName, match="unknown modality 'sound'"):
        triplets(tree, ["sound", "audio"])
    with pytest.raises(InputError):
        select_pairs(tree.triplets, [Modality.TEXT, Modality.AUDIO])


# ---------------------------------------------------------------------------------------- columns


def test_captions_paths_and_labels(tmp_path):
    tree = make_emm1(tmp_path, "git", captions=14, triplets=60, media=True)
    got = triplets(tree, captions=True, paths=True, labels=True)
    for row in got.iter_rows(named=True):
        assert row["caption"] == tree.caption("1m", row["encord_text_id"])
        assert row["label"] == LABELS[row["annotation"]]
        for side in ("paired", "annotated"):
            place = tree.item_path("1m", row[f"{side}_modality"], row[f"encord_{side}_id"])
            assert row[f"{side}_path"] == place
    assert got.drop("caption", "label", "paired_path", "annotated_path").equals(tree.triplets)
    present = triplets(tree, paths=True, only_present=True)
    there = {f"{tmp_path}/{inside}" for inside in tree.present}
    keep = pl.col("paired_path").is_in(there) & pl.col("annotated_path").is_in(there)
    assert present.equals(triplets(tree, paths=True).filter(keep))
    assert 0 < present.height < 60


def test_repeated_rows_are_kept(tree):
    rows = Counter(tree.triplets.iter_rows())
    assert max(rows.values()) > 1
    assert Counter(triplets(tree).iter_rows()) == rows


def test_ids_that_no_infos_table_has_are_kept_and_told(tree, caplog):
    rows = [list(row) for row in tree.triplets.iter_rows()]
    rows[0][0], rows[1][3], rows[2][4], rows[3][4] = 900, 901, 902, 903
    write_csv(tree.path("1m", "triplets.csv"), COLUMNS, rows)
    got = triplets(tree, captions=True, paths=True)
    assert got.height == 60
    assert got["caption"][0] is None
    assert got["paired_path"][1] is None
    assert got["annotated_path"].null_count() == 2
    assert "[encord_text_id]: 1 rows name an id that infos/text.csv does not have" in caplog.text
    assert "[encord_paired_id]: 1 rows name an id that infos/" in caplog.text


def test_ids_of_one_split_mean_nothing_in_the_other(tree):
    same = set(tree.infos["1m", "image"]["encord_image_id"]) & set(
        tree.infos["100m", "image"]["encord_image_id"]
    )
    number = min(same)
    one, other = (tree.item_path(split, "image", number) for split in ("1m", "100m"))
    assert one != other
    got = triplets(tree, paths=True)
    paths = got.filter(
        (pl.col("paired_modality") == "image") & (pl.col("encord_paired_id").is_in(same))
    )["paired_path"]
    assert not any("/e-mm1_100m_only/" in path for path in paths)
