from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.significance import flips as flips_module
from pentad.evaluation.significance.flips import flips, is_exact
from pentad.evaluation.significance.permutation import (
    median_swap_test,
    permutation_test,
    sign_flip_test,
    unit_shares,
)
from tests.evaluation.significance.cases import scored, shuffled

HALVES = st.integers(0, 2).map(lambda n: n / 2)


def mean_difference(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean(x - y, axis=axis)


def median_difference(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.median(x, axis=axis) - np.median(y, axis=axis)


@pytest.mark.parametrize("seed", range(4))
def test_exact_values_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random(10), rng.random(10) + 0.2
    for statistic, metric in ((mean_difference, "hit@1"), (median_difference, "medr")):
        theirs = stats.permutation_test(
            (a, b), statistic, permutation_type="samples", vectorized=True, n_resamples=np.inf
        )
        pair = (scored(a[None], metrics=(metric,)), scored(b[None], metrics=(metric,)))
        # scipy doubles the smaller tail; of two systems the distribution is symmetric
        assert permutation_test(*pair)[0] == pytest.approx(theirs.pvalue)


def test_random_swaps_come_close_to_scipy() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.random(80), rng.random(80) + 0.06
    theirs = stats.permutation_test(
        (a, b), mean_difference, permutation_type="samples", vectorized=True, n_resamples=20000,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    ours = permutation_test(scored(a[None]), scored(b[None]), permutations=20000)[0]
    assert ours == pytest.approx(theirs.pvalue, abs=0.01)


def test_all_ways_are_tried_once_where_they_are_few() -> None:
    found = np.concatenate(list(flips(5, generator(0), 32)))
    assert sorted(map(tuple, found.tolist())) == sorted(product([0, 1], repeat=5))
    assert is_exact(5, 32)
    assert not is_exact(5, 31)
    assert not is_exact(64, 10_000)
    assert [len(block) for block in flips(0, generator(0), 10)] == [1]


def test_random_swaps_are_fair_and_blocks_bound_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flips_module, "_CELLS", 1000)
    blocks = list(flips(19, generator(0), 4000))
    assert max(block.size for block in blocks) <= 1000
    found = np.concatenate(blocks)
    assert found.shape == (4000, 19)
    assert abs(found.mean() - 0.5) < 0.01
    assert (np.abs(found.mean(axis=0) - 0.5) < 0.04).all()


@settings(max_examples=40, deadline=None)
@given(data=st.data(), count=st.integers(1, 30), medians=st.booleans())
def test_symmetric_and_blind_to_the_order_of_queries(
    data: st.DataObject, count: int, medians: bool
) -> None:
    metrics = ("medr",) if medians else ("hit@1",)
    rows = arrays(np.float64, (1, count), elements=HALVES)
    units = data.draw(arrays(np.int64, count, elements=st.integers(0, 7)))
    one, two = (scored(data.draw(rows), units, metrics=metrics) for _ in range(2))
    order = np.array(data.draw(st.permutations(range(count))))
    p = permutation_test(one, two, permutations=256)
    assert p == pytest.approx(permutation_test(two, one, permutations=256))
    assert p == pytest.approx(permutation_test(shuffled(one, order), two, permutations=256))
    assert 0 < p[0] <= 1


@pytest.mark.parametrize("metric", ["hit@1", "medr"])
@pytest.mark.parametrize("count", [5, 200])
def test_equal_systems_have_p_1(metric: str, count: int) -> None:
    scores = scored(np.random.default_rng(0).random((1, count)), metrics=(metric,))
    assert permutation_test(scores, scores) == [1.0]


def test_a_difference_in_every_unit_is_as_small_as_p_can_be() -> None:
    values = np.random.default_rng(0).random((1, 12))
    up = scored(values + 0.25)
    assert permutation_test(up, scored(values)) == [2 / 2**12]  # either way round
    many = np.random.default_rng(0).random((1, 60))
    p = permutation_test(scored(many + 0.25), scored(many), permutations=999)
    assert p == [1 / 1000]  # never 0


def test_only_units_count() -> None:
    # five queries each of six units: as exact as six queries, and no more certain
    differences = np.array([0.1, 0.2, 0.3, -0.05, 0.4, 0.1])
    alone = permutation_test(scored(differences[None]), scored(np.zeros((1, 6))))
    units = np.arange(6).repeat(5)
    together = permutation_test(
        scored(differences.repeat(5)[None], units), scored(np.zeros((1, 30)), units)
    )
    assert together == pytest.approx(alone)
    assert alone[0] > 1 / 32


@pytest.mark.parametrize("metric", ["hit@1", "medr"])
def test_p_is_uniform_where_nothing_differs(metric: str) -> None:
    rng = np.random.default_rng(11)
    found = []
    for trial in range(300):
        # a shared difficulty and a shared effect of each unit on each system: clustered, and null
        units = np.arange(12).repeat(4)
        a, b = (
            rng.normal(size=12).repeat(4) + rng.normal(size=48) for _ in range(2)
        )  # fmt: skip
        pair = (
            scored(a[None], units, metrics=(metric,)),
            scored(b[None], units, metrics=(metric,)),
        )
        found += permutation_test(*pair, permutations=499, seed=trial)
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert 0.02 < np.mean(np.array(found) <= 0.05) < 0.085


def test_values_that_are_not_defined_are_left_out() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.random((2, 1, 9))
    whole = permutation_test(scored(a), scored(b))
    padded = [np.insert(values, 4, np.nan, axis=1) for values in (a, b)]
    for metric in ("hit@1", "medr"):
        whole = permutation_test(scored(a, metrics=(metric,)), scored(b, metrics=(metric,)))
        pair = [scored(values, metrics=(metric,)) for values in padded]
        assert permutation_test(*pair) == pytest.approx(whole)
    with pytest.raises(InputError, match="not the same ones have a value"):
        permutation_test(scored(padded[0]), scored(np.insert(b, 0, np.nan, axis=1)))
    with pytest.raises(InputError, match="no query"):
        unit_shares(np.full((1, 3), np.nan), np.arange(3))
    with pytest.raises(InputError, match="infinite"):
        unit_shares(np.array([[1.0, np.inf]]), np.arange(2))


def test_several_tests_share_the_swaps() -> None:
    shares = np.random.default_rng(1).normal(size=(9, 3)) / 9
    found = sign_flip_test(shares, generator(0))
    ways = np.array(list(product([1, -1], repeat=9)))
    sums = np.abs(ways @ shares)
    expected = (sums >= np.abs(shares.sum(axis=0)) - 1e-12).mean(axis=0)
    np.testing.assert_allclose(found, expected)


def test_medians_are_swapped_unit_by_unit() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.integers(1, 20, (2, 24)).astype(float)
    units = np.arange(8).repeat(3)
    ways = np.array(list(product([False, True], repeat=8)))[:, units]
    gaps = [np.median(np.where(w, b, a)) - np.median(np.where(w, a, b)) for w in ways]
    expected = np.mean(np.abs(gaps) >= abs(np.median(a) - np.median(b)))
    assert median_swap_test(a, b, units, generator(0)) == pytest.approx(expected)


def test_no_swaps_no_test() -> None:
    with pytest.raises(InputError, match="at least 1"):
        permutation_test(scored(np.ones((1, 3))), scored(np.zeros((1, 3))), permutations=0)
