from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.cli.helpers import Ran, pentad, refused
from tests.emm1_trees import (
    LABELS,
    Tree,
    edit_lines,
    exchange_roles,
    make_emm1,
    write_csv,
    write_frame,
    write_pointer,
)

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

COLUMNS = [
    "encord_text_id",
    "paired_modality",
    "annotated_modality",
    "encord_paired_id",
    "encord_annotated_id",
    "annotation",
]
EVERYTHING = [COLUMNS[0], "caption", *COLUMNS[1:], "label", "paired_path", "annotated_path"]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", captions=14, triplets=60)


@pytest.fixture
def with_media(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", captions=14, triplets=60, media=True)


def triplets(tree: Tree, *arguments: object) -> Ran:
    return pentad("emm1", "triplets", tree.root, *arguments)


def written(tree: Tree, tmp_path: Path, *arguments: object) -> pl.DataFrame:
    out = tmp_path / "triplets.parquet"
    ran = triplets(tree, *arguments, "--out", out)
    assert ran.code == 0, ran
    return pl.read_parquet(out)


def of_pairs(frame: pl.DataFrame, *pairs: str) -> pl.DataFrame:
    pair = pl.concat_str("paired_modality", "annotated_modality", separator="-")
    return frame.filter(pair.is_in(pairs))


# ------------------------------------------------------------------------------------------ output


def test_the_first_rows_are_shown(tree):
    ran = triplets(tree, "--head", 4)
    assert ran.code == 0
    head, *rows = ran.out.splitlines()
    assert head.split() == COLUMNS
    assert [row.split() for row in rows] == [
        [str(cell) for cell in row] for row in tree.triplets.head(4).iter_rows()
    ]
    assert ran.err == "4 of 60 rows; --out FILE writes all of them\n"


def test_json_lines_are_the_rows_and_notices_are_on_stderr(tree):
    exchange_roles(tree)
    ran = triplets(tree, "--json", "--head", 99)
    assert [json.loads(line) for line in ran.out.splitlines()] == list(
        tree.triplets.iter_rows(named=True)
    )
    assert ran.err.count("note: ") == 1
    assert "--fix-roles" in ran.err


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_has_all_rows(suffix, tree, tmp_path):
    out = tmp_path / f"triplets{suffix}"
    ran = triplets(tree, "--out", out, "--captions", "--labels", "--paths")
    assert ran.code == 0
    assert ran.out == f"60 rows in {out}: {', '.join(EVERYTHING)}\n"
    if suffix == ".parquet":
        found = [[str(cell) for cell in row] for row in pl.read_parquet(out).iter_rows()]
    else:
        with out.open(encoding="utf-8", newline="") as file:
            header, *found = csv.reader(file)
        assert header == EVERYTHING
    assert found == [
        [
            str(row["encord_text_id"]),
            tree.caption("1m", row["encord_text_id"]),
            *(str(row[name]) for name in COLUMNS[1:]),
            LABELS[row["annotation"]],
            *(
                tree.item_path("1m", row[f"{side}_modality"], row[f"encord_{side}_id"])
                for side in ("paired", "annotated")
            ),
        ]
        for row in tree.triplets.iter_rows(named=True)
    ]


def test_what_was_written_as_json(tree, tmp_path):
    out = tmp_path / "triplets.csv"
    ran = triplets(tree, "--out", out, "--json")
    assert json.loads(ran.out) == {"out": str(out), "rows": 60, "columns": COLUMNS}


# ------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize("pair", [("image", "audio"), ("audio", "image")])
def test_both_directions_of_a_pair_in_file_order(pair, tree, tmp_path):
    got = written(tree, tmp_path, "--modality", pair[0], "--modality", pair[1])
    assert_frame_equal(got, of_pairs(tree.triplets, "image-audio", "audio-image"))
    assert got.select("paired_modality").n_unique() == 2


def test_of_three_modalities_every_pair_that_was_rated(tree, tmp_path):
    flags = [f for m in ("points", "audio", "video") for f in ("--modality", m)]
    got = written(tree, tmp_path, *flags)
    assert_frame_equal(got, of_pairs(tree.triplets, "audio-points", "video-points"))
    assert "note: no triplets of audio and video are here" in triplets(tree, *flags).err


def test_annotations_by_name(tree, tmp_path):
    for name, codes in (("good", [1]), ("Bad Match", [3]), ("no", [3]), ("2", [2])):
        got = written(tree, tmp_path, "--annotation", name)
        assert_frame_equal(got, tree.triplets.filter(pl.col("annotation").is_in(codes)))
    got = written(tree, tmp_path, "--annotation", "good", "--annotation", "bad")
    assert_frame_equal(got, tree.triplets.filter(pl.col("annotation") != 2))


def test_votes_make_one_row_of_repeated_ones(tree, tmp_path):
    got = written(tree, tmp_path, "--vote")
    key = COLUMNS[:-1]
    assert got.select(key).rows() == tree.triplets.select(key).unique(maintain_order=True).rows()
    given: dict[tuple, list[int]] = {}
    for *triplet, annotation in tree.triplets.iter_rows():
        given.setdefault(tuple(triplet), []).append(annotation)
    for *triplet, annotation in got.iter_rows():
        counts = Counter(given[tuple(triplet)])
        assert annotation == max(c for c, n in counts.items() if n == max(counts.values()))
    assert any(len(set(annotations)) > 1 for annotations in given.values())


def test_only_rows_whose_files_are_both_there(with_media, tmp_path):
    tree = with_media
    got = written(tree, tmp_path, "--paths", "--only-present")
    there = {f"{tree.root}/{inside}" for inside in tree.present}
    whole = written(tree, tmp_path, "--paths")
    keep = pl.col("paired_path").is_in(there) & pl.col("annotated_path").is_in(there)
    assert_frame_equal(got, whole.filter(keep))
    assert 0 < got.height < 60
    assert_frame_equal(
        written(tree, tmp_path, "--only-present"), got.drop("paired_path", "annotated_path")
    )


def test_names_of_the_example(tree, tmp_path):
    flags = ["--names", "readme", "--modality", "points", "--modality", "audio", "--captions"]
    got = written(tree, tmp_path, *flags)
    files = ["paired_modality_file_path", "annotated_modality_file_path"]
    assert got.columns == [*COLUMNS, *files, "caption"]
    assert got.schema["annotation"] == got.schema["encord_paired_id"] == pl.Int64


def test_root_and_media_root(tree, tmp_path, monkeypatch):
    got = written(tree, tmp_path, "--paths", "--media-root", "/elsewhere")
    assert all(path.startswith("/elsewhere/") for path in got["paired_path"])
    monkeypatch.setenv("ROOT_DATA_PATH", str(tree.root))
    assert "10 of 60 rows" in pentad("emm1", "triplets").err


# ------------------------------------------------------------------------------------- older copies


def test_exchanged_roles_are_told_and_fixed_on_request(tree, tmp_path):
    right = tree.triplets
    exchange_roles(tree)
    ran = triplets(tree)
    assert "note: " in ran.err
    assert "triplets.csv: paired and annotated stand under each other's names" in ran.err
    assert "--fix-roles" in ran.err
    assert_frame_equal(written(tree, tmp_path), tree.triplets)
    assert_frame_equal(written(tree, tmp_path, "--fix-roles"), right)
    assert "--fix-roles" not in triplets(tree, "--fix-roles").err


def test_the_early_header_and_its_name_of_the_third_label(tmp_path):
    tree = make_emm1(tmp_path / "early", "early", captions=14, triplets=60)
    text = tree.path("1m", "annotation_mapping.csv").read_text()
    assert "No Match" in text
    got = written(tree, tmp_path, "--labels")
    assert_frame_equal(got.drop("label"), tree.triplets)
    assert set(got["label"]) == set(LABELS.values())
    labels = tree.triplets["annotation"].replace_strict(LABELS | {3: "No Match"})
    rows = tree.triplets.with_columns(labels)
    write_frame(tree.path("1m", "triplets.csv"), rows)
    assert_frame_equal(written(tree, tmp_path, "--labels"), got)


def test_the_files_of_the_hub(tmp_path):
    tree = make_emm1(tmp_path / "hub", "hub", captions=14, triplets=60, media=True)
    flags = ["--captions", "--labels", "--paths"]
    got = written(tree, tmp_path, *flags, "--modality", "audio", "--modality", "points")
    assert got.columns == EVERYTHING
    assert got.height == of_pairs(tree.triplets, "audio-points").height
    assert got["encord_text_id"].null_count() == got.height
    assert got["caption"].null_count() == 0


# ------------------------------------------------------------------------------ nothing and errors


def test_a_pair_that_nobody_rated_is_a_success_with_all_columns_and_a_notice(tree, tmp_path):
    flags = ["--modality", "audio", "--modality", "video", "--captions", "--labels", "--paths"]
    ran = triplets(tree, *flags)
    assert ran.code == 0
    assert ran.out.split() == EVERYTHING
    assert "note: no triplets of audio and video are here; nobody rated that pair" in ran.err
    assert ran.err.count("note: no triplets are left") == 1
    for suffix in (".csv", ".parquet"):
        out = tmp_path / f"t{suffix}"
        ran = triplets(tree, *flags, "--out", out)
        assert ran.code == 0
        assert ran.out.startswith(f"0 rows in {out}: ")
        frame = pl.read_csv(out) if suffix == ".csv" else pl.read_parquet(out)
        assert (frame.columns, frame.height) == (EVERYTHING, 0)
    assert frame.schema["annotation"] == pl.UInt8
    assert frame.schema["annotated_path"] == pl.String


def test_a_header_alone_is_an_empty_table(tree, tmp_path):
    write_csv(tree.path("1m", "triplets.csv"), COLUMNS, [])
    ran = triplets(tree, "--vote", "--fix-roles", "--labels", "--paths", "--captions")
    assert ran.code == 0
    assert ran.out.split() == EVERYTHING
    assert "note: no triplets are left" in ran.err
    assert written(tree, tmp_path, "--names", "readme").height == 0


def test_rows_with_unknown_ids_are_kept_and_told(tree, tmp_path):
    rows = [list(row) for row in tree.triplets.iter_rows()]
    rows[0][0], rows[1][3] = 900, 901
    write_csv(tree.path("1m", "triplets.csv"), COLUMNS, rows)
    ran = triplets(tree, "--captions", "--paths")
    assert "triplets.csv [encord_text_id]: 1 rows name an id that infos/text.csv" in ran.err
    assert f"[encord_paired_id]: 1 rows name an id that infos/{rows[1][1]}.csv" in ran.err
    assert written(tree, tmp_path, "--captions", "--paths").height == 60


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--annotation", "god"], "unknown annotation 'god'; did you mean 'good'"),
        (
            ["--modality", "audio"],
            "a triplet joins two modalities; name two different ones at least",
        ),
        (["--modality", "audio", "--modality", "audio"], "name two different ones at least"),
        (["--modality", "text", "--modality", "audio"], "text is in every triplet"),
    ],
)
@pytest.mark.parametrize("out", [True, False])
def test_mistakes_are_one_line_and_no_file(flags, told, out, tree, tmp_path):
    target = tmp_path / "triplets.parquet"
    assert told in refused(triplets(tree, *flags, *(["--out", target] if out else [])))
    assert sorted(tmp_path.iterdir()) == [tree.root]


