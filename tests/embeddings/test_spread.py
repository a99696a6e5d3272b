"""Embedding by workers: the same bytes, also where workers are killed."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pentad.core.engine import Engine, LocalEngine, get_engine
from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.embeddings import shards
from pentad.embeddings.spread import Recipe, _prepare
from pentad.encoders.registry import get_encoder
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.embeddings.toy import brought_up_to_date, paint, painted, refresh
from tests.ray_clusters import two_nodes
from tests.store.killing import content

PICTURES = 30


def pictures(root: Path, count: int = PICTURES) -> Workspace:
    """Return a workspace of pictures of many colours, one of them no picture."""
    workspace = painted(root)
    names = [f"{n:03d}" for n in range(count)]
    for number, name in enumerate(names):
        paint(root / "data" / f"{name}.png", (8 * number % 256, 5 * number % 256, 200))
    (root / "data/004.png").write_bytes(b"no picture")
    refresh(workspace, root, *names)
    return workspace


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four rows a shard."""
    monkeypatch.setattr(shards, "SHARD_ROWS", 4)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Engine]:
    with two_nodes() as nodes:
        yield get_engine("ray", address=nodes.address)


def check_same(tmp_path: Path, engine: Engine) -> None:
    here, there = pictures(tmp_path / "here"), pictures(tmp_path / "there")
    expected = brought_up_to_date(here, None)
    found = brought_up_to_date(there, engine)
    assert (found.encoded, found.rejected) == (PICTURES - 1, expected.rejected)
    assert content(there.root / "embeddings") == content(here.root / "embeddings")
    again = brought_up_to_date(there, engine)
    assert (again.encoded, again.kept) == (0, PICTURES - 1)


def test_workers_of_this_machine_write_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("PENTAD_THREADS", "1")
    check_same(tmp_path, LocalEngine())


def test_a_worker_with_another_encoder_is_told():
    recipe = Recipe("hashed-text", "0" * 64, Modality.TEXT, None, False, "cpu", "float32")
    with pytest.raises(InputError, match="give all machines one version"):
        _prepare(recipe)


def test_a_worker_holds_one_run_for_an_encoder_that_traveled(monkeypatch):
    monkeypatch.setenv("PENTAD_THREADS", "1")
    encoder = get_encoder("image-descriptor")
    recipe = Recipe(encoder, encoder.fingerprint, Modality.IMAGE, None, False, "cpu", "float32")
    first = _prepare(pickle.loads(pickle.dumps(recipe)))
    assert _prepare(pickle.loads(pickle.dumps(recipe))) is first
    assert _prepare(replace(recipe, batch_size=2)) is not first
    assert _prepare(recipe) is not first


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes(tmp_path, cluster):
    check_same(tmp_path, cluster)


@pytest.mark.slow
def test_what_a_killed_worker_had_is_done_by_another(tmp_path, cluster):
    here, there = pictures(tmp_path / "here", 90), pictures(tmp_path / "there", 90)
    brought_up_to_date(here, None)
    stop = threading.Event()
    killed: list[int] = []

    def kill_workers() -> None:
        while not stop.is_set() and len(killed) < 3:
            for pid in workers_of_ray():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                break
            time.sleep(0.7)

    thread = threading.Thread(target=kill_workers)
    thread.start()
    try:
        brought_up_to_date(there, cluster)
    finally:
        stop.set()
        thread.join()
    assert killed
    assert content(there.root / "embeddings") == content(here.root / "embeddings")
    assert verify(there) == []


def workers_of_ray() -> list[int]:
    """Return the processes of the actors of this process's cluster that hold an encoder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes()
                ours = parent_of(parent_of(int(entry.name))) == os.getpid()
            except OSError:
                continue
            if title.startswith(b"ray::_Worker") and ours:
                found.append(int(entry.name))
    return sorted(found)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
