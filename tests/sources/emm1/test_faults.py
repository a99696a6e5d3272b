"""The line and column at fault, found by reading slowly."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pentad.sources.emm1.faults import find_fault, is_undecodable

LIMIT = 2**32 - 1
KINDS = {"id": "id", "when": "number", "caption": "text"}


def fault(tmp_path: Path, text: str | bytes, kinds: dict[str, str] = KINDS) -> str | None:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = find_fault(path, kinds, LIMIT)
    return None if found is None else str(found).removeprefix(f"{path}")


@pytest.mark.parametrize(
    "text",
    [
        "id,when,caption\n1,2.5,a\n",
        "id,when,caption\n,,\n",
        "id,when,caption\r\n1,2,a\r\n",
        "\ufeffid,when,caption\n1,2,a\n",
        '\n\nid,when,caption\n\n1,2,"a\n\nb"\n',
        "id,other,when,caption\n1,\x00,2,a\n",
        "id,when,caption\n4294967294,-1e9,a\n",
        "id,when,caption\n",
    ],
)
def test_nothing_is_wrong_with_a_good_table(text, tmp_path):
    assert fault(tmp_path, text) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,when,caption\n1,2,a\nx,2,a\n", ":3 [id]: not an id"),
        ("id,when,caption\n1,x,a\n", ":2 [when]: not a number; got 'x'"),
        ("id,when,caption\n1,inf,a\n", ":2 [when]: not a number"),
        ('id,when,caption\n1,2,"a\n\nb"\nx,2,a\n', ":5 [id]: not an id"),
        ('id,when,caption\r\n1,2,"a\r\nb"\r\nx,2,a\r\n', ":4 [id]: not an id"),
        ("id,when,caption\n\n\n1,2\n", ":4: the row does not fit the header; expected 3 columns"),
        ('id,when,caption\n1,2,"a"b\n', ":2: cannot be read as CSV ("),
        ('id,when,caption\n1,2,a\n2,2,"b\n3,3,c\n', ":3: a quotation is never closed"),
        (b"id,when,caption\n1,2,\xff\n", ":2 [caption]: not UTF-8"),
        ("id,when,caption\n" + "9" * 5000 + ",1,a\n", ":2 [id]: not an id"),
        ("\nid,when,caption\nx,1,a\n", ":3 [id]: not an id"),
    ],
)
def test_the_first_fault_is_told_with_its_line(text, told, tmp_path):
    assert (fault(tmp_path, text) or "").startswith(told)


def test_long_values_are_shown_cut(tmp_path):
    assert len(fault(tmp_path, f"id,when,caption\n{'x' * 900},1,a\n") or "") < 200


def test_long_cells_are_read_and_the_limit_of_the_module_is_as_it_was(tmp_path):
    before = csv.field_size_limit()
    assert fault(tmp_path, f"id,when,caption\n1,2,{'x' * 200_000}\nx,2,a\n") is not None
    assert csv.field_size_limit() == before


def test_a_last_line_cut_inside_a_known_word_is_a_fault(tmp_path):
    kinds = {"id": "id", "save_folder": "label"}
    text = "id,save_folder\n1,e-mm1_100m_only\n2,shared\n3,e-mm1_100m"
    assert ":4 [save_folder]: the last line has no line end" in (fault(tmp_path, text, kinds) or "")
    whole = "id,save_folder\n1,e-mm1_100m_only\n2,shared\n3,shared"
    assert fault(tmp_path, whole, kinds) is None


def test_a_last_line_that_may_be_cut_is_told_and_read(tmp_path, caplog):
    assert fault(tmp_path, "id,when,caption\n1,2,a dog ba") is None
    assert ":2 [caption]: the last line has no line end" in caplog.text
    caplog.clear()
    assert fault(tmp_path, "id,nn_index\n1,1", {"id": "id", "nn_index": "id"}) is None
    assert caplog.text == ""


def test_bytes_that_are_not_text():
    assert is_undecodable(b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert not is_undecodable("café 犬 🙂")
