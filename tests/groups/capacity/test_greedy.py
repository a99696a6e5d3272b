import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.groups.capacity.assign import assign
from pentad.groups.capacity.greedy import edge_order
from pentad.groups.capacity.problem import OPEN
from tests.groups.capacity.problems import by_the_definition, check, problems


@given(problems())
@settings(max_examples=300, deadline=None)
def test_it_equals_a_plain_loop_and_every_place_is_accounted_for(problem):
    ids, scores, k, uses, threshold = problem
    result = assign(ids, scores, k=k, max_uses=uses, threshold=threshold)
    assert result.chosen.tolist() == by_the_definition(ids, scores, k, uses, threshold)
    check(result, ids, scores, k, uses, threshold)


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=60), st.data())
@settings(deadline=None)
def test_edges_go_by_score_then_position(scores, data):
    values = np.array(scores, dtype=np.float32)
    states = np.array([data.draw(st.integers(0, 1)) for _ in scores], dtype=np.uint8)
    expected = [e for e in np.argsort(-values, kind="stable").tolist() if states[e] == OPEN]
    assert edge_order(values, states).tolist() == expected


def test_positions_widen_where_four_bytes_are_too_few():
    scores = np.array([0.1, -0.5, 0.25, 0.1], dtype=np.float32)
    order = edge_order(scores, np.zeros(4, dtype=np.uint8), wide=4)
    assert (order.dtype, order.tolist()) == (np.int64, [2, 0, 3, 1])


def test_zero_has_no_sign():
    scores = np.array([-0.0, 0.0, -0.0], dtype=np.float32)
    assert edge_order(scores, np.zeros(3, dtype=np.uint8)).tolist() == [0, 1, 2]


def test_a_larger_one_equals_a_loop_over_the_edges():
    rng = np.random.default_rng(0)
    ids = np.stack([rng.permutation(60)[:8] for _ in range(200)])
    scores = (-np.sort(-rng.integers(0, 50, (200, 8)) / 64, axis=1)).astype(np.float32)
    result = assign(ids, scores, k=4, max_uses=9)
    edges = sorted(np.ndindex(200, 8), key=lambda edge: (-scores[edge], *edge))
    taken, uses = [[] for _ in range(200)], np.zeros(60, int)
    for query, rank in edges:
        if len(taken[query]) < 4 and uses[ids[query, rank]] < 9:
            taken[query].append(rank)
            uses[ids[query, rank]] += 1
    assert [row[row >= 0].tolist() for row in result.chosen] == taken
    beyond = sum(rank > ranks[-1] for ranks in taken if len(ranks) == 4 for rank in range(8))
    assert list(result.dropped.values()) == [
        beyond, 1600 - beyond - sum(map(len, taken)), 0, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("uses", [None, 4])
def test_without_a_limit_that_binds_each_has_its_closest(uses):
    result = assign([[0, 1, 2]] * 3, [[0.5, 0.4, 0.3]] * 3, k=2, max_uses=uses)
    assert result.chosen.tolist() == [[0, 1]] * 3
    assert sum(result.short_queries.values()) == 0
