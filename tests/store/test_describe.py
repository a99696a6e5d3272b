from __future__ import annotations

import os
from pathlib import Path

import pytest

from pentad.core.errors import Reason
from pentad.core.fingerprint import fingerprint_bytes
from pentad.store import describe as module
from pentad.store.describe import Describer, describe_file, reading_order
from pentad.store.listing import Listing, listing_frame
from pentad.store.stat_cache import StatCache
from tests.store.helpers import catalog_of, files
from tests.tars import media, write_cells, write_tar


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_tar(folder / "x.tar", {"0.jpg": b"a", "0.wav": b"bb", "1.jpg": b"c", "1.wav": b"d"})
    write_cells(folder / "t.parquet", {"image": media((b"cell", "q.png"))})
    (folder / "v.mp4").write_bytes(b"video")
    return folder


def test_parts_are_described_by_their_own_bytes(root: Path) -> None:
    assert describe_file(root / "x.tar/0.wav") == (fingerprint_bytes(b"bb"), 2)
    assert describe_file(root / "t.parquet/0/image") == (fingerprint_bytes(b"cell"), 4)
    assert describe_file(root / "v.mp4") == (fingerprint_bytes(b"video"), 5)


def test_segments_differ_and_their_file_is_read_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    real = module.fingerprint_file
    monkeypatch.setattr(module, "fingerprint_file", lambda path: read.append(path) or real(path))
    with Describer() as describe:
        found = [describe(root / name) for name in ("v.mp4#t=0,1", "v.mp4#t=1,2", "v.mp4#t=1")]
        assert len({digest for digest, _ in found}) == 3
        assert {size for _, size in found} == {5}
        assert describe(root / "x.tar/0.wav#t=1,2") != describe(root / "x.tar/1.wav#t=1,2")
    assert len(read) == 1


def test_a_tar_is_opened_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = os.open
    monkeypatch.setattr(
        module.os, "open", lambda path, *rest: opened.append(str(path)) or real(path, *rest)
    )
    with Describer() as describe:
        describe(root / "x.tar/0.jpg")  # this also reads its headers
        before = len(opened)
        for name in ("0.wav", "1.jpg", "1.wav"):
            describe(root / "x.tar" / name)
    assert len(opened) == before


def test_files_of_one_sample_are_read_together(root: Path) -> None:
    write_tar(root / "y.tar", {"0.jpg": b"e"})
    names = ["x.tar/0.jpg", "x.tar/1.jpg", "y.tar/0.jpg", "v.mp4", "x.tar/0.wav", "x.tar/1.wav"]
    order = [names[place] for place in reading_order(root, names)]
    assert order == ["v.mp4", "x.tar/0.jpg", "x.tar/0.wav", "x.tar/1.jpg", "x.tar/1.wav",
                     "y.tar/0.jpg"]  # fmt: skip


def test_virtual_files_become_items_and_missing_ones_rejections(root: Path) -> None:
    rows = [
        {"modality": kind, "file": file, "caption": None}
        for kind, file in (
            ("image", "x.tar/0.jpg"),
            ("image", "x.tar/9.jpg"),
            ("image", "t.parquet/0/image"),
            ("image", "t.parquet/5/image"),
            ("audio", "x.tar/1.wav"),
            ("video", "v.mp4#t=0,1"),
            ("video", "v.mp4#t=1,2"),
        )
    ]
    catalog = catalog_of(Listing("one", root, listing_frame(rows)))
    assert files(catalog, "image") == {"x.tar/0.jpg": 0, "t.parquet/0/image": 1}
    assert files(catalog, "video") == {"v.mp4#t=0,1": 0, "v.mp4#t=1,2": 1}
    assert catalog.items("audio").fingerprints == [fingerprint_bytes(b"d")]
    assert catalog.items("image").path(0) == root / "x.tar/0.jpg"
    assert {(r.path, r.reason) for r in catalog.rejections} == {
        ("x.tar/9.jpg", Reason.MISSING_FILE),
        ("t.parquet/5/image", Reason.MISSING_FILE),
    }


@pytest.mark.parametrize("name", ["x.tar/0.wav", "t.parquet/0/image", "v.mp4#t=1,2"])
def test_parts_are_remembered_by_the_stat_of_their_file(
    root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = StatCache(root / "cache.parquet")
    first = cache(root / name)
    cache.save()
    assert first == describe_file(root / name)
    monkeypatch.setattr(Describer, "__call__", lambda self, path: ("read", 1))
    cache = StatCache(root / "cache.parquet")
    assert cache(root / name) == first
    holder = root / name.split("/", maxsplit=1)[0].partition("#")[0]
    os.utime(holder, ns=(1, 1))
    assert cache(root / name) == ("read", 1)


def test_a_part_of_a_file_that_is_gone(root: Path) -> None:
    cache = StatCache(root / "cache.parquet")
    for name in ("no.tar/a", "no.mp4", "no.mp4#t=1,2", "x.tar/no", "v.mp4/x"):
        with pytest.raises(FileNotFoundError):
            cache(root / name)


def test_an_older_cache_is_still_good(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    cache = StatCache(root / "cache.parquet")
    first = cache(root / "v.mp4")
    cache.save()
    pl.read_parquet(root / "cache.parquet").drop("size").write_parquet(root / "cache.parquet")
    monkeypatch.setattr(Describer, "__call__", lambda self, path: ("read", 1))
    assert StatCache(root / "cache.parquet")(root / "v.mp4") == first
