from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.read import read_source
from tests.sources.helpers import refusals, rows_of, touch, write_csv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "a.png", tmp_path / "b.png")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ('{"file": "b.png", "caption": "A dog"', None, "bad-row"),
        ("[1, 2]", None, "bad-row"),
        ("null", None, "bad-row"),
        ('{"file": "b.png", "caption": 7}', "caption", "bad-row"),
        ('{"file": "b.png", "caption": ["A dog"]}', "caption", "bad-row"),
        ('{"file": "b.png", "caption": null}', "caption", "empty-caption"),
        ('{"file": "b.png", "caption": " "}', "caption", "empty-caption"),
        ('{"file": null, "caption": "A dog"}', "file", "bad-row"),
        ('{"file": "b.png", "caption": "\\ud800"}', "caption", "wrong-encoding"),
        ('{"file": "b.png", "caption": "A \\u0000"}', "caption", "bad-row"),
        ('{"file": "b.png", "caption": "A dog", "concept": 3}', "concept", "bad-row"),
        ('{"file": "b.png"}', "caption", "missing-column"),
        ('{"caption": "A dog"}', "file_name", "missing-column"),
        (b'{"file": "b.png", "caption": "caf\xe9"}', "caption", "wrong-encoding"),
        (b'{"file": "b.png", "caption": \xe9}', None, "wrong-encoding"),
        ("[" * 100_000, None, "bad-row"),
        ("9" * 5000, None, "bad-row"),
        ('{"a": "' + "x" * 2_000_000 + '"}', None, "too-large"),
    ],
)
def test_a_bad_line_is_told_and_the_others_go_on(
    folder: Path, line: str | bytes, column: str | None, reason: str
) -> None:
    good = '{"file": "a.png", "caption": "A %s"}'
    table = write_csv(folder / "t.jsonl", good % "cat", "", line, good % "pet")
    listing = read_source(table)
    assert rows_of(listing) == [("image", "a.png", "A cat"), ("image", "a.png", "A pet")]
    assert refusals(listing) == [("t.jsonl", 3, column, reason)]


def test_a_column_that_every_row_lacks_is_one_rejection(folder: Path) -> None:
    table = write_csv(folder / "t.jsonl", *['{"file": "a.png", "label": "A cat"}'] * 5)
    with pytest.raises(InputError, match="'file', 'label'") as caught:
        read_source(table)
    assert caught.value.column == "caption"


def test_ids_may_be_numbers(folder: Path) -> None:
    table = write_csv(
        folder / "t.jsonl",
        '{"id": 1, "file": "a.png", "caption": "A cat"}',
        '{"id": "1", "file": "b.png", "caption": "A dog"}',
    )
    assert refusals(read_source(table)) == [("t.jsonl", 2, "id", "duplicate")]
