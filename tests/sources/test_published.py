"""Data sets in the layouts that they are published in, three rows each."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.core.licenses import parse_license
from pentad.sources.layouts import Layout
from pentad.sources.read import find_layout, read_source
from tests.sources.helpers import refusals, rows_of, touch, write_csv
from tests.tars import write_tar

FACTS = ("concept", "source_dataset", "dataset_license")


def esc50(root: Path, *lines: str) -> Path:
    touch(*(root / "audio" / name for name in ("1-a-A-0.wav", "2-b-B-14.wav")))
    write_csv(
        root / "meta" / "esc50.csv",
        "filename,fold,target,category,esc10,src_file,take",
        "1-a-A-0.wav,1,0,dog,True,100032,A",
        "2-b-B-14.wav,2,14,chirping_birds,False,100038,B",
        *lines,
    )
    return root


def test_esc50(tmp_path: Path) -> None:
    listing = read_source(esc50(tmp_path / "ESC-50-master"))
    assert find_layout(tmp_path / "ESC-50-master", None, None)[0] is Layout.ESC50
    assert listing.name == "ESC-50-master"
    assert rows_of(listing) == [
        ("audio", "audio/1-a-A-0.wav", None),
        ("audio", "audio/2-b-B-14.wav", None),
    ]
    assert listing.rows.select(FACTS).rows() == [
        ("dog", "ESC-50", "CC BY 3.0"),
        ("chirping_birds", "ESC-50", "CC BY-NC 3.0"),
    ]
    assert parse_license("CC BY-NC 3.0").non_commercial


def test_bad_rows_of_esc50(tmp_path: Path) -> None:
    listing = read_source(
        esc50(
            tmp_path,
            "3-c-A-0.wav,3,0,dog,False,1,A",
            "1-a-A-0.wav,1,0,dog,maybe,1,A",
            "1-a-A-0.wav,1,0,,True,1,A",
            "1-a-A-0.wav,1,0,cat,True,1,A",
            "1-a-A-0.wav,1",
        )
    )
    assert listing.rows.height == 2
    assert refusals(listing) == [
        ("meta/esc50.csv", 4, "filename", "missing-file"),
        ("meta/esc50.csv", 5, "esc10", "bad-row"),
        ("meta/esc50.csv", 6, "category", "bad-row"),
        ("meta/esc50.csv", 7, "concept", "conflicting-values"),
        ("meta/esc50.csv", 8, None, "bad-row"),
    ]


def test_esc50_holds_sounds_and_has_its_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds audio and no image"):
        read_source(esc50(tmp_path), modality="image")
    assert read_source(tmp_path, modality="audio").rows.height == 2
    write_csv(tmp_path / "meta" / "esc50.csv", "filename,category", "1-a-A-0.wav,dog")
    with pytest.raises(InputError, match="column esc10 is missing"):
        read_source(tmp_path)
    with pytest.raises(InputError, match=r"no meta/esc50.csv in it"):
        read_source(tmp_path / "audio", format="esc-50")


def fsd50k(root: Path, info: object = None) -> Path:
    touch(root / "FSD50K.dev_audio" / "64760.wav", root / "FSD50K.eval_audio" / "37199.wav")
    truth = root / "FSD50K.ground_truth"
    write_csv(
        truth / "dev.csv",
        "fname,labels,mids,split",
        '64760,"Electric_guitar,Guitar,Music","/m/02sgy,/m/0342h,/m/04rlf",train',
        '1,"Dog,Animal","/m/0bt9lr,/m/0jbk",val',
        '64760,"","",val',
        ',"Dog,Animal","/m/0bt9lr,/m/0jbk",val',
    )
    write_csv(truth / "eval.csv", "fname,labels,mids", "37199,Bicycle,/m/0199g")
    if info is not None:
        path = root / "FSD50K.metadata" / "dev_clips_info_FSD50K.json"
        path.parent.mkdir()
        path.write_text(info if isinstance(info, str) else json.dumps(info))
    return root


def test_fsd50k(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    license_ = "http://creativecommons.org/licenses/by-nc/3.0/"
    info = {"64760": {"title": "a", "tags": [], "license": license_, "uploader": "b"}, "1": []}
    listing = read_source(fsd50k(tmp_path, info))
    assert find_layout(tmp_path, None, None)[0] is Layout.FSD50K
    assert rows_of(listing) == [
        ("audio", "FSD50K.dev_audio/64760.wav", None),
        ("audio", "FSD50K.eval_audio/37199.wav", None),
    ]
    assert listing.rows.select(FACTS).rows() == [
        ("Electric_guitar", "FSD50K", license_),
        ("Bicycle", "FSD50K", None),
    ]
    assert "eval_clips_info_FSD50K.json is not there" in caplog.text
    assert refusals(listing) == [
        ("FSD50K.ground_truth/dev.csv", 3, "fname", "missing-file"),
        ("FSD50K.ground_truth/dev.csv", 4, "labels", "bad-row"),
        ("FSD50K.ground_truth/dev.csv", 5, "fname", "bad-row"),
    ]


@pytest.mark.parametrize("info", ["{", "[]"])
def test_clip_info_that_cannot_be_read(tmp_path: Path, info: str) -> None:
    with pytest.raises(InputError, match="JSON"):
        read_source(fsd50k(tmp_path, info))


def coco(root: Path, **changes: object) -> Path:
    touch(root / "train2017" / "1.jpg", root / "train2017" / "2.jpg")
    content = {
        "info": {"year": 2017},
        "licenses": [
            {"url": "http://creativecommons.org/licenses/by-nc-sa/2.0/", "id": 1,
             "name": "Attribution-NonCommercial-ShareAlike License"},
            {"url": "http://flickr.com/commons/usage/", "id": 7,
             "name": "No known copyright restrictions"},
        ],
        "images": [
            {"license": 1, "file_name": "1.jpg", "coco_url": "x", "height": 4, "id": 391895},
            {"license": 7, "file_name": "2.jpg", "id": 2},
        ],
        "annotations": [
            {"image_id": 391895, "id": 770337, "caption": "A man with a red helmet."},
            {"image_id": 391895, "id": 771687, "caption": "Man riding a motor bike"},
        ],
        **changes,
    }  # fmt: skip
    path = root / "annotations" / "captions_train2017.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return root


def test_coco(tmp_path: Path) -> None:
    listing = read_source(coco(tmp_path))
    assert find_layout(tmp_path, None, None)[0] is Layout.COCO
    assert rows_of(listing) == [
        ("image", "train2017/1.jpg", "A man with a red helmet."),
        ("image", "train2017/1.jpg", "Man riding a motor bike"),
        ("image", "train2017/2.jpg", None),
    ]
    licenses = listing.rows["dataset_license"].to_list()
    assert parse_license(licenses[0]).spdx == "CC-BY-NC-SA-2.0"
    assert licenses[2] == "No known copyright restrictions"
    assert not listing.rejections
    assert [row[2] for row in rows_of(read_source(tmp_path, modality="text"))] == [
        "A man with a red helmet.",
        "Man riding a motor bike",
    ]


def test_pictures_of_coco_may_lie_elsewhere(tmp_path: Path) -> None:
    coco(tmp_path / "a")
    (tmp_path / "b" / "images").mkdir(parents=True)
    (tmp_path / "a" / "train2017").rename(tmp_path / "b" / "images" / "train2017")
    listing = read_source(tmp_path / "a", media_root=tmp_path / "b")
    assert listing.root == (tmp_path / "b").resolve()
    assert rows_of(listing)[0][1] == "images/train2017/1.jpg"
    with pytest.raises(InputError, match="no such folder of media"):
        read_source(tmp_path / "a", media_root=tmp_path / "c")
    with pytest.raises(InputError, match="2 x missing-file"):
        read_source(tmp_path / "a")


def test_bad_entries_of_coco(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "1.jpg"}, {"id": "x", "file_name": "2.jpg"}, 3,
              {"id": 4, "file_name": "no.jpg"}, {"id": 5, "file_name": 5}]  # fmt: skip
    captions = [(1, "A cat"), (1, "A cat"), (9, "A dog"), (1, " "), (1, None), (4, "A cow")]
    annotations = [{"image_id": image, "caption": text} for image, text in captions]
    listing = read_source(coco(tmp_path, images=images, annotations=annotations, licenses=None))
    assert rows_of(listing) == [("image", "train2017/1.jpg", "A cat")]
    table = "annotations/captions_train2017.json"
    assert refusals(listing) == [
        (table, 2, "caption", "duplicate"),
        (table, 3, "image_id", "bad-row"),
        (table, 4, "caption", "empty-caption"),
        (table, 5, "caption", "empty-caption"),
        (table, 2, "id", "bad-row"),
        (table, 3, "id", "bad-row"),
        (table, 4, "file_name", "missing-file"),
        (table, 5, "file_name", "bad-row"),
    ]
    assert "its 1 captions are left out" in listing.rejections[-2].detail
    with pytest.raises(InputError, match="no list of images"):
        read_source(coco(tmp_path, images={}))


def retrieval(root: Path, *tables: dict[str, list[object]]) -> Path:
    for number, columns in enumerate(tables):
        path = root / "metadata" / f"metadata_{number * 9}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(columns).write_parquet(path)
    return root


def test_clip_retrieval_seen_from_where_it_ran(tmp_path: Path) -> None:
    touch(*(tmp_path / "pictures" / "0" / f"{n}.jpg" for n in range(4)))
    retrieval(
        tmp_path / "out",
        {"image_path": ["pictures/0/0.jpg", "pictures/0/9.jpg"], "caption": ["A cat", "A dog"]},
        {"image_path": [f"{tmp_path}/pictures/0/2.jpg"], "caption": [" "]},
        {"image_path": ["pictures/0/3.jpg", "/etc/passwd.jpg"], "caption": ["A cow", "x"]},
    )
    assert find_layout(tmp_path / "out", None, None)[0] is Layout.CLIP_RETRIEVAL
    listing = read_source(tmp_path / "out")
    assert listing.name == "out"
    assert rows_of(listing) == [
        ("image", "pictures/0/0.jpg", "A cat"),
        ("image", "pictures/0/2.jpg", None),
        ("image", "pictures/0/3.jpg", "A cow"),
    ]
    assert refusals(listing) == [
        ("metadata/metadata_0.parquet", 2, "image_path", "missing-file"),
        ("metadata/metadata_18.parquet", 2, "image_path", "outside-root"),
    ]
    beside = read_source(tmp_path / "out", media_root=tmp_path / "pictures")
    assert [row[1] for row in rows_of(beside)] == ["0/0.jpg", "0/2.jpg", "0/3.jpg"]
    texts = read_source(tmp_path / "out", modality="text")
    assert [row[2] for row in rows_of(texts)] == ["A cat", "A dog", "A cow", "x"]


def test_clip_retrieval_of_tars(tmp_path: Path) -> None:
    write_tar(tmp_path / "tars" / "0.tar", {"000.jpg": "a", "000.txt": "A cat", "d/1.jpg": "b"})
    write_tar(tmp_path / "tars" / "1.tar", {"002.jpg": "c", "003.jpg": "c", "003.txt": ""})
    write_tar(tmp_path / "tars" / "2.tar", {"003.jpg": "d"})
    retrieval(
        tmp_path / "out",
        {"image_path": ["000", "d/1", "003", "9"], "caption": ["A cat", "A dog", "x", "y"]},
    )
    listing = read_source(tmp_path / "out", media_root=tmp_path / "tars")
    assert [row[1] for row in rows_of(listing)] == ["0.tar/000.jpg", "0.tar/d/1.jpg"]
    assert refusals(listing) == [
        ("metadata/metadata_0.parquet", 3, "image_path", "conflicting-values"),
        ("metadata/metadata_0.parquet", 4, "image_path", "missing-file"),
    ]


def test_clip_retrieval_without_pictures(tmp_path: Path) -> None:
    retrieval(tmp_path, {"caption": ["A cat"]})
    with pytest.raises(InputError, match="image_path is missing; without pictures"):
        read_source(tmp_path)
    assert rows_of(read_source(tmp_path, modality="text")) == [("text", "", "A cat")]
    with pytest.raises(InputError, match="no audio"):
        read_source(tmp_path, modality="audio")
