from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.layouts import Layout
from pentad.sources.read import find_layout, read_source
from pentad.store.items import empty_catalog
from pentad.store.registry import register
from tests.sources.helpers import refusals, rows_of
from tests.store.helpers import native
from tests.tars import entry, write_tar


def shards(root: Path, count: int = 3) -> Path:
    for n in range(count):
        write_tar(
            root / f"{n:05d}.tar",
            {f"{n}0.jpg": f"p{n}", f"{n}0.txt": f"A cat {n}", f"{n}1.png": "q", f"{n}1.txt": "x"},
        )
    return root


@pytest.mark.parametrize(
    ("path", "name", "files"),
    [
        ("data", "data", 6),
        ("data/00001.tar", "00001", 2),
        ("data/{00000..00001}.tar", "data", 4),
        ("data/{00002,00000}.tar", "data", 4),
        ("{data,data}/0000{0..2}.tar", "", 6),
    ],
)
def test_a_tar_a_folder_and_a_pattern(tmp_path: Path, path: str, name: str, files: int) -> None:
    shards(tmp_path / "data")
    listing = read_source(tmp_path / path)
    assert find_layout(tmp_path / path, None, None)[0] is Layout.WEBDATASET
    assert listing.rows.height == files
    assert not listing.rejections
    assert name in ("", listing.name)
    assert len(register(empty_catalog(), listing).items("image")) == files


def test_shards_that_a_pattern_names_and_are_not_there(tmp_path: Path) -> None:
    shards(tmp_path, 2)
    listing = read_source(tmp_path / "{00000..00003}.tar")
    assert listing.rows.height == 4
    assert refusals(listing) == [
        ("00002.tar", None, None, "missing-file"),
        ("00003.tar", None, None, "missing-file"),
    ]
    with pytest.raises(InputError, match="none of its 2 tars is there"):
        read_source(tmp_path / "{8..9}.tar")
    with pytest.raises(InputError, match="not closed"):
        read_source(tmp_path / "{8..9.tar")


def test_members_of_one_name_share_captions(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar",
        {
            "a/1.video.mp4": "v",
            "a/1.audio.mp4": "s",
            "a/1.image.jpg": "i",
            "a/1.points.npy": "p",
            "a/1.txt": "A cat\n\nA pet\n",
            "b/1.jpg": "another sample",
        },
    )
    catalog = register(empty_catalog(), read_source(path))
    expected = {
        (kind, f"x.tar/a/1.{kind}.{end}", caption)
        for kind, end in (("video", "mp4"), ("audio", "mp4"), ("image", "jpg"), ("points", "npy"))
        for caption in ("A cat", "A pet")
    }
    assert native(catalog) == expected
    assert len(catalog.items("image")) == 2


def test_json_and_cls(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar",
        {
            "1.jpg": "1",
            "1.txt": "A cat",
            "1.json": json.dumps(
                {"caption": " A cat ", "captions": ["A pet", None], "text": "A beast",
                 "license": "CC0", "source": "Somewhere", "width": 3}
            ),
            "1.cls": "7",
            "2.jpg": "2",
            "2.json": json.dumps({"concept": "dog", "source_dataset": "S"}),
            "2.cls": "8",
            "3.jpg": "3",
            "3.json": json.dumps({"caption": 3, "license": ["x"], "concept": 5}),
            "4.jpg": "4",
            "4.json": "[1]",
            "5.jpg": "5",
            "5.json": "{",
        },
    )  # fmt: skip
    listing = read_source(path)
    assert [row[1:] for row in rows_of(listing)] == [
        ("x.tar/1.jpg", "A cat"),
        ("x.tar/1.jpg", "A pet"),
        ("x.tar/1.jpg", "A beast"),
        ("x.tar/2.jpg", None),
        ("x.tar/3.jpg", None),
        ("x.tar/4.jpg", None),
        ("x.tar/5.jpg", None),
    ]
    facts = listing.rows.select("concept", "source_dataset", "dataset_license").rows()
    assert facts[0] == facts[2] == ("7", "Somewhere", "CC0")
    assert facts[3] == ("dog", "S", None)
    assert facts[4] == ("5", None, None)
    assert refusals(listing) == [
        ("x.tar/3.json", None, "caption", "bad-row"),
        ("x.tar/4.json", None, None, "bad-row"),
        ("x.tar/5.json", None, None, "bad-row"),
    ]


def test_captions_are_checked_line_by_line(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar",
        {
            "1.jpg": b"1",
            "1.txt": b"A d\xf6g\nA cat\n" + b"x" * 20_000 + b"\n\xe2\x80\x8b\n",
            "2.jpg": b"2",
            "2.txt": b"\xff\xfe" + "A bird".encode("utf-16-le"),
            "3.jpg": b"3",
            "3.txt": b" \n",
        },
    )
    listing = read_source(path)
    assert [row[2] for row in rows_of(listing)] == ["A cat", "A bird", None]
    assert refusals(listing) == [
        ("x.tar/1.txt", 1, None, "wrong-encoding"),
        ("x.tar/1.txt", 3, None, "too-large"),
        ("x.tar/1.txt", 4, None, "empty-caption"),
        ("x.tar/3.txt", None, None, "empty-caption"),
    ]


