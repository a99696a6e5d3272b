from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pentad.sources.emm1.dataset import open_emm1
from tests.cli.helpers import Ran, pentad, refused
from tests.emm1_trees import (
    MEDIA,
    Tree,
    edit_lines,
    group_schema,
    make_emm1,
    write_csv,
    write_frame,
    write_pointer,
)

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", captions=12, nn=2)


@pytest.fixture
def with_media(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "e-mm1", captions=12, nn=2, media=True)


def groups(tree: Tree, *arguments: object) -> Ran:
    return pentad("emm1", "groups", tree.root, *arguments)


def lines(ran: Ran) -> list[dict]:
    """Return the JSON lines of stdout; anything else there is an error."""
    assert ran.code == 0, ran
    return [json.loads(line) for line in ran.out.splitlines()]


def written(tree: Tree, tmp_path: Path, *arguments: object) -> pl.DataFrame:
    out = tmp_path / "groups.parquet"
    ran = groups(tree, *arguments, "--out", out)
    assert ran.code == 0, ran
    return pl.read_parquet(out)


# ------------------------------------------------------------------------------------------ output


def test_the_first_rows_are_shown(tree):
    ran = groups(tree, "--modality", "image", "--head", 3)
    assert ran.code == 0
    head, *rows = ran.out.splitlines()
    assert head.split() == ["encord_text_id", "nn_index", "caption", "encord_image_id"]
    assert len(rows) == 3
    assert "3 of 12 rows; --out FILE writes all of them" in ran.err
    assert len(groups(tree).out.splitlines()) == 11
    assert "0 of 12 rows" in groups(tree, "--head", 0).err
    assert "12 of 12 rows\n" in groups(tree, "--head", 99).err


def test_json_lines_are_the_rows_and_notices_are_on_stderr(tree):
    rows = [list(row) for row in tree.groups[1].iter_rows()]
    rows[1][3] = 900
    write_csv(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].columns, rows)
    for head in (2, 99):
        ran = groups(tree, "--json", "--paths", "--head", head)
        expected = open_emm1(tree.root).groups(paths=True).head(head).collect()
        assert lines(ran) == list(expected.iter_rows(named=True))
        assert lines(ran)[1]["image_path"] is None
        told = "nn_1 [encord_image_id]: 1 groups name an id that infos/image.csv does not have"
        assert ran.err.count(told) == 1
        assert all(
            line.startswith(("note: ", f"{min(head, 12)} of")) for line in ran.err.splitlines()
        )


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_has_all_rows(suffix, tree, tmp_path):
    out = tmp_path / "new" / f"groups{suffix}"
    ran = groups(tree, "--nn", 2, "--nn", 1, "--paths", "--out", out)
    assert ran.code == 0
    expected = tree.expected_groups([2, 1], paths=True)
    assert ran.out == f"24 rows in {out}: {', '.join(expected.columns)}\n"
    if suffix == ".parquet":
        assert_frame_equal(pl.read_parquet(out), expected)
    else:
        with out.open(encoding="utf-8", newline="") as file:
            found = list(csv.reader(file))
        assert found[0] == expected.columns
        assert found[1:] == [[str(cell) for cell in row] for row in expected.iter_rows()]
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_what_was_written_as_json(tree, tmp_path):
    out = tmp_path / "groups.csv"
    (found,) = lines(groups(tree, "--modality", "audio", "--out", out, "--json"))
    columns = ["encord_text_id", "nn_index", "caption", "encord_audio_id"]
    assert found == {"out": str(out), "rows": 12, "columns": columns}


# ------------------------------------------------------------------------------------------ options


def test_rank_and_modalities_have_defaults(tree, tmp_path):
    assert_frame_equal(written(tree, tmp_path), tree.expected_groups())


@pytest.mark.parametrize("ranks", [[2], [2, 1], [1, 2]])
def test_ranks_in_the_order_given(ranks, tree, tmp_path):
    flags = [flag for rank in ranks for flag in ("--nn", rank)]
    assert_frame_equal(written(tree, tmp_path, *flags), tree.expected_groups(ranks))


def test_modalities_in_the_order_given_without_captions(tree, tmp_path):
    flags = ["--modality", "points", "--modality", "audio", "--no-captions", "--paths"]
    expected = tree.expected_groups([1], ["points", "audio"], captions=False, paths=True)
    assert_frame_equal(written(tree, tmp_path, *flags), expected)


