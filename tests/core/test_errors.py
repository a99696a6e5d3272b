from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from pentad.core import errors
from pentad.core.errors import (
    DecodeError,
    InputError,
    MissingExtra,
    PentadError,
    RatingConflict,
    Reason,
    SchemaMismatch,
    SpaceMismatch,
    StoreError,
    UnknownName,
)
from pentad.core.modality import Modality

EXAMPLES = [
    InputError("bad\nline", file="a\nb.csv", row=3, column="caption", expected="x", seen="1\n2"),
    UnknownName("encoder", "clip\n", ["clap", "clip"], listing="pentad list encoders"),
    MissingExtra("ray", "cluster"),
    SpaceMismatch("a\n1", "b"),
    SchemaMismatch("a.parquet", ["x"], ["y"]),
    StoreError("the disk\nis full"),
    RatingConflict("two\r\nanswers"),
    DecodeError(Reason.CORRUPT, "no\n header"),
]


def _fail(number: int) -> None:
    raise EXAMPLES[number]


def test_there_is_an_example_of_every_error() -> None:
    tree = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    kinds = {kind for kind in tree if issubclass(kind, PentadError)} - {PentadError}
    assert {type(error) for error in EXAMPLES} == kinds
    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_messages_are_one_line(error: PentadError) -> None:
    assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_a_copy_with_all_they_know(error: PentadError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_errors_come_out_of_worker_processes_as_they_are() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for number, error in enumerate(EXAMPLES):
            with pytest.raises(type(error)) as caught:
                pool.submit(_fail, number).result()
            assert vars(caught.value).keys() >= vars(error).keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "wrong"),
        ({"file": "t.csv"}, "t.csv: wrong"),
        ({"file": "t.csv", "row": 3}, "t.csv:3: wrong"),
        ({"file": "t.csv", "row": 3, "column": "caption"}, "t.csv:3 [caption]: wrong"),
        ({"row": 3}, "row 3: wrong"),
        ({"column": "k"}, "column 'k': wrong"),
        ({"row": 3, "column": "k"}, "row 3 [k]: wrong"),
        ({"expected": 1}, "wrong; expected 1"),
        ({"seen": 2}, "wrong; got 2"),
        ({"expected": 1, "seen": 2}, "wrong; expected 1, got 2"),
    ],
)
def test_an_input_error_says_where(options: dict[str, object], message: str) -> None:
    assert str(InputError("wrong", **options)) == message  # type: ignore[arg-type]


def test_an_unknown_name_says_what_was_meant() -> None:
    error = UnknownName("task", "eshott", ["retrieval", "eshot"], listing="pentad list tasks")
    assert error.nearest == ["eshot"]
    assert str(error) == (
        "unknown task 'eshott'; did you mean 'eshot'? ('pentad list tasks' lists all)"
    )


def test_an_unknown_name_without_neighbors_lists_what_there_is() -> None:
    assert str(UnknownName("task", "x", ["b", "a"])) == "unknown task 'x'; known are: a, b"
    assert str(UnknownName("task", "x", [])) == "unknown task 'x'; known are: none"
    many = [f"task{n}" for n in range(13)]
    assert str(UnknownName("task", "x", many)) == "unknown task 'x'; there are 13 known names"


def test_members_of_an_enumeration_are_shown_as_their_text() -> None:
    assert str(UnknownName("modality", "images", Modality)).endswith("did you mean 'image'?")


def test_a_missing_extra_says_the_install_line() -> None:
    assert "pip install 'pentad[cluster]'" in str(MissingExtra("ray", "cluster"))
