"""The whole chain on a store, and what differs from the same tree on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pentad.pipeline.build import build
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import K, differing, results
from tests.stores import s3_server

pytestmark = pytest.mark.slow

DATA = (".npy", ".parquet", ".safetensors")


def test_a_world_on_a_store_is_built_as_one_here(built: Path, tmp_path: Path, short: None) -> None:
    bucket = tmp_path / "s3" / "bucket"
    shutil.copytree(built.parent / "world", bucket / "world")
    with s3_server(tmp_path / "s3") as s3:
        made = build("s3://bucket/world", tmp_path / "ws", k=K)
        again = build("s3://bucket/world", tmp_path / "ws", k=K)
        fetched = s3.trouble.objects()
    here, there = results(built), results(tmp_path / "ws")

    assert made.rejections == []
    assert [count.encoded for count in again.items.values()] == [0] * len(again.items)
    assert here.keys() == there.keys()
    other = {name for name in differing(here, there) if name.endswith(DATA)}
    media = ("image", "audio", "video", "points")
    assert {name for name in other if name.startswith("items/")} == {
        f"items/{modality}.parquet" for modality in media
    }
    assert all(name.endswith(".prints.npy") for name in other if not name.startswith("items/"))
    assert verify(Workspace.open(tmp_path / "ws")) == []
    assert fetched == 4 * 16 + 2 * 4  # every file once, the tables at both times
