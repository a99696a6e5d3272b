from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pentad.publish.card import size_category
from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import MEDIA, Tree, make_emm1, write_frame
from tests.publish.helpers import content


def read(out: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(sorted((out / "data" / table).glob("*.parquet")))


def test_rows_are_joined_with_what_they_name(tree: Tree, ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, to="huggingface")
    for rank in (1, 2):
        frame = read(out, f"nn_{rank}")
        expected = tree.groups[rank]
        assert frame["encord_text_id"].equals(expected["encord_text_id"])
        assert frame["caption"].to_list() == [
            tree.caption("100m", n) for n in expected["encord_text_id"]
        ]
        for modality in MEDIA:
            own = f"encord_{modality}_id"
            infos = tree.infos["100m", modality]
            joined = expected.select(own).join(infos, on=own, how="left", maintain_order="left")
            for name in ("source_dataset", "dataset_license", "file_name", "save_folder"):
                assert frame[f"{name}_{modality}"].to_list() == joined[name].to_list()


def test_triplets_name_both_items(tree: Tree, ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, to="huggingface", split="1m")
    frame = read(out, "triplets")
    assert len(frame) == len(tree.triplets)
    for row, triplet in zip(frame.to_dicts(), tree.triplets.to_dicts(), strict=True):
        for role in ("paired", "annotated"):
            modality, number = triplet[f"{role}_modality"], triplet[f"encord_{role}_id"]
            item = tree.infos["1m", modality].filter(pl.col(f"encord_{modality}_id") == number)
            assert row[f"file_name_{role}"] == item["file_name"][0]
            assert row[f"dataset_license_{role}"] == item["dataset_license"][0]
        assert (row["annotation"], row["annotation_str"].split()[0]) in {
            (1, "Good"), (2, "Partial"), (3, "Bad"),
        }  # fmt: skip


@pytest.mark.parametrize(("rows", "files"), [(16, 3), (20, 2), (40, 1), (41, 1), (1, 40)])
def test_files_have_so_many_rows_each(ds: Emm1, out: Path, rows: int, files: int) -> None:
    publish_emm1(ds, out, to="huggingface", nn=[1], shard_size=rows)
    paths = sorted((out / "data/nn_1").iterdir())
    assert [p.name for p in paths] == [
        f"train-{n:05d}-of-{files:05d}.parquet" for n in range(files)
    ]
    counts = [len(pl.read_parquet(p)) for p in paths]
    assert counts[:-1] == [rows] * (files - 1)
    assert sum(counts) == 40


def test_row_groups_may_lie_across_two_files(
    ds: Emm1, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pentad.publish.huggingface._ROW_GROUP", 7)
    publish_emm1(ds, out, to="huggingface", nn=[1], shard_size=16)
    expected = ds.groups(1).collect()["encord_text_id"].to_list()
    assert read(out, "nn_1")["encord_text_id"].to_list() == expected


def test_the_same_bytes_each_time(ds: Emm1, tmp_path: Path) -> None:
    for name in ("a", "b"):
        publish_emm1(ds, tmp_path / name, to="huggingface", license_policy="redistributable")
    assert content(tmp_path / "a") == content(tmp_path / "b")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("split", ["100m", "1m"])
def test_the_datasets_package_reads_it(ds: Emm1, tmp_path: Path, split: str) -> None:
    import datasets

    out = tmp_path / "out"
    publish_emm1(ds, out, to="huggingface", split=split, shard_size=15)
    tables = ["triplets"] if split == "1m" else ["nn_1", "nn_2"]
    assert datasets.get_dataset_config_names(str(out)) == tables
    for table in tables:
        rows = datasets.load_dataset(str(out), table, split="train", cache_dir=tmp_path / "cache")
        expected = read(out, table)
        assert rows.column_names == expected.columns
        assert rows.to_list() == expected.to_dicts()


def test_texts_of_the_tables_do_not_become_markup_of_the_card(tmp_path: Path, out: Path) -> None:
    import yaml

    tree = make_emm1(tmp_path / "in", captions=6, items=3, triplets=0)
    hostile = '---\n# Title\n[x](javascript:alert(1)) <script> | `a` "q": http://evil.example'
    points = tree.infos["100m", "points"].with_columns(
        source_dataset=pl.lit(hostile), dataset_license=pl.lit(hostile)
    )
    write_frame(tree.path("100m", "infos/points.csv"), points)
    publish_emm1(open_emm1(tree.root), out, to="huggingface", nn=[1])
    for name in ("README.md", "ATTRIBUTION.md"):
        text = (out / name).read_text()
        assert "<script>" not in text
        assert "](javascript:" not in text
        assert "http://evil" not in text
        assert "\n# Title" not in text
    front: dict[str, Any] = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    assert front["license"] == "odc-by"
    assert front["configs"][0]["config_name"] == "nn_1"


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (1, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (6_706_765, "1M<n<10M"),
        (107_308_240, "100M<n<1B"),
    ],
)
def test_size_categories(rows: int, name: str) -> None:
    assert size_category(rows) == name
