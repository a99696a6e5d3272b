from __future__ import annotations

from collections.abc import Iterator

import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.store.remote import objects
from pentad.store.remote.asking import asked
from pentad.store.remote.files import Version
from pentad.store.remote.objects import Trouble, objects_of
from tests.stores import fresh

ADDRESS = "memory://b/x/a.png"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with fresh():
        yield


class Answers:
    """A bucket whose every question goes wrong in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def head(self, key: str) -> Version:
        raise self.error


def store(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(objects, "_bucket", lambda *_: Answers(error))


def test_trouble_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, AssertionError("nobody asks whether it answers"))
    left = [Trouble("busy"), Trouble("busy")]

    def question() -> str:
        if left:
            raise left.pop()
        return "answer"

    assert asked(ADDRESS, question) == "answer"


@pytest.mark.parametrize("error", [FileNotFoundError("gone"), PermissionError("closed")])
def test_what_will_not_change_is_asked_once(error: OSError) -> None:
    seen = []

    def question() -> None:
        seen.append(1)
        raise error

    with pytest.raises(type(error)):
        asked(ADDRESS, question)
    assert len(seen) == 1


@pytest.mark.parametrize("answer", [FileNotFoundError("gone"), PermissionError("closed")])
def test_a_store_that_answers_otherwise_loses_one_object(
    monkeypatch: pytest.MonkeyPatch, answer: OSError
) -> None:
    store(monkeypatch, answer)

    with pytest.raises(Trouble, match="odd"):
        asked(ADDRESS, lambda: (_ for _ in ()).throw(Trouble("odd", again=False)))


def test_a_store_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, Trouble("nobody there"))

    with pytest.raises(InputError, match=r"memory://b: the store gives no answer \(busy\)"):
        asked(ADDRESS, lambda: (_ for _ in ()).throw(Trouble("busy")))


@pytest.mark.parametrize(
    ("absent", "address", "words"),
    [("fsspec", "memory://b", "fsspec is needed"), ("obstore", "s3://b", r"obstore \(for s3://\)")],
)
def test_what_is_not_installed_is_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, absent: str, address: str, words: str
) -> None:
    real = objects.import_module

    def imported(name: str) -> object:
        if name == absent:
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(objects, "import_module", imported)

    with pytest.raises(MissingExtra, match=rf"{words}.*pip install 'pentad\[remote\]'"):
        objects_of(f"{address}/x")
