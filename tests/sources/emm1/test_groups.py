"""Groups: ids as stored, captions and paths by id, ranks as asked for, rows in file order."""

from __future__ import annotations

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import (
    FOLDERS,
    GROUP_ORDER,
    MEDIA,
    Tree,
    edit_lines,
    group_schema,
    make_emm1,
    write_csv,
    write_frame,
)


@pytest.fixture
def tree(tmp_path) -> Tree:
    return make_emm1(tmp_path, captions=20, nn=3)


def groups(tree: Tree, *arguments, **options) -> pl.DataFrame:
    return open_emm1(tree.root).groups(*arguments, **options).collect()


@pytest.mark.parametrize("layout", FOLDERS)
@pytest.mark.parametrize("media", [True, False])
def test_every_layout_gives_its_groups(layout, media, tmp_path):
    tree = make_emm1(tmp_path, layout, captions=20, nn=2, media=media)
    got = groups(tree, [1, 2], MEDIA, paths=True)
    assert got.equals(tree.expected_groups([1, 2], paths=True))
    folder = "phase_1_only" if layout == "early" else "e-mm1_100m_only"
    assert got["image_path"].str.contains(f"/{folder}/image/").any()
    assert got["audio_path"].str.contains("/video/").any()
    assert got["audio_path"].str.contains("/audio/").any() == media


@pytest.mark.parametrize("nn", [1, [1], [3, 1], (2, 3, 1)])
def test_ranks_come_in_the_order_asked_for(nn, tree):
    ranks = [nn] if isinstance(nn, int) else nn
    got = groups(tree, nn)
    assert got["nn_index"].unique(maintain_order=True).to_list() == list(ranks)
    assert got.equals(tree.expected_groups(ranks))


def test_a_rank_that_is_asked_for_twice_comes_once(tree):
    assert groups(tree, [2, 2]).equals(tree.expected_groups([2]))


@pytest.mark.parametrize(
    "modalities", [["image"], ["points", "audio"], ["video", "image", "points"]]
)
@pytest.mark.parametrize("paths", [True, False])
@pytest.mark.parametrize("captions", [True, False])
def test_columns_in_the_order_asked_for(modalities, paths, captions, tree):
    got = groups(tree, 2, modalities, paths=paths, captions=captions)
    assert got.schema == pl.Schema(group_schema(modalities, captions=captions, paths=paths))
    assert got.equals(tree.expected_groups([2], modalities, captions=captions, paths=paths))


def test_text_ids_are_sparse_and_no_position(tree):
    ids = groups(tree)["encord_text_id"].to_list()
    assert ids != list(range(len(ids)))
    for number, caption in groups(tree).select("encord_text_id", "caption").iter_rows():
        assert caption == tree.caption("100m", number)


def test_groups_in_no_order_stay_in_file_order(tree):
    path = tree.path("100m", "nn_1/data_groups.csv")
    tree.groups[1] = tree.groups[1].sample(fraction=1, shuffle=True, seed=3)
    write_frame(path, tree.groups[1])
    assert groups(tree).equals(tree.expected_groups([1]))


def test_a_group_whose_ids_are_unknown_is_kept_and_told(tree, caplog):
    rows = [list(row) for row in tree.groups[1].iter_rows()]
    rows[0][0] = 900  # text
    rows[3][3], rows[4][3] = 901, 4_000_000_000  # image
    write_csv(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].columns, rows)
    got = groups(tree, 1, ["image", "audio"], paths=True)
    assert got.height == 20
    assert got["encord_image_id"][4] == 4_000_000_000
    assert got["caption"].is_null().arg_true().to_list() == [0]
    assert got["image_path"].is_null().arg_true().to_list() == [3, 4]
    assert got["audio_path"].null_count() == 0
    lines = [record.getMessage() for record in caplog.records]
    assert (
        "nn_1 [encord_text_id]: 1 groups name an id that infos/text.csv does not have" in lines[0]
    )
    assert (
        "nn_1 [encord_image_id]: 2 groups name an id that infos/image.csv does not have" in lines[1]
    )
    assert len(lines) == 2


def test_a_group_without_an_item_has_none(tree, caplog):
    rows = [list(row) for row in tree.groups[1].iter_rows()]
    rows[2][1] = None  # video
    write_csv(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].columns, rows)
    got = groups(tree, 1, ["video"], paths=True)
    assert got["encord_video_id"][2] is None
    assert got["video_path"][2] is None
    assert caplog.text == ""


def test_a_group_without_a_caption_id_is_refused(tree):
    edit_lines(tree.path("100m", "nn_1/data_groups.csv"), {4: ",1,1,1,1,1"})
    with pytest.raises(InputError, match=r"\[encord_text_id\]: data row 3 names no caption"):
        groups(tree)


