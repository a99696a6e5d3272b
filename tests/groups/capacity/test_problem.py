import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.groups.capacity.problem import BELOW, EMPTY, OPEN, REPEATED, prepare

SCORES = np.array([[0.9, 0.5, 0.1]], dtype=np.float32)


def test_each_candidate_is_judged_once():
    ids = np.array([[4, 4, -1, 2, 3]])
    scores = np.array([[0.9, 0.8, 0.7, 0.4, -np.inf]], dtype=np.float32)
    problem = prepare(ids, scores, k=2, max_uses=1, threshold=0.5)
    assert problem.states.tolist() == [[OPEN, REPEATED, EMPTY, BELOW, EMPTY]]


def test_a_score_of_just_the_threshold_reaches_it():
    scores = np.array([[0.7, 0.3, 0.1]], dtype=np.float32)
    assert prepare([[0, 1, 2]], scores, k=1, max_uses=1, threshold=0.7).states[0, 0] == OPEN
    assert prepare([[0, 1, 2]], scores, k=1, max_uses=1, threshold=1e300).states[0, 0] == BELOW


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_ids_of_any_width_are_places(kind):
    problem = prepare(np.array([[3, 1, 0]], dtype=kind), SCORES, k=1, max_uses=2)
    assert (problem.items.dtype, problem.items.tolist()) == (np.int32, [[3, 1, 0]])
    assert problem.room.tolist() == [1, 1, 1, 1]


def test_ids_that_are_far_apart_are_numbered_anew():
    ids = np.array([[1 << 40, 7, -5], [-5, 1 << 33, 7]])
    problem = prepare(ids, np.repeat(SCORES, 2, axis=0), k=1, max_uses=9)
    assert problem.items.tolist() == [[2, 0, -1], [-1, 1, 0]]
    assert problem.room.tolist() == [2, 2, 2]


def test_ids_four_bytes_wide_are_not_copied():
    ids = np.array([[3, 1, 0]], dtype=np.uint32)
    assert np.shares_memory(prepare(ids, SCORES, k=1, max_uses=1).items, ids)


def test_limits_may_differ_by_item():
    problem = prepare([[0, 1, 2]], SCORES, k=1, max_uses=[0, 5, 1])
    assert problem.room.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": 0}, "k must be at least 1"),
        ({"max_uses": 0}, "max_uses must be at least 1; got 0"),
        ({"max_uses": 1.5}, "max_uses must be at least 1; got 1.5"),
        ({"max_uses": [1, 1, -1]}, "must not be negative; got -1"),
        ({"max_uses": [1, 1]}, "beyond the limits given; expected 2, got 2"),
        ({"max_uses": [[1]]}, "a number, or one for each item"),
        ({"ids": [[0.5, 1, 2]]}, "ids must be whole numbers"),
        ({"ids": [0, 1, 2]}, "ids must be whole numbers"),
        ({"ids": [[0, 1]]}, "scores must be as many as ids"),
        ({"scores": [[0.9, np.nan, 0.1]]}, "row 1: a score is not a number"),
        ({"scores": [[np.inf, 0.5, 0.1]]}, "row 1: a score is not a number"),
        ({"scores": [[0.1, 0.5, 0.1]]}, "row 1: scores must not ascend"),
        ({"threshold": float("nan")}, "the threshold must be a finite number"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    given = {"ids": [[0, 1, 2]], "scores": SCORES, "k": 1, "max_uses": 1} | changes
    with pytest.raises(InputError, match=message):
        prepare(given.pop("ids"), given.pop("scores"), **given)
