"""The data set as one value: what it opens, and that every way in gives the same rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import pentad
from pentad.core.errors import InputError, PentadError, UnknownName
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import FOLDERS, MEDIA, TRAPPY_CAPTIONS, Tree, make_emm1, write_csv
from tests.sources.emm1 import readme_way

TEXTS = [text for text in TRAPPY_CAPTIONS if text]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return make_emm1(
        tmp_path_factory.mktemp("emm1"), captions=40, nn=3, triplets=90, eshot=True, media=True
    )


@pytest.fixture(scope="module")
def ds(tree: Tree) -> Emm1:
    return open_emm1(tree.root)


@pytest.fixture(scope="module")
def converted(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Emm1:
    out = tmp_path_factory.mktemp("converted") / "out"
    convert_emm1(tree.root, out)
    return open_emm1(out, media_root=tree.root)


# ---------------------------------------------------------------------------------------- opening


def test_it_is_part_of_the_package(tree: Tree):
    assert pentad.open_emm1 is open_emm1
    assert isinstance(pentad.open_emm1(str(tree.root)), Emm1)


def test_what_is_here(ds: Emm1, tree: Tree):
    assert ds.root == tree.root
    assert ds.media_root == tree.root
    assert ds.splits == ("100m", "1m", "eshot")
    assert ds.ranks == (1, 2, 3)
    assert ds.modalities() == MEDIA_MODALITIES
    assert ds.modalities("1m") == MEDIA_MODALITIES


def test_the_root_and_that_of_media_come_from_the_environment(tree: Tree, tmp_path, monkeypatch):
    monkeypatch.setenv("ROOT_DATA_PATH", str(tree.root))
    assert open_emm1().root == tree.root
    assert open_emm1().media_root == tree.root
    monkeypatch.setenv("ROOT_DATA_PATH", str(tmp_path))
    ds = open_emm1(tree.root)
    assert (ds.root, ds.media_root) == (tree.root, tmp_path)
    paths = ds.groups(paths=True).select("image_path").collect().to_series()
    assert all(path.startswith(f"{tmp_path}/") for path in paths)
    assert open_emm1(tree.root, media_root="/media/").media_root == Path("/media")
    monkeypatch.setenv("ROOT_DATA_PATH", "")
    assert open_emm1(tree.root).media_root == tree.root
    with pytest.raises(InputError, match="which folder holds E-MM1"):
        open_emm1()


def test_a_root_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: there is no such folder"):
        open_emm1(tmp_path / "nowhere")
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match=r"no part of E-MM1 is here; expected .*got holiday.jpg"):
        open_emm1(tmp_path)


def test_a_part_that_is_missing_is_told_when_it_is_asked_for(tmp_path):
    make_emm1(tmp_path, captions=0)
    ds = open_emm1(tmp_path)
    assert (ds.splits, ds.ranks) == (("1m",), ())
    assert ds.triplets().collect().height == 24
    for ask in (ds.groups, ds.infos, ds.iter_groups):
        with pytest.raises(InputError, match=r"the 100m part of E-MM1 is not here; got 1m there"):
            ask(*(["image"] if ask == ds.infos else []))
    with pytest.raises(InputError, match="the eshot part"):
        ds.eshot()


@pytest.mark.parametrize("layout", FOLDERS)
def test_eshot_in_every_layout(layout, tmp_path):
    make_emm1(tmp_path, layout, captions=0, triplets=0, eshot=True)
    ds = open_emm1(tmp_path)
    assert ds.splits == ("eshot",)
    assert sorted(ds.eshot().categories) == ["bell_(metal)", "dog"]


# ------------------------------------------------------------------------------------------ infos


@pytest.mark.parametrize("split", ["100m", "1m"])
@pytest.mark.parametrize("modality", ["text", *MEDIA])
def test_infos_are_the_table_with_types_of_ours(split, modality, ds: Emm1, tree: Tree):
    assert_frame_equal(ds.infos(modality, split=split), tree.infos[split, modality])


def test_infos_of_what_is_not_here(ds: Emm1):
    with pytest.raises(UnknownName, match="unknown modality 'sound'"):
        ds.infos("sound")
    with pytest.raises(InputError, match="the 2m part of E-MM1 is not here"):
        ds.infos("image", split="2m")


# ------------------------------------------------------------------- tables and what convert wrote


@pytest.mark.parametrize("nn", [1, [3, 1]])
@pytest.mark.parametrize("modalities", [None, ["points"], ["text", "audio", "image"]])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"captions": False, "paths": True},
        {"paths": True, "only_present": True},
        {"licenses": ["CC-BY"], "paths": True},
        {"sources": ["coco", "AudioSet", "Valor"]},
        {"names": "readme", "only_present": True},
    ],
)
def test_a_converted_copy_gives_the_same_groups(nn, modalities, options, ds, converted):
    if "sources" in options and modalities == ["points"]:
        options = {"sources": ["ABO", "Objaverse"]}
    expected = ds.groups(nn, modalities, **options).collect()
    assert_frame_equal(converted.groups(nn, modalities, **options).collect(), expected)
    if "licenses" not in options:
        assert expected.height


@pytest.mark.parametrize("modalities", [None, ["image", "audio"], ["points", "video", "audio"]])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"captions": True, "paths": True, "labels": True},
        {"annotations": ["good", "bad"], "vote": True},
        {"only_present": True, "paths": True},
        {"names": "readme", "captions": True, "labels": True},
        {"fix_roles": True},
    ],
)
def test_a_converted_copy_gives_the_same_triplets(modalities, options, ds, converted):
    expected = ds.triplets(modalities, **options).collect()
    assert_frame_equal(converted.triplets(modalities, **options).collect(), expected)
    assert expected.height


def test_a_converted_copy_gives_the_same_batches_and_eshot(ds, converted):
    for ours, theirs in zip(ds.iter_groups([2, 1]), converted.iter_groups([2, 1]), strict=True):
        assert np.array_equal(ours.text, theirs.text)
        assert_frame_equal(ds.resolve(ours), converted.resolve(theirs))
    one, other = ds.eshot(), converted.eshot()
    assert one.categories == other.categories
    for modality in ("audio", "points"):
        assert_frame_equal(ds.infos(modality), converted.infos(modality))


@pytest.mark.parametrize("wrong", [{"licenses": ["MIT"]}, {"sources": ["Coco2"]}, {"names": "x"}])
def test_both_refuse_the_same(wrong, ds, converted):
    told = []
    for each in (ds, converted):
        with pytest.raises(UnknownName) as error:
            each.groups(**wrong)
        told.append(str(error.value))
    assert told[0] == told[1]


def test_both_have_the_same_ranks_and_refuse_others(ds, converted):
    for each in (ds, converted):
        with pytest.raises(InputError, match="there is no nn_4 here; there is: nn_1, nn_2, nn_3"):
            each.groups(4)


# ------------------------------------------------------------------------------ batches and files


def test_batches_resolve_to_the_rows_of_groups(ds: Emm1):
    expected = ds.groups([3, 1], paths=True).collect()
    batches = list(ds.iter_groups([3, 1], batch=32))
    assert [len(batch) for batch in batches] == [32, 32, 16]
    assert_frame_equal(pl.concat([ds.resolve(batch) for batch in batches]), expected)


def test_some_modalities_in_batches(ds: Emm1):
    batch = next(iter(ds.iter_groups(2, ["points", "audio"], batch=5, shuffle_blocks=1, seed=3)))
    got = ds.resolve(batch)
    assert set(batch.items) == {Modality.POINTS, Modality.AUDIO}
    rows = ds.groups(2, list(batch.items), paths=True).collect().select(got.columns)
    assert got.join(rows, on=got.columns, how="semi", nulls_equal=True).height == 5


@pytest.mark.parametrize("which", ["ds", "converted"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_files_have_the_rows_of_the_frames(which, suffix, tmp_path, request):
    each: Emm1 = request.getfixturevalue(which)
    groups, triplets = tmp_path / f"g{suffix}", tmp_path / f"t{suffix}"
    options = {"paths": True, "sources": ["COCO"]}
    expected = each.groups([2, 3], **options).collect()
    assert each.write_groups(groups, [2, 3], **options) == expected.height > 0
    assert rows_in(groups) == [expected.columns, *as_text(expected)]
    expected = each.triplets(["audio", "points"], captions=True, paths=True).collect()
    rows = each.write_triplets(triplets, ["audio", "points"], captions=True, paths=True)
    assert rows == expected.height > 0
    assert rows_in(triplets) == [expected.columns, *as_text(expected)]


def rows_in(path: Path) -> list[list[str]]:
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        return [frame.columns, *as_text(frame)]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def as_text(frame: pl.DataFrame) -> list[list[str]]:
    return [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_an_error_half_way_leaves_no_file(suffix, tmp_path):
    tree = make_emm1(tmp_path / "root", nn=2)
    path = tree.path("100m", "nn_2/data_groups.csv")
    path.write_text(path.read_text() + "x,1,1,1,1,2\n")
    out = tmp_path / f"out{suffix}"
    with pytest.raises(InputError, match=r"data_groups.csv:14 \[encord_text_id\]"):
        open_emm1(tree.root).write_groups(out, [1, 2])
    assert sorted(tmp_path.iterdir()) == [tmp_path / "root"]


# -------------------------------------------------------------------------- the data set's example


def in_video(frame: pl.DataFrame, column: str = "audio_file_path") -> pl.DataFrame:
    """Return paths of sounds as they are stored, which the example does not know."""
    return frame.with_columns(pl.col(column).str.replace("/audio/", "/video/", literal=True))


@pytest.mark.parametrize("layout", FOLDERS)
@pytest.mark.parametrize(
    "modalities", [["image", "audio", "video", "points"], ["points", "audio"], ["video"]]
)
def test_groups_are_those_of_the_example(layout, modalities, tmp_path):
    tree = make_emm1(tmp_path, layout, captions=20, texts=TEXTS, media=False)
    for rank in (1, 2):
        expected = readme_way.groups(tree.folder("100m"), str(tmp_path), rank, modalities)
        got = open_emm1(tmp_path).groups(rank, modalities, names="readme").collect()
        assert_frame_equal(got, in_video(expected) if "audio" in modalities else expected)
    assert got.columns[:6] == [
        "encord_text_id", "encord_video_id", "encord_audio_id", "encord_image_id",
        "encord_points_id", "nn_index",
    ]  # fmt: skip
    assert got.columns[6:] == [*(f"{m}_file_path" for m in modalities), "caption"]


def test_all_modalities_come_in_the_order_of_the_example(tmp_path):
    tree = make_emm1(tmp_path, "readme", texts=TEXTS)
    order = ["image", "audio", "video", "points"]
    expected = readme_way.groups(tree.folder("100m"), str(tmp_path), 1, order)
    assert_frame_equal(open_emm1(tmp_path).groups(names="readme").collect(), in_video(expected))


def test_sounds_that_lie_in_audio_are_found_there_as_the_example_does(tmp_path):
    tree = make_emm1(tmp_path, "readme", captions=20, texts=TEXTS)
    for split in ("100m", "1m"):
        for folder, name in tree.infos[split, "audio"].select("save_folder", "file_name").rows():
            path = tmp_path / folder / "audio" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    ds = open_emm1(tmp_path)
    expected = readme_way.groups(tree.folder("100m"), str(tmp_path), 2, ["audio", "image"])
    assert_frame_equal(ds.groups(2, ["audio", "image"], names="readme").collect(), expected)
    expected = readme_way.triplets(tree.folder("1m"), str(tmp_path), ["points", "audio"])
    got = ds.triplets(["points", "audio"], captions=True, names="readme").collect()
    assert_frame_equal(got, expected)


def test_unknown_and_missing_ids_have_no_path_in_either(tmp_path):
    tree = make_emm1(tmp_path, "readme", texts=TEXTS)
    rows = [list(row) for row in tree.groups[1].iter_rows()]
    rows[0][0], rows[2][3], rows[4][1] = 901, 902, None
    write_csv(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1].columns, rows)
    expected = readme_way.groups(tree.folder("100m"), str(tmp_path), 1, ["image", "video"])
    got = open_emm1(tmp_path).groups(1, ["image", "video"], names="readme").collect()
    assert_frame_equal(got, expected)
    assert (got["caption"][0], got["image_file_path"][2], got["video_file_path"][4]) == (None,) * 3


def test_an_empty_caption_is_a_caption(tmp_path):
    tree = make_emm1(tmp_path, "readme", texts=["a dog", ""])
    expected = readme_way.groups(tree.folder("100m"), str(tmp_path), 1, ["image"])
    got = open_emm1(tmp_path).groups(1, ["image"], names="readme").collect()
    assert expected["caption"].null_count() == (got["caption"] == "").sum() > 0
    assert_frame_equal(got, expected.with_columns(pl.col("caption").fill_null("")))


@pytest.mark.parametrize("layout", [name for name in FOLDERS if name != "early"])
@pytest.mark.parametrize(
    "modalities",
    [["points", "audio"], ["image", "audio"], ["points", "audio", "video"], ["image", "points"]],
)
def test_triplets_are_those_of_the_example(layout, modalities, tmp_path):
    tree = make_emm1(tmp_path, layout, captions=14, triplets=60, texts=TEXTS)
    expected = readme_way.triplets(tree.folder("1m"), str(tmp_path), modalities)
    ds = open_emm1(tmp_path)
    got = ds.triplets(modalities, captions=True, names="readme").collect()
    sides = ("paired", "annotated")
    for side in sides:
        stored = pl.col(f"{side}_modality_file_path")
        sound = pl.col(f"{side}_modality") == "audio"
        moved = stored.str.replace("/audio/", "/video/", literal=True)
        expected = expected.with_columns(pl.when(sound).then(moved).otherwise(stored))
    assert_frame_equal(got, expected)
    assert got.columns[-3:] == [*(f"{side}_modality_file_path" for side in sides), "caption"]
    without = ds.triplets(modalities, names="readme").collect()
    assert_frame_equal(without, expected.drop("caption"))


# --------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("write", ["write_groups", "write_triplets"])
@pytest.mark.parametrize("name", ["nn_1/data_groups.csv", "infos/image.csv"])
def test_the_tables_of_the_data_set_are_not_written_over(write, name, tmp_path):
    tree = make_emm1(tmp_path, captions=5, triplets=9)
    table = open_emm1(tree.root).places.of("100m") / name
    before = table.read_bytes()
    with pytest.raises(InputError, match="belongs to the data set; write somewhere else"):
        getattr(open_emm1(tree.root), write)(table)
    assert table.read_bytes() == before


def test_a_file_of_the_hub_is_not_written_over(tmp_path):
    tree = make_emm1(tmp_path, captions=5, layout="hub")
    table = next((tree.root / "data").glob("nn_*.parquet"))
    with pytest.raises(InputError, match="belongs to the data set"):
        open_emm1(tree.root).write_groups(table)


def test_a_single_name_may_stand_by_itself(ds: Emm1):
    alone = ds.groups(modalities="image", licenses="CC-BY", sources="COCO").collect()
    several = ds.groups(modalities=["image"], licenses=["CC-BY"], sources=["COCO"]).collect()
    assert_frame_equal(alone, several)
    good = ds.triplets(annotations="good").collect()
    assert_frame_equal(good, ds.triplets(annotations=["good"]).collect())


@pytest.mark.parametrize("nn", ["1", 1.5, [1, "2"], True, None])
def test_a_rank_is_a_whole_number(nn, ds: Emm1):
    with pytest.raises(InputError, match="a rank of neighbors is a whole number from 1; got"):
        ds.groups(nn)


def test_numbers_of_numpy_are_ranks(ds: Emm1):
    ranks = np.array([2, 1])
    assert_frame_equal(ds.groups(ranks).collect(), ds.groups([2, 1]).collect())


@pytest.mark.parametrize("of", ["groups", "triplets"])
def test_media_that_can_be_nowhere_are_told(of, tree: Tree, tmp_path, caplog):
    ds = open_emm1(tree.root, media_root=tmp_path / "nowhere")
    assert getattr(ds, of)(only_present=True).collect().is_empty()
    assert f"{tmp_path / 'nowhere'}: there is no such folder" in caplog.text


def test_a_conversion_of_another_version_is_refused(tmp_path):
    (tmp_path / "emm1.json").write_text('{"format": 2, "complete": true}')
    with pytest.raises(InputError, match="converted by another version of Pentad"):
        open_emm1(tmp_path)


def test_damaged_ratings_of_a_conversion_are_told(tmp_path):
    tree = make_emm1(tmp_path / "tables", captions=5, triplets=9)
    convert_emm1(tree.root, tmp_path / "out")
    table = tmp_path / "out" / "1m" / "triplets.parquet"
    table.write_bytes(table.read_bytes()[:-9])
    with pytest.raises(
        PentadError, match=r"triplets.parquet: missing or not whole; run the conversion again"
    ):
        open_emm1(tmp_path / "out").triplets().collect()
