from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pentad.core.errors import InputError
from pentad.sources.huggingface import is_hf_folder
from pentad.sources.layouts import Layout
from pentad.sources.read import find_layout, read_source
from pentad.store.items import empty_catalog
from pentad.store.places import locate
from pentad.store.registry import register
from tests.sources.helpers import refusals, rows_of, touch, write_csv
from tests.tars import media, write_cells


def shard(path: Path, first: int = 0, **columns: object) -> Path:
    return write_cells(
        path,
        {
            "image": media((b"p%d" % first, "x.jpg"), (b"q%d" % first, None)),
            "caption": pa.array([f"A cat {first}", f"A dog {first}"]),
            **columns,
        },
    )


def typed(path: Path, table: pa.Table, features: dict[str, object]) -> Path:
    text = json.dumps({"info": {"features": features}})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({"huggingface": text}), path)
    return path


def test_shards_of_parquet(tmp_path: Path) -> None:
    for n in range(2):
        shard(tmp_path / "data" / f"train-{n:05d}-of-00002.parquet", n)
    (tmp_path / "README.md").write_text("hello")
    assert find_layout(tmp_path, None, None)[0] is Layout.HUGGINGFACE
    listing = read_source(tmp_path)
    assert not listing.rejections
    assert rows_of(listing) == [
        ("image", f"data/train-{n:05d}-of-00002.parquet/{row}/image", f"A {kind} {n}")
        for n in range(2)
        for row, kind in enumerate(("cat", "dog"))
    ]
    items = register(empty_catalog(), listing).items("image")
    assert locate(items.path(3)).place.data == b"q1"


def test_links_that_lead_out_of_a_folder_are_refused(tmp_path: Path) -> None:
    shard(tmp_path / "data" / "a.parquet")
    (tmp_path / "data" / "b.parquet").symlink_to(shard(tmp_path / "own.parquet"))
    listing = read_source(tmp_path / "data")
    assert listing.rows.height == 2
    assert refusals(listing) == [("b.parquet", None, None, "outside-root")]


def test_one_file_alone(tmp_path: Path) -> None:
    path = shard(tmp_path / "t.parquet")
    listing = read_source(path)
    assert listing.name == "t"
    assert [row[1] for row in rows_of(listing)] == ["t.parquet/0/image", "t.parquet/1/image"]


def test_features_tell_what_columns_are(tmp_path: Path) -> None:
    table = pa.table(
        {
            "first": media((b"1", None), (b"2", None)),
            "second": media((b"3", None), None),
            "vector": pa.array([b"x", b"y"]),
            "text": pa.array([["A cat", "A pet", "A cat"], None]),
            "sentence_1": pa.array(["A beast", " "]),
            "label": pa.array([1, -1]),
            "license": pa.array(["CC0", None]),
        }
    )
    features = {
        "first": {"_type": "Image"},
        "second": {"_type": "Audio", "sampling_rate": 16000},
        "label": {"_type": "ClassLabel", "names": ["dog", "cat"]},
    }
    listing = read_source(typed(tmp_path / "data/train-0.parquet", table, features).parents[1])
    assert rows_of(listing) == [
        (kind, f"data/train-0.parquet/0/{column}", caption)
        if row == 0
        else (kind, f"data/train-0.parquet/1/{column}", None)
        for kind, column in (("image", "first"), ("audio", "second"))
        for row, caption in ((0, "A cat"), (0, "A pet"), (0, "A beast"), (1, None))
    ]
    assert listing.rows["concept"].to_list()[:4] == ["cat", "cat", "cat", None]
    assert listing.rows["dataset_license"].to_list()[0] == "CC0"
    assert refusals(listing) == [("data/train-0.parquet", 2, "sentence_1", "empty-caption")]
    catalog = register(empty_catalog(), listing)
    assert [len(catalog.items(kind)) for kind in ("image", "audio")] == [2, 1]
    assert [(r.path, r.reason.value) for r in catalog.rejections][-1] == (
        "data/train-0.parquet/1/second",
        "missing-file",
    )


def test_one_modality_and_captions_alone(tmp_path: Path) -> None:
    shard(tmp_path / "t.parquet", audio=media((b"s", None), (b"t", None)))
    assert [row[0] for row in rows_of(read_source(tmp_path, modality="audio"))] == ["audio"] * 2
    assert rows_of(read_source(tmp_path, modality="text", format="huggingface")) == [
        ("text", "", "A cat 0"),
        ("text", "", "A dog 0"),
    ]
    with pytest.raises(InputError, match="no video"):
        read_source(tmp_path, modality="video")


def test_columns_of_bytes_go_by_their_name(tmp_path: Path) -> None:
    write_cells(
        tmp_path / "t.parquet",
        {
            "photo.jpg": pa.array([b"1"]),
            "embedding": pa.array([b"2"]),
            "caption": pa.array(["A cat"]),
        },
    )
    assert not is_hf_folder(tmp_path)
    listing = read_source(tmp_path, format="huggingface")
    assert rows_of(listing) == [("image", "t.parquet/0/photo.jpg", "A cat")]
    assert locate(tmp_path / "t.parquet/0/photo.jpg").place.data == b"1"