def test_sounds_lie_in_audio_where_one_is_there_else_among_the_videos(with_media, tmp_path):
    tree = with_media
    paths = written(tree, tmp_path, "--modality", "audio", "--paths")["audio_path"]
    folders = {Path(path).parent.name for path in paths}
    assert folders == {"audio", "video"}
    for path in paths:
        assert (
            Path(path).parent.name == "audio"
            or not Path(path.replace("/video/", "/audio/")).exists()
        )


def test_media_elsewhere(tree, tmp_path, monkeypatch):
    got = written(tree, tmp_path, "--paths", "--media-root", "/elsewhere/")
    assert all(path.startswith("/elsewhere/") for path in got["image_path"])
    monkeypatch.setenv("ROOT_DATA_PATH", str(tmp_path))
    got = written(tree, tmp_path, "--paths")
    assert not any(path.startswith(f"{tree.root}/") for path in got["image_path"])


def test_the_root_comes_from_the_environment(tree, monkeypatch):
    monkeypatch.setenv("ROOT_DATA_PATH", str(tree.root))
    assert len(lines(pentad("emm1", "groups", "--json"))) == 10


def test_only_rows_whose_files_are_all_there(with_media, tmp_path):
    tree = with_media
    whole = tree.expected_groups(paths=True)
    there = {f"{tree.root}/{inside}" for inside in tree.present}
    expected = whole.filter(pl.all_horizontal(pl.col(f"{m}_path").is_in(there) for m in MEDIA))
    assert 0 < expected.height < 12
    assert_frame_equal(written(tree, tmp_path, "--paths", "--only-present"), expected)
    without = expected.select(list(group_schema()))
    assert_frame_equal(written(tree, tmp_path, "--only-present"), without)


def test_licences_and_sources(tree, tmp_path):
    images = tree.infos["100m", "image"]
    coco = images.filter(pl.col("source_dataset") == "COCO")["encord_image_id"]
    expected = tree.expected_groups([1], ["image"]).filter(
        pl.col("encord_image_id").is_in(coco.to_list())
    )
    assert expected.height
    for flags in (["--source", "coco"], ["--license", "CC-BY"], ["--license", "CC BY 4.0"]):
        assert_frame_equal(written(tree, tmp_path, "--modality", "image", *flags), expected)
    both = written(
        tree, tmp_path, "--modality", "image", "--source", "COCO",
        "--source", "Google Conceptual Captions",
    )  # fmt: skip
    assert_frame_equal(both, tree.expected_groups([1], ["image"]))


def test_names_of_the_example(tree, tmp_path):
    got = written(tree, tmp_path, "--names", "readme", "--modality", "image", "--modality", "audio")
    assert got.columns == [
        "encord_text_id", "encord_video_id", "encord_audio_id", "encord_image_id",
        "encord_points_id", "nn_index", "image_file_path", "audio_file_path", "caption",
    ]  # fmt: skip
    assert got.schema["encord_text_id"] == got.schema["nn_index"] == pl.Int64


# ------------------------------------------------------------------------------ nothing and errors


def test_nothing_left_is_a_success_with_all_columns_and_a_notice(tree, tmp_path):
    ran = groups(tree, "--paths", "--only-present", "--media-root", tmp_path / "none")
    assert ran.code == 0
    assert ran.out.split() == list(group_schema(paths=True))
    assert ran.err.count("note: no groups are left") == 1
    assert "0 of 0 rows" in ran.err
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].head(0))
    for suffix in (".csv", ".parquet"):
        out = tmp_path / f"out{suffix}"
        ran = groups(tree, "--paths", "--out", out)
        assert ran.code == 0
        assert ran.out.startswith(f"0 rows in {out}: encord_text_id, ")
        assert ran.err.count("note: no groups are left") == 1
        frame = pl.read_csv(out) if suffix == ".csv" else pl.read_parquet(out)
        assert (frame.columns, frame.height) == (list(group_schema(paths=True)), 0)
    assert frame.schema == pl.Schema(group_schema(paths=True))


def test_nothing_left_of_the_hubs_files_is_told_too(tmp_path):
    make_emm1(tmp_path / "hub", "hub")
    ran = pentad("emm1", "groups", tmp_path / "hub", "--only-present")
    assert ran.code == 0
    assert ran.err.count("note: no groups are left") == 1


