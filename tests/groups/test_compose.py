from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from pentad.core.errors import InputError, UnknownName
from pentad.groups.compose import compose

TRIPLE = [(0, 1), (0, 2), (1, 2)]


def total_of(chosen, similarities, pairs, weights=None):
    """Add up the similarities of all pairs in all tuples of one caption."""
    total = 0.0
    for p, (left, right) in enumerate(pairs):
        for row in chosen:
            if row[left] >= 0 and row[right] >= 0:
                weight = 1 if weights is None else weights[p]
                total += weight * float(similarities[p, row[left], row[right]])
    return total


def best_total(similarities, pairs, modalities):
    """Try all tuples."""
    k = similarities.shape[-1]
    orders = list(permutations(range(k)))
    return max(
        total_of(np.array([range(k), *rest]).T, similarities, pairs)
        for rest in product(orders, repeat=modalities - 1)
    )


def drawn(seed, captions, pairs, k):
    return np.random.default_rng(seed).normal(size=(captions, pairs, k, k)).astype(np.float32)


def require_whole(chosen, counts):
    """Each item stands in one tuple, and complete tuples are as many as can be."""
    for row, count in zip(chosen, counts, strict=True):
        for m, n in enumerate(count):
            items = row[:, m]
            assert sorted(items[items >= 0].tolist()) == list(range(n))
        assert (row >= 0).all(axis=1).sum() == min(count)
        assert (row[: min(count)] >= 0).all()


def test_rank_is_the_zip():
    table = drawn(0, 2, 3, 3)
    result = compose(table, TRIPLE, counts=[[3, 3, 3], [3, 1, 2]], how="rank")
    assert result.chosen[0].tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
    assert result.chosen[1].tolist() == [[0, 0, 0], [1, -1, 1], [2, -1, -1]]
    assert result.agreement[0] == pytest.approx(np.einsum("pii->i", table[0]) / 3, abs=1e-6)
    assert result.agreement[1, 1] == pytest.approx(table[1, 1, 1, 1])
    assert np.isnan(result.agreement[1, 2])
    assert result.total.tolist() == result.total_before.tolist()


def test_items_that_agree_come_together_in_the_order_of_their_ranks():
    same = np.eye(3, dtype=np.float32)[[2, 0, 1]]
    result = compose(same[None, None], [(0, 1)])
    assert result.chosen[0].tolist() == [[1, 0], [0, 2], [2, 1]]
    assert result.agreement[0].tolist() == [1, 1, 1]
    assert result.before[0].tolist() == [0, 0, 0]
    assert (result.total_before.tolist(), result.total.tolist()) == ([0], [3])


@given(st.integers(0, 10**6), st.integers(1, 12), st.data())
@settings(max_examples=100, deadline=None)
def test_two_modalities_are_assigned_as_scipy_does(seed, k, data):
    table = drawn(seed, 1, 1, k)
    counts = [data.draw(st.integers(0, k)), data.draw(st.integers(0, k))]
    result = compose(table, [(0, 1)], counts=[counts])
    require_whole(result.chosen, [counts])
    rows, columns = linear_sum_assignment(
        table[0, 0, : counts[0], : counts[1]].astype(np.float64), maximize=True
    )
    assert result.total[0] == pytest.approx(
        table[0, 0, rows, columns].astype(np.float64).sum(), abs=1e-6
    )


@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 6), st.data())
@settings(max_examples=100, deadline=None)
def test_it_is_never_below_the_zip_and_says_what_it_has(seed, modalities, k, data):
    pairs = data.draw(st.permutations(list(combinations(range(modalities), 2))))
    if modalities - 1 not in {m for pair in pairs for m in pair}:
        return
    table, weights = drawn(seed, 3, len(pairs), k), [1 + p % 3 for p in range(len(pairs))]
    counts = [[data.draw(st.integers(0, k)) for _ in range(modalities)] for _ in range(3)]
    result = compose(table, pairs, counts=counts, weights=weights)
    require_whole(result.chosen, counts)
    for c in range(3):
        assert result.total[c] >= result.total_before[c]
        assert result.total[c] == pytest.approx(
            total_of(result.chosen[c], table[c], pairs, weights), abs=1e-5
        )


