"""Judgments and runs of TREC: in, out, in order, and every fault with its line."""

import logging
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.evaluation.tasks import trec_lines
from pentad.evaluation.tasks.trec import (
    Judgments,
    read_qrels,
    read_run,
    run_of,
    write_qrels,
    write_run,
)
from tests.sources.helpers import write_csv

QRELS = ("301 0 FBIS3-10082 1", "301 0 FBIS3-10169 0", "302\tQ0  FT911-3   -1")
RUN = (
    "q2 Q0 b 1 0.5 mine",
    "q1 Q0 a 1 1.5 mine",
    "q1 Q0 c 2 -3 mine",
    "q1 Q0 b 3 1.5e0 mine",
)


def triples(judged: Judgments) -> list[tuple[str, str, int]]:
    columns = (judged.query_ids, judged.item_ids, judged.grades.tolist())
    return list(zip(*columns, strict=True))


def test_judgments_keep_order_and_grades_below_one(tmp_path: Path):
    judged = read_qrels(write_csv(tmp_path / "qrels.txt", *QRELS))
    assert triples(judged) == [
        ("301", "FBIS3-10082", 1), ("301", "FBIS3-10169", 0), ("302", "FT911-3", -1),
    ]  # fmt: skip
    assert judged.rows.tolist() == [1, 2, 3]


def test_the_table_of_beir_is_told_by_its_header(tmp_path: Path):
    path = write_csv(
        tmp_path / "test.tsv", "query-id\tcorpus-id\tscore", "q 1\td 1\t2", end=b"\r\n"
    )
    judged = read_qrels(path)
    assert triples(judged) == [("q 1", "d 1", 2)]
    assert judged.rows.tolist() == [2]


def test_blank_lines_and_a_byte_order_mark_are_nothing(tmp_path: Path):
    path = write_csv(tmp_path / "q", b"\xef\xbb\xbfq 0 a 1", "", "  ", "q 0 b 1")
    judged = read_qrels(path)
    assert triples(judged) == [("q", "a", 1), ("q", "b", 1)]
    assert judged.rows.tolist() == [1, 4]


def test_a_run_is_ordered_by_score_and_then_by_item(tmp_path: Path):
    run = read_run(write_csv(tmp_path / "run", *RUN))
    assert run.query_ids.tolist() == ["q2", "q1"]
    assert run.offsets.tolist() == [0, 1, 4]
    items, scores = run.of(1)
    assert items.tolist() == ["a", "b", "c"]
    assert scores.tolist() == [1.5, 1.5, -3.0]


def test_ranks_that_contradict_the_scores_are_told_once(tmp_path: Path, caplog):
    path = write_csv(tmp_path / "run", "q Q0 a 1 1 t", "q Q0 b 2 2 t", "r Q0 a 1 1 t")
    with caplog.at_level(logging.WARNING):
        run = read_run(path)
    assert run.item_ids.tolist() == ["b", "a", "a"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: the ranks of 1 queries contradict their scores, which count"
    ]


