from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from pentad.core.engine import LocalEngine, get_engine
from pentad.core.errors import DecodeError, InputError, PentadError, Reason, UnknownName
from pentad.core.grid import Grid
from pentad.core.tree import Tree


def _square(number: int) -> int:
    time.sleep(0.02 * (number % 3 == 0))
    return number * number


def _process(_: int) -> int:
    return os.getpid()


def _refuse_three(number: int) -> int:
    if number == 3:
        raise DecodeError(Reason.CORRUPT, "three")
    return number


def _end(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def _prepare(shard: str, folder: Path | None = None) -> str:
    if folder is not None:
        with (folder / "prepared").open("a") as file:
            file.write(shard)
    return shard.upper()


def _product(prepared: str, task: int) -> str:
    return f"{prepared}{_refuse_three(task)}"


def _pair(left: str, right: str) -> str:
    return f"({left}{right})"


def _grid(shards: str, tasks: range, folder: Path | None = None) -> Grid[str, str, int, str]:
    return Grid(partial(_prepare, folder=folder), shards, _product, tasks, _pair)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_task_order(workers: int) -> None:
    assert list(get_engine("local", workers=workers).run(_square, range(20))) == [
        n * n for n in range(20)
    ]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("tasks", [[], [4]])
def test_few_tasks(workers: int, tasks: list[int]) -> None:
    assert list(LocalEngine(workers).run(_square, tasks)) == [n * n for n in tasks]


def test_one_worker_starts_no_process_and_two_do() -> None:
    assert set(LocalEngine(1).run(_process, range(3))) == {os.getpid()}
    assert os.getpid() not in set(LocalEngine(2).run(_process, range(3)))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_out_as_it_is(workers: int) -> None:
    results = LocalEngine(workers).run(_refuse_three, range(5))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(DecodeError, match="three") as caught:
        next(results)
    assert caught.value.reason is Reason.CORRUPT


def test_a_process_that_ends_is_told_in_one_line() -> None:
    with pytest.raises(PentadError, match="a worker process ended by itself") as caught:
        list(LocalEngine(2).run(_end, range(5)))
    assert "\n" not in str(caught.value)


def test_the_tree_depends_on_the_number_alone() -> None:
    def joined(leaves: str) -> str:
        tree = Tree(_pair)
        for leaf in leaves:
            tree.add(leaf)
        return tree.finish()

    assert joined("a") == "a"
    assert joined("abc") == "((ab)c)"
    assert joined("abcdefg") == "(((ab)(cd))((ef)g))"
    with pytest.raises(InputError, match="nothing to merge"):
        joined("")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("first", "last"), [(4, 4), (4, 5), (4, 25)])
def test_a_grid_merges_all_shards_of_each_task(workers: int, first: int, last: int) -> None:
    told: list[int] = []
    results = list(LocalEngine(workers).gather(_grid("abc", range(first, last)), told.append))
    assert results == [f"((A{n}B{n})C{n})" for n in range(first, last)]
    assert sum(told) == 3 * (last - first)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_shard_is_prepared_once_for_many_tasks(workers: int, tmp_path: Path) -> None:
    list(LocalEngine(workers).gather(_grid("ab", range(4, 24), tmp_path)))
    assert sorted((tmp_path / "prepared").read_text()) == list("aabb")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_grid_comes_out_as_it_is(workers: int) -> None:
    with pytest.raises(DecodeError, match="three"):
        list(LocalEngine(workers).gather(_grid("ab", range(6))))


def test_a_grid_needs_a_shard() -> None:
    with pytest.raises(InputError, match="at least one shard"):
        list(LocalEngine().gather(_grid("", range(6))))


def test_wrong_arguments() -> None:
    with pytest.raises(InputError, match="at least 1; got 0"):
        LocalEngine(0)
    with pytest.raises(UnknownName, match="unknown engine 'spark'; known are: local, ray"):
        get_engine("spark")
    with pytest.raises(InputError, match="only the engine 'ray' has an address; got auto"):
        get_engine("local", address="auto")