def test_three_modalities_come_near_the_best_there_is():
    table = drawn(1, 40, 3, 4)
    result = compose(table, TRIPLE)
    best = np.array([best_total(one, TRIPLE, 3) for one in table])
    assert (result.total <= best + 1e-6).all()
    gain = (result.total - result.total_before).sum() / (best - result.total_before).sum()
    assert gain > 0.98
    assert np.isclose(result.total, best).mean() > 0.75


def test_one_beginning_is_between_the_zip_and_several():
    table = drawn(7, 20, 3, 6)
    quick, full = compose(table, TRIPLE, thorough=False), compose(table, TRIPLE)
    assert (quick.total > quick.total_before).all()
    assert (full.total >= quick.total - 1e-9).all()
    assert full.total.sum() > quick.total.sum()


def test_planted_tuples_are_found():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=(16, 32))
    orders = [rng.permutation(16) for _ in range(4)]
    vectors = [truth[order] + 0.3 * rng.normal(size=(16, 32)) for order in orders]
    pairs = list(combinations(range(4), 2))
    table = np.stack([vectors[a] @ vectors[b].T for a, b in pairs])[None].astype(np.float32)
    found = compose(table, pairs).chosen[0]
    assert all(len({int(orders[m][row[m]]) for m in range(4)}) == 1 for row in found)


def test_a_pair_without_weight_or_without_a_space_has_no_say():
    table = drawn(3, 2, 2, 5)
    heavy = compose(table, [(0, 1), (1, 2)], weights=[1, 0])
    alone = compose(table[:, :1], [(0, 1)])
    assert heavy.total == pytest.approx(alone.total)
    assert compose(table, [(0, 1), (1, 2)]).total == pytest.approx(
        alone.total + compose(table[:, 1:], [(0, 1)]).total
    )


def test_captions_do_not_depend_on_each_other():
    table = drawn(4, 6, 3, 5)
    whole = compose(table, TRIPLE)
    parts = [compose(table[s : s + 2], TRIPLE) for s in (0, 2, 4)]
    assert whole.chosen.tobytes() == np.concatenate([part.chosen for part in parts]).tobytes()
    assert compose(table, TRIPLE).chosen.tobytes() == whole.chosen.tobytes()


def test_what_is_given_is_not_changed():
    table = drawn(5, 2, 3, 4)
    kept = table.copy()
    compose(table, TRIPLE)
    assert np.array_equal(table, kept)


def test_places_of_items_that_are_not_there_may_hold_anything():
    table = drawn(6, 2, 1, 3)
    table[1, 0, 2], table[1, 0, :, 1], table[1, 0, :, 2] = np.nan, np.inf, -np.inf
    result = compose(table, [(0, 1)], counts=[[3, 3], [2, 1]])
    assert np.isfinite(result.total).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"similarities": np.zeros((2, 1, 3, 3))}, "wrong shape"),
        ({"similarities": np.zeros((2, 3, 3, 2))}, "wrong shape"),
        ({"similarities": np.zeros((2, 3, 0, 0))}, "k must be at least 1"),
        ({"similarities": np.full((1, 3, 2, 2), np.nan)}, "row 1: a similarity is not a finite"),
        ({"similarities": np.zeros((2, 0, 3, 3)), "pairs": []}, "at least one pair"),
        ({"pairs": [(0, 1), (1, 0), (1, 2)]}, "given once"),
        ({"pairs": [(0, 1), (2, 2), (1, 2)]}, "of two modalities"),
        ({"pairs": [(0, 1), (-1, 2), (1, 2)]}, "cannot be"),
        ({"pairs": [(0, 1), (0, 9), (1, 2)]}, "cannot be"),
        ({"weights": [1, 2]}, "one weight for each pair"),
        ({"weights": [1, 2, -1]}, "not negative"),
        ({"counts": [[3, 3]]}, "counts have the wrong shape"),
        ({"counts": [[3, 3, 4], [3, 3, 3]]}, "expected 0 to 3"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    given = {"similarities": np.zeros((2, 3, 3, 3)), "pairs": TRIPLE} | changes
    with pytest.raises(InputError, match=message):
        compose(given.pop("similarities"), given.pop("pairs"), **given)


def test_a_way_that_is_not_known_is_refused():
    with pytest.raises(UnknownName, match="known are: agreement, rank"):
        compose(np.zeros((1, 1, 1, 1)), [(0, 1)], how="zip")