@pytest.mark.parametrize("rank", ["2", "0", ""])
def test_rows_of_another_rank_are_refused(rank, tree):
    path = tree.path("100m", "nn_1/data_groups.csv")
    line = path.read_text().split("\n")[3]
    edit_lines(path, {4: line.rsplit(",", 1)[0] + f",{rank}"})
    with pytest.raises(
        InputError, match=r"\[nn_index\]: data row 3 is of another rank; expected 1"
    ):
        groups(tree)


def test_a_table_without_its_rank_is_that_of_its_folder(tree):
    write_frame(tree.path("100m", "nn_2/data_groups.csv"), tree.groups[2].drop("nn_index"))
    assert groups(tree, 2).equals(tree.expected_groups([2]))


def test_folders_with_zeros_before_the_rank(tree):
    for rank in (1, 2, 3):
        tree.folder("100m").joinpath(f"nn_{rank}").rename(tree.folder("100m") / f"nn_0{rank}")
    assert open_emm1(tree.root).ranks == (1, 2, 3)
    assert groups(tree, [3, 1]).equals(tree.expected_groups([3, 1]))


@pytest.mark.parametrize("nn", [4, 0, -1, [1, 16]])
def test_a_rank_that_is_not_there_is_told(nn, tree):
    with pytest.raises(InputError, match=r"there is no nn_-?\d+ here; there is: nn_1, nn_2, nn_3"):
        groups(tree, nn)
    with pytest.raises(InputError, match="name at least one rank"):
        groups(tree, [])


def test_a_modality_that_is_not_there_is_told_with_its_table(tree, caplog):
    path = tree.path("100m", "nn_1/data_groups.csv")
    write_frame(path, tree.groups[1].drop("encord_audio_id"))
    with pytest.raises(
        InputError, match=r"data_groups.csv \[encord_audio_id\]: this column is missing"
    ):
        groups(tree, 1, ["audio"])
    got = groups(tree, 1)
    assert "encord_audio_id" not in got.columns
    assert "data_groups.csv: there is no column encord_audio_id" in caplog.text


def test_a_table_without_items_is_told(tree):
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].select("encord_text_id"))
    with pytest.raises(
        InputError, match=r"data_groups.csv \[encord_image_id or .*no column of items"
    ):
        groups(tree)


def test_wrong_names_are_told(tree):
    with pytest.raises(UnknownName, match="unknown modality 'imgae'; did you mean 'image'"):
        groups(tree, 1, ["imgae"])
    with pytest.raises(UnknownName, match="unknown naming of columns 'read'"):
        groups(tree, names="read")
    with pytest.raises(InputError, match="name a modality besides text"):
        groups(tree, 1, ["text"])
    with pytest.raises(TypeError, match="unexpected option 'caption'"):
        open_emm1(tree.root).write_groups(tree.root / "x.csv", caption=False)


def test_only_what_is_asked_for_is_read(tree):
    for name in ("infos/text.csv", "infos/image.csv"):
        tree.path("100m", name).unlink()
    got = groups(tree, 1, ["audio"], captions=False, paths=True)
    assert got.equals(tree.expected_groups([1], ["audio"], captions=False, paths=True))
    with pytest.raises(InputError, match=r"text.csv: there is no such table"):
        groups(tree)
    with pytest.raises(InputError, match=r"image.csv: there is no such table"):
        groups(tree, captions=False, paths=True)


def test_a_header_alone_is_an_empty_table_and_a_notice(tree, caplog):
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].head(0))
    got = groups(tree, 1, MEDIA, paths=True)
    assert got.height == 0
    assert got.schema == pl.Schema(group_schema(MEDIA, paths=True))
    assert "no groups are left" in caplog.text
    both = groups(tree, [1, 2], MEDIA, paths=True)
    assert both.equals(tree.expected_groups([2], paths=True))


def test_other_orders_and_more_columns(tree):
    frame = tree.groups[1].select(
        pl.lit("x,y").alias("score"), *reversed(tree.groups[1].columns), pl.lit("").alias("")
    )
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), frame)
    assert groups(tree).equals(tree.expected_groups([1]))


def test_no_caption_is_taken_for_a_number_or_for_nothing(tmp_path):
    texts = ["007", "1e5", "null", "NA", "True", "NaN", "-", "0x1F", "None", "#N/A", "", "3.0"]
    tree = make_emm1(tmp_path, captions=20, nn=1, texts=texts)
    got = groups(tree)
    assert set(got["caption"]) <= set(texts)
    assert got["caption"].null_count() == 0
    assert got.equals(tree.expected_groups([1]))


def test_columns_stand_in_the_published_order_in_the_tables(tree):
    first = tree.path("100m", "nn_1/data_groups.csv").read_text().split("\n")[0]
    assert first.split(",")[1:5] == [f"encord_{m}_id" for m in GROUP_ORDER]
