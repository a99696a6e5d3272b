from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import LAYOUTS, Tree, make_emm1

HAND_WRITTEN = {
    "infos/text.csv": (
        "encord_text_id,source_dataset,dataset_license,caption\n"
        "0,COCO,CC BY 4.0,a dog\n"
        '4,WavCaps,"Custom, on request","a ""loud"" bang, twice"\n'
        '9,Valor,Academic use,"two\nlines\r\nand more"\n'
        "12,Valor,,007\n"
    ),
    "infos/video.csv": (
        "encord_video_id,source_dataset,dataset_license,youtube_id,file_id,start_time,end_time,"
        "file_name,save_folder\n"
        "7,Valor,Academic use,-abc,,14,24.5,-abc_14.mp4,shared\n"
        "2,VidGen-1M,CC BY 4.0,,é clip,,,é clip.mp4,e-mm1_100m_only\n"
    ),
    "infos/image.csv": (
        "encord_image_id,source_dataset,dataset_license,file_id,file_name,save_folder\n"
        '5,Google Conceptual Captions,"Free, see source","http://a.org/x?w=8,h=8",1.jpg,shared\n'
        "3,COCO,CC BY 4.0,000549,000000000549.jpg,e-mm1_100m_only\n"
    ),
    "nn_1/data_groups.csv": (
        "encord_text_id,encord_video_id,encord_image_id,nn_index\n0,7,5,1\n4,2,5,1\n9,,3,1\n"
    ),
}


def write_tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "datasets/e-mm1_100m" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def test_the_bytes_are_those_of_the_published_dialect(tmp_path: Path, out: Path) -> None:
    root = write_tree(tmp_path / "in", HAND_WRITTEN)
    summary = publish_emm1(open_emm1(root), out)
    for name, text in HAND_WRITTEN.items():
        written = (out / "datasets/e-mm1_100m" / name).read_bytes()
        assert written == text.encode(), name
    assert summary.tables == {"nn_1": 3, "infos_text": 4, "infos_video": 2, "infos_image": 2}


@pytest.mark.parametrize("split", ["100m", "1m"])
def test_every_table_is_written_byte_for_byte(tree: Tree, ds: Emm1, out: Path, split: str) -> None:
    publish_emm1(ds, out, split=split)
    for path in sorted(tree.folder(split).rglob("*.csv")):
        written = out / path.relative_to(tree.root)
        assert written.read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "hub"])
def test_read_write_read_gives_identical_tables(tmp_path: Path, out: Path, layout: str) -> None:
    before = open_emm1(make_emm1(tmp_path / "in", layout).root)
    for split in ("100m", "1m"):
        publish_emm1(before, out / split, split=split)
        after = open_emm1(out / split)
        for modality in ("text", *before.modalities(split)):
            left, right = (ds.infos(modality, split=split) for ds in (before, after))
            assert left.equals(right)
    groups, triplets = open_emm1(out / "100m"), open_emm1(out / "1m")
    assert groups.groups([1, 2]).collect().equals(before.groups([1, 2]).collect())
    assert triplets.triplets(labels=True).collect().equals(before.triplets(labels=True).collect())


def test_a_part_of_it(ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, nn=[2], modalities=["image", "audio"], limit=5)
    part = open_emm1(out)
    assert part.ranks == (2,)
    assert set(part.modalities()) == {"image", "audio"}
    rows = part.groups(2).collect()
    assert rows.equals(ds.groups(2, ["image", "audio"]).collect().head(5))
    for modality in ("text", "image", "audio"):
        name = f"encord_{modality}_id"
        assert set(part.infos(modality)[name]) == set(rows[name])


def test_only_rows_whose_files_are_there(tree: Tree, ds: Emm1, out: Path) -> None:
    summary = publish_emm1(ds, out, nn=[1], only_present=True)
    expected = ds.groups(1, only_present=True).collect()
    assert open_emm1(out).groups(1).collect().equals(expected)
    assert sum(summary.dropped["nn_1"].values()) == 40 - len(expected)
    assert all(reason.startswith("missing file: ") for reason in summary.dropped["nn_1"])


@pytest.mark.parametrize("split", ["100m", "1m"])
def test_the_policy_leaves_nothing_in_that_may_not_be_shared(
    ds: Emm1, out: Path, split: str
) -> None:
    summary = publish_emm1(ds, out, split=split, license_policy="redistributable")
    part = open_emm1(out)
    kept = {m: part.infos(m, split=split) for m in ("text", *part.modalities(split))}
    allowed = {"CC BY 4.0", "CC BY-NC 4.0", "ODC-By 1.0"}
    assert all(set(table["dataset_license"]) <= allowed for table in kept.values())
    refused = pl.DataFrame(summary.refused)
    for modality, table in kept.items():
        lost = refused.filter(pl.col("modality") == modality)["items"].sum()
        assert lost + len(table) == len(ds.infos(modality, split=split))
    assert set(refused["dataset_license"]) == {"Academic use", "Free to use, see source"}
    if split == "100m":
        rows = part.groups([1, 2]).collect()
        expected = ds.groups([1, 2], ["text", *ds.modalities()], licenses=sorted(allowed))
        assert rows.equals(expected.collect())


def _tree_with_unknown_ids(root: Path) -> Emm1:
    groups = HAND_WRITTEN["nn_1/data_groups.csv"] + "12,99,3,1\n77,99,3,1\n"
    return open_emm1(write_tree(root, HAND_WRITTEN | {"nn_1/data_groups.csv": groups}))


def test_a_copy_keeps_rows_with_unknown_ids_and_tells_them(
    tmp_path: Path, out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ds = _tree_with_unknown_ids(tmp_path / "in")
    summary = publish_emm1(ds, out)
    assert summary.tables["nn_1"] == 5
    assert open_emm1(out).groups().collect().equals(ds.groups().collect())
    assert [r.getMessage() for r in caplog.records if r.name.startswith("pentad.publish")] == [
        "nn_1: 1 text ids are not in the infos; copied as they are",
        "nn_1: 2 video ids are not in the infos; copied as they are",
    ]


def test_rows_with_unknown_ids_are_left_out_where_a_license_stands_in_each_row(
    tmp_path: Path, out: Path
) -> None:
    summary = publish_emm1(_tree_with_unknown_ids(tmp_path / "in"), out, to="huggingface")
    assert summary.tables["nn_1"] == 3
    found = summary.dropped["nn_1"]
    assert (found["unknown id: text"], found["unknown id: video"]) == (1, 1)