def test_a_table_without_a_column_is_told_once(tree, tmp_path):
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].drop("encord_audio_id"))
    for flags in ([], ["--out", tmp_path / "a.csv"]):
        ran = groups(tree, *flags)
        assert ran.code == 0
        assert ran.err.count("there is no column encord_audio_id") == 1
    told = refused(groups(tree, "--modality", "audio"))
    assert "data_groups.csv [encord_audio_id]: this column is missing" in told


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--nn", 7], "there is no nn_7 here; there is: nn_1, nn_2"),
        (["--nn", 0], "there is no nn_0 here; there is: nn_1, nn_2"),
        (["--license", "MIT"], "unknown licence 'MIT'"),
        (["--source", "COCCO"], "unknown source 'COCCO'; did you mean 'COCO'"),
        (["--modality", "text"], "name a modality besides text"),
    ],
)
@pytest.mark.parametrize("out", [True, False])
def test_mistakes_are_one_line_and_no_file(flags, told, out, tree, tmp_path):
    target = tmp_path / "groups.parquet"
    assert told in refused(groups(tree, *flags, *(["--out", target] if out else [])))
    assert sorted(tmp_path.iterdir()) == [tree.root]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--modality", "imgae"], "'imgae' is not one of 'text', 'image', 'audio'"),
        (["--names", "mine"], "'mine' is not one of 'pentad', 'readme'"),
        (["--nn", "one"], "valid integer"),
        (["--head", "-1"], "greater than or equal to 0"),
        (["--licence", "CC-BY"], "--licence"),
    ],
)
def test_what_no_option_takes_is_a_mistake_of_usage(flags, told, tree):
    ran = groups(tree, *flags)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("name", ["groups", "groups.txt", "groups.parquet.zip"])
def test_a_name_that_says_no_format_is_refused(name, tree, tmp_path):
    out = tmp_path / name
    out.write_text("precious")
    told = refused(groups(tree, "--out", out))
    assert told.startswith(f"{out}: in which format?")
    assert out.read_text() == "precious"
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert "this is a folder" in refused(groups(tree, "--out", folder))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_after_an_error_everything_is_as_it_was(suffix, tree, tmp_path):
    out = tmp_path / f"groups{suffix}"
    path = tree.path("100m", "nn_2/data_groups.csv")
    edit_lines(path, {4: "3,1,x,1,1,2"})
    told = refused(groups(tree, "--nn", 1, "--nn", 2, "--out", out))
    assert told.startswith(f"{path}:4 [encord_audio_id]: not an id")
    assert not out.exists()
    out.write_text("precious")
    refused(groups(tree, "--nn", 1, "--nn", 2, "--out", out))
    assert out.read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([out.name, tree.root.name])


def test_an_error_after_rows_with_unknown_ids_is_still_one_line(tree):
    rows = [list(row) for row in tree.groups[1].iter_rows()]
    rows[0][3], rows[5][3] = 900, "x"
    write_csv(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].columns, rows)
    assert ":7 [encord_image_id]" in refused(groups(tree, "--paths"))


def test_a_pointer_is_told_with_the_command(tree, tmp_path):
    write_pointer(tree.path("100m", "infos/image.csv"))
    told = refused(groups(tree, "--paths", "--out", tmp_path / "a.csv"))
    assert "image.csv: this is a Git LFS pointer" in told
    assert "pentad emm1 pull" in told
    assert groups(tree).code == 0


def test_rows_of_one_id_that_disagree_name_it(tree):
    path = tree.path("100m", "infos/image.csv")
    cells = path.read_text().splitlines()[1].split(",")
    write_csv(path, path.read_text().splitlines()[0].split(","), [cells, [*cells[:-1], "shared"]])
    told = refused(groups(tree, "--paths"))
    assert told.startswith(f"{path} [save_folder]: id {cells[0]} stands in rows that disagree")


def test_ids_are_null_where_there_are_none(tmp_path):
    make_emm1(tmp_path, "hub")
    rows = lines(pentad("emm1", "groups", tmp_path, "--json", "--modality", "image", "--paths"))
    assert {(row["encord_text_id"], row["encord_image_id"]) for row in rows} == {(None, None)}
    assert all(row["image_path"] for row in rows)
