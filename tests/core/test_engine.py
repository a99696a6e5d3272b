from __future__ import annotations

import os
import time

import pytest

from pentad.core.engine import LocalEngine, get_engine
from pentad.core.errors import DecodeError, InputError, Reason


def _square(number: int) -> int:
    time.sleep(0.02 * (number % 3 == 0))
    return number * number


def _process(_: int) -> int:
    return os.getpid()


def _refuse_three(number: int) -> int:
    if number == 3:
        raise DecodeError(Reason.CORRUPT, "three")
    return number


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


def test_wrong_arguments() -> None:
    with pytest.raises(InputError, match="at least 1; got 0"):
        LocalEngine(0)
    with pytest.raises(InputError, match="engine 'spark' is not available; expected local"):
        get_engine("spark")
