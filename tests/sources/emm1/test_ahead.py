"""Values are made ahead, in order, and errors come where they belong."""

from __future__ import annotations

import threading

import pytest

from pentad.sources.emm1.ahead import ahead


def test_same_values():
    assert list(ahead(iter(range(10)))) == list(range(10))
    assert list(ahead(iter([]))) == []
    assert list(ahead(iter([None, None]))) == [None, None]


def test_the_next_value_is_made_while_the_last_is_used():
    made = threading.Event()

    def values():
        yield 1
        made.set()
        yield 2

    found = ahead(values())
    assert next(found) == 1
    assert made.wait(5)
    assert list(found) == [2]


def test_an_error_comes_after_the_values_before_it():
    def values():
        yield 1
        raise ValueError("broken")

    found = ahead(values())
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)
