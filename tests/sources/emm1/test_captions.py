"""Captions by id: all in memory, or a window over a large ascending table."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.sources.emm1 import captions as module
from pentad.sources.emm1.captions import CsvCaptions, Everything
from tests.emm1_trees import TRAPPY_CAPTIONS, make_emm1, write_csv

IDS = [0, 3, 4, 9, 10, 11, 40, 41, 77, 500]
TEXTS = {n: f"{n} {TRAPPY_CAPTIONS[n % len(TRAPPY_CAPTIONS)]}" for n in IDS}


@pytest.fixture(params=["memory", "window", "window of small blocks"])
def way(request, monkeypatch) -> str:
    if request.param != "memory":
        monkeypatch.setattr(module, "_SMALL", 0)
    if "small" in request.param:
        real = module.stream_table
        monkeypatch.setattr(
            module, "stream_table", lambda path, kinds, **_: real(path, kinds, block=2200)
        )
    return request.param


def captions_of(tmp_path: Path, ids: list[int] = IDS, *, padding: int = 0) -> CsvCaptions:
    rows = [(n, TEXTS.get(n, f"caption {n}") + " " * padding) for n in ids]
    return CsvCaptions(write_csv(tmp_path / "text.csv", ("encord_text_id", "caption"), rows))


def take(source: CsvCaptions, *blocks: list[int]) -> list[list[str | None]]:
    cursor = source.cursor()
    return [cursor.take(np.array(block, dtype=np.uint32)).to_pylist() for block in blocks]


def test_ascending_blocks(way, tmp_path):
    source = captions_of(tmp_path)
    assert source.ascending == (way != "memory")
    blocks = [[0, 4], [4, 9, 11], [], [40], [77, 500]]
    assert take(source, *blocks) == [[TEXTS[n] for n in block] for block in blocks]


def test_unknown_ids_have_no_caption(way, tmp_path):
    assert take(captions_of(tmp_path), [1, 3, 5], [501], [2**32 - 1]) == [
        [None, TEXTS[3], None], [None], [None],
    ]  # fmt: skip


def test_groups_in_no_order(way, tmp_path):
    blocks = [[500, 0, 41], [3, 3, 77], [10, 4], [0], [500]]
    assert take(captions_of(tmp_path), *blocks) == [[TEXTS[n] for n in b] for b in blocks]


def test_a_table_in_no_order_is_read_into_memory(way, tmp_path):
    ids = IDS[:]
    random.Random(0).shuffle(ids)
    source = captions_of(tmp_path, ids)
    assert not source.ascending
    assert isinstance(source.cursor(), Everything)
    assert take(source, [500, 0], [41]) == [[TEXTS[500], TEXTS[0]], [TEXTS[41]]]


def test_only_the_last_row_out_of_order(way, tmp_path):
    source = captions_of(tmp_path, [*IDS[1:], 0])
    assert not source.ascending
    assert take(source, [0, 500]) == [[TEXTS[0], TEXTS[500]]]


def test_equal_repeated_rows_count_once(way, tmp_path):
    assert take(captions_of(tmp_path, [*IDS, 500, 3]), [3, 500]) == [[TEXTS[3], TEXTS[500]]]
    assert take(captions_of(tmp_path, [0, 3, 3, 4]), [3, 4]) == [[TEXTS[3], TEXTS[4]]]


def test_rows_that_disagree_are_told_with_the_id(way, tmp_path):
    rows = [(1, "one"), (2, "two"), (2, "zwei")]
    path = write_csv(tmp_path / "text.csv", ("encord_text_id", "caption"), rows)
    with pytest.raises(InputError, match=r"\[caption\]: id 2 stands in rows that disagree"):
        take(CsvCaptions(path), [1])


def test_an_empty_id_is_told(way, tmp_path):
    rows = [(1, "one"), ("", "two")]
    path = write_csv(tmp_path / "text.csv", ("encord_text_id", "caption"), rows)
    with pytest.raises(InputError, match=r"\[encord_text_id\]: the id of data row 2 is empty"):
        take(CsvCaptions(path), [1])


def test_no_captions_at_all(way, tmp_path):
    assert take(captions_of(tmp_path, []), [0, 1], []) == [[None, None], []]


def test_a_missing_table_is_told(way, tmp_path):
    with pytest.raises(InputError, match=r"text.csv: there is no such table"):
        take(CsvCaptions(tmp_path / "text.csv"), [1])


def test_the_window_gives_what_memory_gives(tmp_path, monkeypatch):
    ids = sorted(random.Random(1).sample(range(9000), 3000))
    source = captions_of(tmp_path, ids, padding=40)
    blocks = [ids[n : n + 170] for n in range(0, 3000, 170)]
    known = take(source, *blocks)
    monkeypatch.setattr(module, "_SMALL", 0)
    real = module.stream_table
    monkeypatch.setattr(
        module, "stream_table", lambda path, kinds, **_: real(path, kinds, block=9000)
    )
    windowed = CsvCaptions(source.path)
    cursor = windowed.cursor()
    assert [cursor.take(np.array(b, dtype=np.uint32)).to_pylist() for b in blocks] == known
    assert len(cursor.ids) < 5  # what was passed has been forgotten


def test_groups_through_the_window(tmp_path, monkeypatch):
    from pentad.sources.emm1.dataset import open_emm1

    tree = make_emm1(tmp_path, captions=40, nn=2)
    monkeypatch.setattr(module, "_SMALL", 0)
    got = open_emm1(tmp_path).groups([2, 1]).collect()
    assert got.equals(tree.expected_groups([2, 1]))
