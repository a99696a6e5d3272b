"""Workers of an engine fetch what lies on a store by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.engine import Engine, LocalEngine, get_engine
from pentad.core.errors import InputError
from pentad.embeddings import shards
from pentad.pipeline.add import add_source
from pentad.store.workspace import Workspace
from tests.embeddings.toy import brought_up_to_date, paint
from tests.ray_clusters import two_nodes
from tests.store.killing import content
from tests.stores import S3, s3_server
from tests.tars import write_tar

PICTURES = 12


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four rows a shard."""
    monkeypatch.setattr(shards, "SHARD_ROWS", 4)


@pytest.fixture
def s3(tmp_path: Path):
    (tmp_path / "s3" / "bucket" / "data").mkdir(parents=True)
    with s3_server(tmp_path / "s3") as server:
        yield server


def fill(root: Path) -> None:
    for number in range(PICTURES):
        paint(root / f"{number:02d}.png", (16 * number % 256, 99, 20 * number % 256))
    names = [root / f"{number:02d}.png" for number in range(PICTURES)]
    write_tar(root / "tars" / "s.tar", {path.name: path.read_bytes() for path in names})


def check_same(s3: S3, tmp_path: Path, engine: Engine) -> None:
    fill(s3.folder / "bucket" / "data")
    for name in ("one", "several"):
        Workspace.create(tmp_path / name)
        add_source(tmp_path / name, "s3://bucket/data")
        add_source(tmp_path / name, "s3://bucket/data/tars/s.tar")
    brought_up_to_date(Workspace.open(tmp_path / "one"), None)
    brought_up_to_date(Workspace.open(tmp_path / "several"), engine)
    expected = content(tmp_path / "one" / "embeddings")
    assert content(tmp_path / "several" / "embeddings") == expected


@pytest.mark.slow
def test_processes_of_this_machine_fetch_by_themselves(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTAD_THREADS", "1")
    check_same(s3, tmp_path, LocalEngine(2))


@pytest.mark.slow
def test_a_store_that_goes_away_ends_the_work_of_processes(s3: S3, tmp_path: Path) -> None:
    fill(s3.folder / "bucket" / "data")
    Workspace.create(tmp_path / "ws")
    add_source(tmp_path / "ws", "s3://bucket/data")
    s3.trouble.down = True

    with pytest.raises(InputError, match="s3://bucket: the store gives no answer"):
        brought_up_to_date(Workspace.open(tmp_path / "ws"), LocalEngine(2))


@pytest.mark.slow
def test_nodes_of_a_cluster_fetch_by_themselves(s3: S3, tmp_path: Path) -> None:
    with two_nodes() as nodes:
        check_same(s3, tmp_path, get_engine("ray", address=nodes.address))
