"""The engine on a cluster of two nodes that runs on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pentad.core.engine import Engine, get_engine
from pentad.core.errors import DecodeError, InputError, MissingExtra, PentadError, Reason
from pentad.core.grid import Grid
from pentad.core.ray_engine import RayEngine, _spread, _Stage
from tests.ray_clusters import two_nodes


def _square(number: int) -> int:
    return number * number


def _once(function, marker: Path, number: int, *more: int):
    """Call a function, but end the process the first time."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return function(number, *more)


def _refuse_three(number: int) -> int:
    if number == 3:
        raise DecodeError(Reason.CORRUPT, "three")
    return number


def _stumble(number: int) -> int:
    raise ZeroDivisionError(number)


def _end(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def _prepare(shard: str) -> str:
    if shard == "!":
        raise InputError("no such shard", seen=shard)
    return shard.upper()


def _product(prepared: str, task: int) -> str:
    return f"{prepared}{_refuse_three(task)}"


def _product_once(prepared: str, task: int, *, marker: Path) -> str:
    if task == 5 and prepared == "B":
        return _once(_product, marker, prepared, task)
    return _product(prepared, task)


def _pair(left: str, right: str) -> str:
    return f"({left}{right})"


def _pair_once(left: str, right: str, *, marker: Path) -> str:
    return _once(_pair, marker, left, right)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with two_nodes() as cluster:
        yield get_engine("ray", address=cluster.address)


@pytest.mark.slow
def test_results_come_in_task_order(engine: Engine) -> None:
    assert list(engine.run(_square, range(30))) == [n * n for n in range(30)]
    assert list(engine.run(_square, [])) == []


@pytest.mark.slow
def test_a_lost_worker_is_replaced(engine: Engine, tmp_path: Path) -> None:
    function = partial(_once, _square, tmp_path / "ended")
    assert list(engine.run(function, range(6))) == [n * n for n in range(6)]
    assert (tmp_path / "ended").exists()


@pytest.mark.slow
def test_an_error_comes_out_as_it_is(engine: Engine) -> None:
    results = engine.run(_refuse_three, range(5))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(DecodeError, match="three") as caught:
        next(results)
    assert type(caught.value) is DecodeError
    assert caught.value.reason is Reason.CORRUPT


@pytest.mark.slow
def test_a_bug_is_not_hidden(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        list(engine.run(_stumble, range(2)))


@pytest.mark.slow
def test_a_task_that_ends_every_worker_is_given_up(engine: Engine, monkeypatch) -> None:
    monkeypatch.setattr("pentad.core.ray_engine._ATTEMPTS", 1)
    with pytest.raises(PentadError, match="lost its worker again and again") as caught:
        list(engine.run(_end, range(1)))
    assert "\n" not in str(caught.value)
    for shards in ("a", "ab"):
        grid = Grid(_prepare, shards, lambda prepared, task: _end(task), range(1), _pair)
        with pytest.raises(PentadError, match="lost its worker again and again"):
            list(engine.gather(grid))


@pytest.mark.slow
@pytest.mark.parametrize("shards", ["a", "abc", "abcdefg"])  # fewer and more than processors
def test_a_grid_is_that_of_this_machine(engine: Engine, shards: str) -> None:
    grid = Grid(_prepare, shards, _product, range(4, 20), _pair)
    told: list[int] = []
    assert list(engine.gather(grid, told.append)) == list(get_engine().gather(grid))
    assert sum(told) == 16 * len(shards)


@pytest.mark.slow
def test_a_grid_outlives_the_worker_of_a_shard_and_of_a_merge(
    engine: Engine, tmp_path: Path
) -> None:
    wanted = list(get_engine().gather(Grid(_prepare, "abc", _product, range(4, 12), _pair)))
    product = partial(_product_once, marker=tmp_path / "product")
    pair = partial(_pair_once, marker=tmp_path / "pair")
    assert list(engine.gather(Grid(_prepare, "abc", product, range(4, 12), pair))) == wanted
    assert (tmp_path / "product").exists()
    assert (tmp_path / "pair").exists()


@pytest.mark.slow
def test_errors_in_a_grid_come_out_as_they_are(engine: Engine) -> None:
    with pytest.raises(DecodeError, match="three"):
        list(engine.gather(Grid(_prepare, "abc", _product, range(6), _pair)))
    with pytest.raises(InputError, match="no such shard; got !"):
        list(engine.gather(Grid(_prepare, "ab!", _product, range(6), _pair)))
    with pytest.raises(InputError, match="at least one shard"):
        list(engine.gather(Grid(_prepare, "", _product, range(6), _pair)))


@pytest.mark.slow
def test_a_process_has_one_cluster(engine: Engine) -> None:
    assert get_engine("ray", address="auto").name == "ray"
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(InputError, match="connected to another Ray cluster already"):
            get_engine("ray", address=address)


def test_nodes_get_actors_by_their_processors() -> None:
    assert list(_spread({"large": 4, "small": 2}, 6)).count("large") == 4
    assert list(_spread({"one": 1}, 3)) == ["one"] * 3


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 12, 100])
@pytest.mark.parametrize(("shards", "tasks"), [(1, 5), (5, 1), (5, 40)])
def test_all_actors_have_work_and_few_shards_each(workers: int, shards: int, tasks: int) -> None:
    stage = _Stage.planned(workers, shards, tasks)
    pairs = {(stage.actor(s, t), s) for s in range(shards) for t in range(tasks)}
    assert {actor for actor, _ in pairs} == set(range(stage.actors))
    assert stage.actors <= workers
    most = max(sum(actor == a for actor, _ in pairs) for a in range(stage.actors))
    assert most == -(-shards // workers)
    assert stage.ahead >= stage.wave


def test_no_cluster_is_told_in_one_line(monkeypatch, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=f"no Ray cluster answers at '{address}'; start one"):
        get_engine("ray", address=address)
    with pytest.raises(InputError, match="no Ray cluster answers at 'host:port'"):
        get_engine("ray", address="host:port")
    with pytest.raises(InputError, match="at least 1; got 0"):
        get_engine("ray", workers=0)


def test_ray_may_be_missing(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[cluster\]'"):
        get_engine("ray")


def test_pentad_does_without_ray() -> None:
    code = "import sys, pentad, pentad.core.ray_engine; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Gpus:
    """A stand-in for a cluster: two nodes, one of which has two GPUs."""

    def nodes(self) -> list[dict[str, object]]:
        nodes = {"a": {"CPU": 4.0}, "b": {"CPU": 4.0, "GPU": 2.0}}
        return [{"NodeID": n, "Alive": True, "Resources": r} for n, r in nodes.items()]


def test_workers_that_need_a_gpu_are_as_many_as_there_are() -> None:
    engine = RayEngine.__new__(RayEngine)
    engine._ray = Gpus()
    assert engine._processors("GPU") == {"b": 2}
    assert engine._processors() == {"a": 4, "b": 4}


def test_a_cluster_without_gpus_is_told() -> None:
    class NoGpus(Gpus):
        def nodes(self) -> list[dict[str, object]]:
            return [{"NodeID": "a", "Alive": True, "Resources": {"CPU": 4.0}}]

    engine = RayEngine.__new__(RayEngine)
    engine._ray = NoGpus()
    with pytest.raises(InputError, match="no node with a GPU; add one"):
        engine._processors("GPU")
