import numpy as np
import pytest
from hypothesis import given, settings

from pentad.core.errors import InputError
from pentad.groups.capacity.assign import assign
from tests.groups.capacity.problems import by_replicas, check, greatest_total, problems


def contested(seed, queries=60, items=25, columns=8):
    """Make candidates among which a few items are everybody's."""
    rng = np.random.default_rng(seed)
    popular = 0.2 * rng.random(items)
    scores = (0.2 + popular + 0.1 * rng.random((queries, items))).astype(np.float32)
    ids = np.argsort(-scores, axis=1, kind="stable")[:, :columns]
    return ids, np.take_along_axis(scores, ids, axis=1)


@given(problems())
@settings(max_examples=300, deadline=None)
def test_it_keeps_all_limits_and_comes_as_near_as_it_says(problem):
    ids, scores, k, uses, threshold = problem
    options = {"k": k, "max_uses": uses, "threshold": threshold}
    result = assign(ids, scores, method="auction", **options)
    check(result, ids, scores, k, uses, threshold)
    best, base = greatest_total(ids, scores, k, uses, threshold)
    total = result.total - base * result.taken
    assert result.how["converged"]
    assert best <= total + result.how["bound"] + 1e-6
    assert total <= best + 1e-6
    assert result.how["bound"] <= result.how["epsilon"] * result.taken + 1e-6
    # Scores are eighths, so that what is less than an eighth from the best is the best.
    assert best == pytest.approx(total, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scaling", [5.0, 1e9])
def test_many_items_for_each_are_as_near_the_best_as_said(seed, scaling):
    ids, scores = contested(seed)
    for k, uses in ((1, 2), (3, 7), (5, 10)):
        result = assign(
            ids, scores, k=k, max_uses=uses, method="auction", epsilon=1e-4, scaling=scaling
        )
        check(result, ids, scores, k, uses, None)
        best, _ = greatest_total(ids, scores, k, uses, None)
        assert result.how["converged"]
        assert result.how["bound"] <= result.how["epsilon"] * result.taken + 1e-9
        assert -1e-6 <= best - result.total <= result.how["bound"] + 1e-6
        assert result.total >= assign(ids, scores, k=k, max_uses=uses).total


@given(problems(repeats=False))
@settings(deadline=None)
def test_one_item_for_each_is_the_assignment_of_copies(problem):
    ids, scores, _, _, _ = problem
    if not len(ids):
        return
    result = assign(ids, scores, k=1, max_uses=2, threshold=0.0, method="auction")
    assert result.total == pytest.approx(by_replicas(ids, scores, 2), abs=1e-5)


def test_it_is_better_than_greedy_where_that_is_misled():
    ids, scores = [[0, 1], [0, 1]], np.array([[0.9, 0.8], [0.85, 0.1]], dtype=np.float32)
    assert assign(ids, scores, k=1, max_uses=1).total == pytest.approx(1.0)
    result = assign(ids, scores, k=1, max_uses=1, method="auction")
    assert result.total == pytest.approx(1.65)
    assert result.chosen.tolist() == [[1], [0]]


@pytest.mark.parametrize(("effort", "converged"), [(1e-9, False), (1.5, False), (1e3, True)])
def test_it_stops_when_told_and_what_it_says_of_itself_still_holds(effort, converged):
    ids, scores = contested(1)
    result = assign(ids, scores, k=3, max_uses=7, method="auction", effort=effort)
    check(result, ids, scores, 3, 7, None)
    best, _ = greatest_total(ids, scores, 3, 7, None)
    assert best <= result.total + result.how["bound"] + 1e-6
    assert result.total >= assign(ids, scores, k=3, max_uses=7).total
    assert result.how["converged"] is converged


def test_distances_are_as_good_as_similarities():
    ids, scores = contested(2)
    near = assign(ids, scores - 1, k=3, max_uses=7, method="auction", epsilon=1e-5)
    far = assign(ids, scores, k=3, max_uses=7, method="auction", epsilon=1e-5)
    assert near.taken == far.taken
    assert near.total + near.taken == pytest.approx(far.total, rel=1e-3)


def test_equal_input_gives_equal_output():
    ids, scores = contested(3)
    first, second = (assign(ids, scores, k=3, max_uses=7, method="auction") for _ in range(2))
    assert first.chosen.tobytes() == second.chosen.tobytes()
    assert first.how == second.how


@pytest.mark.parametrize("options", [{"epsilon": 0}, {"epsilon": 1}, {"scaling": 1}, {"effort": 0}])
def test_an_auction_that_would_not_end_is_refused(options):
    with pytest.raises(InputError, match="cannot run like this"):
        assign([[0]], [[0.5]], k=1, max_uses=1, method="auction", **options)