def test_tables_without_media_are_refused(tmp_path: Path) -> None:
    shard(tmp_path / "a.parquet")
    pl.DataFrame({"caption": ["A cat"]}).write_parquet(tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"PAR1 and nothing")
    listing = read_source(tmp_path)
    assert listing.rows.height == 2
    assert refusals(listing) == [
        ("b.parquet", None, "image", "missing-column"),
        ("c.parquet", None, None, "corrupt"),
    ]


def test_text_that_is_none_costs_its_row(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0\4\0\0\0"), pa.py_buffer(b"a\xf6gb")]
    )
    shard(tmp_path / "t.parquet", caption=bad)
    listing = read_source(tmp_path)
    assert rows_of(listing) == [
        ("image", "t.parquet/0/image", None),
        ("image", "t.parquet/1/image", "b"),
    ]
    assert refusals(listing) == [("t.parquet", 1, "caption", "wrong-encoding")]


def test_an_imagefolder_in_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        touch(tmp_path / split / "a.jpg", tmp_path / split / "b.jpg")
        write_csv(tmp_path / split / "metadata.csv", "file_name,text", "a.jpg,A cat", "no.jpg,x")
    assert find_layout(tmp_path, None, None)[0] is Layout.HUGGINGFACE
    listing = read_source(tmp_path)
    assert rows_of(listing) == [
        ("image", "test/a.jpg", "A cat"),
        ("image", "train/a.jpg", "A cat"),
    ]
    assert refusals(listing) == [
        ("test/metadata.csv", 3, "file_name", "missing-file"),
        ("train/metadata.csv", 3, "file_name", "missing-file"),
    ]


def test_a_folder_with_some_other_metadata_is_a_plain_one(tmp_path: Path) -> None:
    touch(tmp_path / "sounds" / "a.wav")
    write_csv(tmp_path / "about" / "metadata.csv", "title,year", "x,2000")
    assert find_layout(tmp_path, None, None)[0] is Layout.FOLDER


@pytest.mark.slow
@pytest.mark.parametrize("form", ["parquet", "saved", "saved-dict"])
def test_what_datasets_writes_is_read(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    datasets = pytest.importorskip("datasets")
    from PIL import Image

    pictures = []
    for n in range(5):
        Image.new("RGB", (4, 4), (n, 0, 0)).save(tmp_path / f"{n}.png")
        pictures.append(str(tmp_path / f"{n}.png"))
    made = datasets.Dataset.from_dict(
        {"image": pictures, "caption": [f"Cat {n}" for n in range(5)], "label": [0, 1, 0, 1, 0]}
    )
    made = made.cast_column("image", datasets.Image())
    made = made.cast_column("label", datasets.ClassLabel(names=["cat", "dog"]))
    if form == "parquet":
        embed = datasets.table.embed_table_storage
        made = made.with_format("arrow").map(embed, batched=True).with_format(None)
        made.to_parquet(tmp_path / "out" / "train-00000-of-00001.parquet")
    elif form == "saved":
        made.save_to_disk(tmp_path / "out", num_shards=2)
    else:
        datasets.DatasetDict({"train": made, "test": made}).save_to_disk(tmp_path / "out")
    listing = read_source(tmp_path / "out")
    assert not listing.rejections
    assert listing.rows["caption"].to_list()[:5] == [f"Cat {n}" for n in range(5)]
    assert listing.rows["concept"].to_list()[:2] == ["cat", "dog"]
    items = register(empty_catalog(), listing).items("image")
    assert len(items) == (10 if form == "saved-dict" else 5)
    assert locate(items.path(4)).place.data == (tmp_path / "4.png").read_bytes()


def arrow(path: Path) -> None:
    table = pa.table({"image": media((b"1", "a.png")), "caption": pa.array(["A cat"])})
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


def test_a_saved_data_set_by_hand(tmp_path: Path) -> None:
    arrow(tmp_path / "train" / "data-00000-of-00001.arrow")
    state = tmp_path / "train" / "state.json"
    state.write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train"]}))
    listing = read_source(tmp_path)
    assert rows_of(listing) == [
        ("image", "train/data-00000-of-00001.arrow/0/image", "A cat"),
    ]
    state.write_text(json.dumps({"_data_files": [{"filename": "../other.arrow"}]}))
    with pytest.raises(InputError, match="names no files"):
        read_source(tmp_path)
    state.write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_source(tmp_path)
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["../x"]}))
    with pytest.raises(InputError, match="names no splits"):
        read_source(tmp_path)


def test_nothing_of_the_three_forms(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Parquet files"):
        read_source(tmp_path, format="huggingface")
