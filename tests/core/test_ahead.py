from __future__ import annotations

import threading
import time

import pytest

from pentad.core import ahead as module
from pentad.core.ahead import MOST_AHEAD, THREADS, ahead


def always(_: object) -> bool:
    return True


def none(_: object) -> int:
    return 0


def test_results_come_in_order_whatever_takes_long() -> None:
    def work(number: int) -> int:
        time.sleep(0.001 * (7 * number % 5))
        return number * number

    found = list(ahead(work, range(100), waits=always, size=none))

    assert found == [n * n for n in range(100)]


def test_what_does_not_wait_sees_no_thread() -> None:
    here = threading.get_ident()

    found = list(ahead(lambda n: (n, threading.get_ident()), range(9), waits=lambda n: n % 3 == 0,
                       size=none))  # fmt: skip

    assert [n for n, _ in found] == list(range(9))
    assert all((thread == here) == bool(n % 3) for n, thread in found)


def test_local_inputs_are_read_one_at_a_time() -> None:
    read = []

    def inputs():
        for n in range(5):
            read.append(n)
            yield n

    results = ahead(lambda n: n, inputs(), waits=lambda _: False, size=none)
    next(results)

    assert read == [0]


def test_work_is_done_by_several_at_once_but_not_by_all() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    list(ahead(work, range(60), waits=always, size=none))

    assert 1 < most <= THREADS


def test_what_waits_is_bounded_in_number() -> None:
    begun = []

    results = ahead(begun.append, range(1000), waits=always, size=none)
    next(results)
    time.sleep(0.05)

    assert len(begun) <= MOST_AHEAD + 1
    results.close()


def test_what_waits_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 3)
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        return number

    def inputs():
        for number in range(1000):
            time.sleep(0.002)
            yield number

    results = ahead(work, inputs(), waits=always, size=lambda _: 1)
    assert next(results) == 0
    assert len(begun) < 10
    results.close()


def test_an_error_comes_in_its_turn_and_ends_the_work() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        return number

    results = ahead(work, range(1000), waits=always, size=none)

    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="five"):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_an_early_end_gives_up_what_was_not_begun() -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)

    results = ahead(work, range(1000), waits=always, size=none)
    next(results)
    results.close()
    count = len(begun)
    time.sleep(0.05)

    assert len(begun) <= count + THREADS