def test_ranks_that_fit_or_that_break_ties_are_not_told(tmp_path: Path, caplog):
    path = write_csv(tmp_path / "run", "q Q0 a 0 2 t", "q Q0 b 2 1 t", "q Q0 c 1 1 t")
    with caplog.at_level(logging.WARNING):
        read_run(path)
    assert not caplog.records


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("q Q0 b 2 1.0", ":2: this line has another number of columns"),
        ("q Q0 b 2 1.0 t u", ":2: this line has another number of columns"),
        ("q Q0 b 2 nan t", ":2 [score]: not a number"),
        ("q Q0 b 2 x t", ":2 [score]: not a number"),
        ("q Q0 b 2 1_0 t", ":2 [score]: not a number"),
        ("q Q0 b 0x1F 1 t", ":2 [rank]: not a whole number"),
        ("q Q0 b 1.5 1 t", ":2 [rank]: not a whole number"),
        ("q Q0 a 2 1.0 t", ":2: this query has this item twice"),
        (b"q Q0 \xff 2 1.0 t", ":2: byte 0xff is not valid here"),
        ("q Q0 \0 2 1.0 t", ":2: holds a NUL byte"),
    ],
)
def test_a_fault_of_a_run_is_told_with_its_line(tmp_path: Path, line: str | bytes, told: str):
    path = write_csv(tmp_path / "run", "q Q0 a 1 2.0 t", line)
    with pytest.raises(InputError) as caught:
        read_run(path)
    assert str(caught.value).startswith(f"{path}{told}")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((), ": there is no line in it"),
        (("", " "), ": there is no line in it"),
        (("q 0 a 1", "", "q 0 a 1"), ":3: this pair is judged twice"),
        (("q 0 a 1.0",), ":1 [grade]: not a whole number"),
        (("q 0 a",), ":1: this line has another number of columns"),
        (("query-id\tcorpus-id\tscore", "q\t\t1"), ":2 [item]: the name is empty"),
        (("query-id\tcorpus-id\tscore", "q\ta"), ":2: this line has another number"),
        (("query-id\tcorpus-id\tscore",), ": there is no line in it"),
    ],
)
def test_a_fault_of_judgments_is_told_with_its_line(
    tmp_path: Path, lines: tuple[str, ...], told: str
):
    path = write_csv(tmp_path / "qrels", *lines)
    with pytest.raises(InputError) as caught:
        read_qrels(path)
    assert str(caught.value).startswith(f"{path}{told}")


def test_what_cannot_be_read_is_told(tmp_path: Path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_run(path)


def test_faults_are_found_in_later_blocks_too(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(trec_lines, "BLOCK", 64)
    lines = [f"q{n // 10} Q0 item{n} 1 {n % 7} t" for n in range(500)]
    run = read_run(write_csv(tmp_path / "run", *lines))
    assert len(run.query_ids) == 50
    assert run.offsets.tolist() == list(range(0, 501, 10))
    lines[432] = "q43 Q0 item432 1 nan t"
    with pytest.raises(InputError, match=":433 "):
        read_run(write_csv(tmp_path / "run", *lines))
    lines[432] = "q43 Q0 item431 1 1 t"
    with pytest.raises(InputError, match=":433: this query has this item twice"):
        read_run(write_csv(tmp_path / "run", *lines))


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=4)
SCORES = st.floats(allow_nan=False)
RUNS = st.dictionaries(NAMES, st.dictionaries(NAMES, SCORES, min_size=1, max_size=5), min_size=1,
                       max_size=4)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(RUNS)
def test_a_run_that_was_written_is_read_as_it_was(tmp_path_factory, scores):
    path = tmp_path_factory.mktemp("runs") / "run"
    run = run_of((query, found.items()) for query, found in scores.items())
    write_run(run, path)
    again = read_run(path)
    for name in ("query_ids", "offsets", "item_ids", "scores"):
        assert getattr(again, name).tolist() == getattr(run, name).tolist()


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.tuples(NAMES, NAMES), st.integers(-3, 9), min_size=1, max_size=8))
def test_judgments_that_were_written_are_read_as_they_were(tmp_path_factory, grades):
    path = tmp_path_factory.mktemp("qrels") / "qrels.txt"
    pairs = np.array(list(grades), dtype=object).reshape(-1, 2)
    judged = Judgments(pairs[:, 0], pairs[:, 1], np.array(list(grades.values())))
    write_qrels(judged, path)
    assert triples(read_qrels(path)) == triples(judged)


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a\tb", "a\u00a0b"])
def test_names_that_lines_cannot_hold_are_refused_and_nothing_is_written(tmp_path: Path, name: str):
    for query, item, tag in ((name, "i", "t"), ("q", name, "t"), ("q", "i", name)):
        with pytest.raises(InputError, match="cannot be written as TREC"):
            write_run(run_of([(query, [(item, 1.0)])]), tmp_path / "run", tag=tag)
    with pytest.raises(InputError, match="NaN"):
        write_run(run_of([("q", [("i", math.nan)])]), tmp_path / "run")
    assert not list(tmp_path.iterdir())