def test_one_modality_can_be_asked_for(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar", {"1.jpg": "1", "1.wav": "2", "1.txt": "A cat", "2.jpg": "3"}
    )
    assert [row[:2] for row in rows_of(read_source(path, modality="audio"))] == [
        ("audio", "x.tar/1.wav")
    ]
    assert rows_of(read_source(path, modality="text")) == [("text", "", "A cat")]
    with pytest.raises(InputError, match="no video"):
        read_source(path, modality="video")


def test_what_is_no_medium_is_told(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar",
        [
            entry("1.jpg", b"1"),
            entry("1.npz", b"an embedding"),
            entry("1.xyz", b"?"),
            entry("2.txt", b"A caption without a picture"),
            entry("3.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
            entry("../4.jpg", b"4"),
            entry("5.jpg", b"5"),
            entry("5.jpg", b"55"),
            entry("._6.jpg", b"of a Mac"),
            entry("README.md", b"hello"),
            entry("7", b"no ending"),
        ],
    )
    listing = read_source(path)
    assert [row[1] for row in rows_of(listing)] == ["x.tar/1.jpg", "x.tar/5.jpg"]
    assert sorted(refusals(listing)) == [
        ("x.tar/../4.jpg", None, None, "outside-root"),
        ("x.tar/1.xyz", None, None, "unsupported-format"),
        ("x.tar/2.txt", None, None, "missing-file"),
        ("x.tar/3.jpg", None, None, "unsupported-format"),
        ("x.tar/5.jpg", None, None, "duplicate"),
        ("x.tar/7", None, None, "unsupported-format"),
    ]
    assert register(empty_catalog(), listing).items("image").frame["bytes"].to_list() == [1, 2]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.GNU_FORMAT) as tar:
        for name in ("1.jpg", "caf\udce9.jpg"):
            tar.addfile(tarfile.TarInfo(name))
    listing = read_source(tmp_path / "x.tar")
    assert [row[1] for row in rows_of(listing)] == ["x.tar/1.jpg"]
    assert refusals(listing) == [("x.tar/caf\\udce9.jpg", None, None, "wrong-encoding")]


def test_a_damaged_tar_gives_what_comes_before(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", {"1.jpg": b"1", "1.txt": b"A cat", "2.jpg": b"x" * 5000})
    path.write_bytes(path.read_bytes()[:3000])
    listing = read_source(path)
    assert rows_of(listing) == [("image", "x.tar/1.jpg", "A cat")]
    assert refusals(listing) == [("x.tar", None, None, "truncated")]
    path.write_bytes(b"?" * 3000)
    with pytest.raises(InputError, match="not a tar"):
        read_source(path)
    path.write_bytes(gzip.compress(b"x" * 100))
    with pytest.raises(InputError, match="gzip -d"):
        read_source(path)


def test_links_that_lead_out_of_a_folder_are_refused(tmp_path: Path) -> None:
    own = write_tar(tmp_path / "own.tar", {"secret.jpg": "x"})
    shards(tmp_path / "data", 1)
    (tmp_path / "data" / "link.tar").symlink_to(own)
    (tmp_path / "data" / "inner.tar").symlink_to("00000.tar")
    listing = read_source(tmp_path / "data")
    assert refusals(listing) == [("link.tar", None, None, "outside-root")]
    assert [row[1] for row in rows_of(listing)] == [
        f"{tar}.tar/0{n}" for tar in ("00000", "inner") for n in ("0.jpg", "1.png")
    ]
    assert read_source(tmp_path / "data" / "link.tar").rows.height == 1


def test_compressed_tars_are_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"x")
    for path in (tmp_path, tmp_path / "x.tar.gz"):
        with pytest.raises(InputError, match="unpack it first"):
            read_source(path)


def test_a_folder_with_files_is_a_plain_one_unless_said(tmp_path: Path) -> None:
    shards(tmp_path, 1)
    (tmp_path / "a.png").write_bytes(b"a")
    assert [row[1] for row in rows_of(read_source(tmp_path))] == ["a.png"]
    assert read_source(tmp_path, format="webdataset").rows.height == 2


def test_what_pentad_and_the_library_write_is_read(tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    with webdataset.TarWriter(str(tmp_path / "x.tar")) as writer:
        for n in range(3):
            writer.write(
                {
                    "__key__": f"s/{n:04d}",
                    "jpg": b"p",
                    "txt": f"Cat {n}",
                    "json": {"license": "MIT"},
                }
            )
    listing = read_source(tmp_path / "x.tar")
    assert [row[1:] for row in rows_of(listing)] == [
        (f"x.tar/s/{n:04d}.jpg", f"Cat {n}") for n in range(3)
    ]
    assert set(listing.rows["dataset_license"]) == {"MIT"}
