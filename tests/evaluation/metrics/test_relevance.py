import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.evaluation.metrics.relevance import Relevance


def sets(relevance: Relevance) -> list[list[int]]:
    entries = relevance.entries()
    rows: list[list[int]] = [[] for _ in range(len(relevance))]
    for query, column in zip(entries.queries.tolist(), entries.columns.tolist(), strict=True):
        rows[query].append(column)
    return rows


def test_rows_are_read_and_repeated_columns_count_once() -> None:
    relevance = Relevance.from_rows([0, 3, 3, 4], [2, 0, 2, 1], corpus_size=3)
    assert sets(relevance) == [[0, 2], [], [1]]
    assert relevance.sizes.tolist() == [2, 0, 1]


def test_pairs_come_in_any_order() -> None:
    relevance = Relevance.from_pairs([2, 0, 2, 2], [0, 1, 1, 0], queries=3, corpus_size=2)
    assert sets(relevance) == [[1], [], [0, 1]]


def test_groups_share_sets_and_negative_numbers_are_no_group() -> None:
    relevance = Relevance.from_groups([7, -1, 3, 9, 7], [3, 7, -1, 7, 3])
    assert sets(relevance) == [[1, 3], [], [0, 4], [], [1, 3]]
    assert len(relevance.indices) == 5


def test_groups_of_an_empty_corpus() -> None:
    assert sets(Relevance.from_groups([1, 2], [])) == [[], []]


def test_take_selects_queries_in_the_order_given() -> None:
    relevance = Relevance.from_rows([0, 1, 3], [0, 1, 2], corpus_size=3)
    assert sets(relevance.take(np.array([1, 0, 1]))) == [[1, 2], [0], [1, 2]]
    assert relevance.take(slice(1, 2)).entries().starts.tolist() == [0]


def test_a_moved_corpus_keeps_what_is_relevant() -> None:
    relevance = Relevance.from_rows([0, 1, 3], [0, 1, 2], corpus_size=3)
    assert sets(relevance.moved(np.array([2, 0, 1]))) == [[2], [0, 1]]


@pytest.mark.parametrize(
    ("indptr", "indices"),
    [([], []), ([1, 2], [0, 0]), ([0, 1], [0, 0]), ([0, 2, 1], [0])],
)
def test_a_broken_indptr_is_refused(indptr: list[int], indices: list[int]) -> None:
    with pytest.raises(InputError, match="indptr"):
        Relevance.from_rows(indptr, indices, corpus_size=1)


def test_a_row_outside_the_corpus_is_named() -> None:
    with pytest.raises(InputError, match="no such corpus row; expected 0 to 2, got 3"):
        Relevance.from_rows([0, 1], [3], corpus_size=3)
    with pytest.raises(InputError, match="no such query row"):
        Relevance.from_pairs([-1], [0], queries=1, corpus_size=1)


@pytest.mark.parametrize("values", [[0.5], [[0]]])
def test_rows_must_be_integers(values: list[object]) -> None:
    with pytest.raises(InputError, match="one row of integers"):
        Relevance.from_groups(np.array(values), [0])
