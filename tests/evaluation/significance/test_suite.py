from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pentad.core.errors import InputError
from pentad.evaluation.significance.permutation import permutation_test
from pentad.evaluation.significance.suite import DirectionValues, TaskValues, average_suite
from tests.evaluation.significance.cases import scored


def task(name: str, rng: np.random.Generator, *sizes: int, systems: int = 2) -> TaskValues:
    return TaskValues(
        name,
        tuple(DirectionValues(rng.random((systems, n)), np.arange(n) // 2) for n in sizes),
    )


def test_each_task_counts_once_and_each_direction_of_a_task() -> None:
    rng = np.random.default_rng(0)
    tasks = [task("a", rng, 4, 10), task("b", rng, 40)]
    found = average_suite(tasks)
    (a1, a2), (b1,) = ([d.values.mean(axis=1) for d in t.directions] for t in tasks)
    np.testing.assert_allclose(found.values, ((a1 + a2) / 2 + b1) / 2)
    np.testing.assert_allclose(found.shares.sum(axis=0), found.values)
    assert found.draws.shape == (2000, 2)
    np.testing.assert_allclose(found.draws.mean(axis=0), found.values, atol=0.01)


def test_the_draws_of_a_task_do_not_depend_on_other_tasks() -> None:
    rng = np.random.default_rng(1)
    one, two = task("a", rng, 9), task("b", rng, 7, 8)
    alone = [average_suite([t]).draws for t in (one, two)]
    for order in ([one, two], [two, one]):
        np.testing.assert_allclose(average_suite(order).draws, (alone[0] + alone[1]) / 2)


def test_a_unit_in_two_directions_is_one_unit() -> None:
    # the same values in both directions: as uncertain as one direction, not less so
    rng = np.random.default_rng(2)
    values, units = rng.random((2, 30)), np.arange(30) // 3
    once = average_suite([TaskValues("a", (DirectionValues(values, units),))])
    twice = average_suite([TaskValues("a", (DirectionValues(values, units),) * 2)])
    np.testing.assert_allclose(twice.draws, once.draws)
    assert twice.test([(0, 1)], name="x") == pytest.approx(once.test([(0, 1)], name="x"))
    apart = (DirectionValues(values, units), DirectionValues(values, units + 100))
    narrower = average_suite([TaskValues("a", apart)]).draws.std(axis=0)
    assert (narrower < 0.8 * once.draws.std(axis=0)).all()


def test_a_direction_keeps_its_number_of_units_in_every_resample() -> None:
    # one unit occurs in one direction alone; it must not be missing from a resample
    rng = np.random.default_rng(3)
    directions = (
        DirectionValues(rng.random((1, 6)), np.arange(6)),
        DirectionValues(rng.random((1, 1)), np.array([77])),
    )
    draws = average_suite([TaskValues("a", directions)]).draws
    assert np.isfinite(draws).all()


def test_equal_systems() -> None:
    values = np.random.default_rng(0).random((1, 20)).repeat(2, axis=0)
    found = average_suite([TaskValues("a", (DirectionValues(values, np.arange(20)),))])
    assert found.difference(0, 1) == (0.0, 0.0, 0.0)
    assert found.test([(0, 1)], name="all") == [1.0]
    assert found.test([], name="all") == []


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), systems=st.integers(2, 4))
def test_antisymmetric_and_intervals_hold_their_value(seed: int, systems: int) -> None:
    rng = np.random.default_rng(seed)
    tasks = [task("a", rng, 5, 8, systems=systems), task("b", rng, 6, systems=systems)]
    found = average_suite(tasks, resamples=200)
    value, low, high = found.difference(0, 1)
    assert found.difference(1, 0) == pytest.approx((-value, -high, -low))
    assert found.test([(0, 1)], name="x") == pytest.approx(found.test([(1, 0)], name="x"))
    for system in range(systems):
        middle, low, high = found.interval(system)
        assert low - 1e-9 <= middle <= high + 1e-9


def test_one_task_in_one_direction_is_the_plain_test() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random((2, 20))
    units = np.arange(20) // 2
    suite = average_suite([TaskValues("t", (DirectionValues(np.stack([a, b]), units),))])
    plain = permutation_test(scored(a[None], units), scored(b[None], units))
    assert suite.test([(0, 1)], name="x") == pytest.approx(plain)


def test_exact_swaps_over_all_tasks() -> None:
    rng = np.random.default_rng(5)
    sizes = (3, 4)
    data = [rng.random((2, n)) for n in sizes]
    tasks = [
        TaskValues(str(i), (DirectionValues(v, np.arange(v.shape[1])),)) for i, v in enumerate(data)
    ]
    differences = np.concatenate([(v[0] - v[1]) / v.shape[1] / 2 for v in data])
    ways = np.array(list(product([1, -1], repeat=7)))
    observed = abs(differences.sum())
    expected = np.mean(np.abs(ways @ differences) >= observed - 1e-12)
    assert average_suite(tasks).test([(0, 1)], name="x") == pytest.approx([expected])


def test_intervals_cover_and_p_is_uniform_over_a_suite() -> None:
    rng = np.random.default_rng(6)
    covered, found = [], []
    for trial in range(200):
        tasks = []
        for number, (units, each) in enumerate(((30, 5), (50, 1), (20, 3))):
            values = np.stack(
                [
                    rng.normal(size=units).repeat(each) + rng.normal(size=units * each)
                    for _ in range(2)
                ]
            )
            codes = np.arange(units).repeat(each)
            tasks.append(TaskValues(str(number), (DirectionValues(values, codes),)))
        suite = average_suite(tasks, seed=trial, resamples=300)
        _, low, high = suite.difference(0, 1)
        covered.append(low <= 0 <= high)
        found += suite.test([(0, 1)], name="x", seed=trial, permutations=499)
    assert 0.89 <= np.mean(covered) <= 0.985
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_what_cannot_be_averaged_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="all of the same systems"):
        average_suite([task("a", rng, 4), task("b", rng, 4, systems=3)])
    with pytest.raises(InputError, match="needs tasks"):
        average_suite([])
    with pytest.raises(InputError, match="needs tasks"):
        average_suite([TaskValues("a", ())])
    with pytest.raises(InputError, match="resamples"):
        average_suite([task("a", rng, 4)], resamples=0)
    with pytest.raises(InputError, match="no finite value"):
        DirectionValues(np.array([[np.nan]]), np.zeros(1, np.int64))
    with pytest.raises(InputError, match="no query"):
        DirectionValues(np.ones((1, 0)), np.zeros(0, np.int64))
    with pytest.raises(InputError, match=r"values \(systems, queries\)"):
        DirectionValues(np.ones((1, 2)), np.zeros(3, np.int64))