@pytest.mark.parametrize("flags", [["--modality", "imgae"], ["--names", "mine"], ["--head", "-1"]])
def test_what_no_option_takes_is_a_mistake_of_usage(flags, tree):
    ran = triplets(tree, *flags)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_a_damaged_row_leaves_what_was_there(tree, tmp_path):
    path = tree.path("1m", "triplets.csv")
    edit_lines(path, {5: "1,audio,points,x,2,3"})
    out = tmp_path / "t.csv"
    told = refused(triplets(tree, "--out", out))
    assert told.startswith(f"{path}:5 [encord_paired_id]: not an id")
    assert not out.exists()
    out.write_text("precious")
    refused(triplets(tree, "--out", out))
    assert out.read_text() == "precious"
    assert "in which format?" in refused(triplets(tree, "--out", tmp_path / "t.json"))


def test_pointers_and_missing_parts(tree, tmp_path):
    write_pointer(tree.path("1m", "infos/text.csv"))
    assert triplets(tree).code == 0
    told = refused(triplets(tree, "--captions"))
    assert "text.csv: this is a Git LFS pointer" in told
    assert "--split 1m" in told
    write_pointer(tree.path("1m", "triplets.csv"))
    assert "triplets.csv: this is a Git LFS pointer" in refused(triplets(tree))
    make_emm1(tmp_path / "other", triplets=0)
    told = refused(pentad("emm1", "triplets", tmp_path / "other"))
    assert "the 1m part of E-MM1 is not here; got 100m there" in told
