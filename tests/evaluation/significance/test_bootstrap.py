from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.intervals import bootstrap_means, paired_difference
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.significance.aligned import aligned
from pentad.evaluation.significance.bootstrap import bootstrap_metrics, paired_intervals
from pentad.evaluation.significance.medians import bootstrap_medians
from tests.evaluation.significance.cases import scored, shuffled

BOTH = ("hit@1", "medr")


def test_means_and_medians_each_by_their_own() -> None:
    rng = np.random.default_rng(0)
    values, units = rng.integers(1, 9, (3, 30)).astype(float), rng.integers(0, 8, 30)
    metrics = parse_metrics(["medr", "hit@1", "mr1"])
    found = bootstrap_metrics(values, metrics, units, generator(0))
    assert found[1:] == bootstrap_means(values[1:], units, generator(0))
    assert found[0].value == np.median(values[0])
    only = bootstrap_metrics(values[:1], metrics[:1], units, generator(0))
    assert only == bootstrap_medians(values[:1], units, generator(0))


def test_a_paired_mean_is_the_one_there_was_before() -> None:
    rng = np.random.default_rng(1)
    one, two = (scored(rng.random((1, 40)), np.arange(40) // 3) for _ in range(2))
    assert paired_intervals(one, two) == paired_difference(one, two)


@pytest.mark.parametrize(("metric", "statistic"), [("hit@1", np.mean), ("medr", np.median)])
def test_close_to_scipy_on_independent_queries(metric: str, statistic) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(2)
    a = rng.gamma(2, 5, 150)
    b = a + rng.normal(1, 2, 150)
    theirs = stats.bootstrap(
        (a, b),
        lambda x, y, axis=-1: statistic(x, axis=axis) - statistic(y, axis=axis),
        paired=True, method="percentile", n_resamples=4000, rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    ours = paired_intervals(
        scored(a[None], metrics=(metric,)), scored(b[None], metrics=(metric,)), resamples=4000
    )[0]
    width = theirs.high - theirs.low
    assert ours.value == pytest.approx(statistic(a) - statistic(b))
    assert ours.low == pytest.approx(theirs.low, abs=0.08 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.08 * width)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), count=st.integers(2, 25), shift=st.integers(-3, 3))
def test_antisymmetric_blind_to_order_and_true_to_shifts(
    data: st.DataObject, count: int, shift: int
) -> None:
    rows = arrays(np.float64, (2, count), elements=st.integers(0, 9).map(float))
    units = data.draw(arrays(np.int64, count, elements=st.integers(0, 5)))
    one, two = (scored(data.draw(rows), units, metrics=BOTH) for _ in range(2))
    forth = np.array(paired_intervals(one, two, resamples=150))
    back = np.array(paired_intervals(two, one, resamples=150))
    np.testing.assert_allclose(back, -forth[:, [0, 2, 1]], atol=1e-9)
    order = np.array(data.draw(st.permutations(range(count))))
    moved = paired_intervals(shuffled(one, order), two, resamples=150)
    np.testing.assert_allclose(moved, forth, atol=1e-9)
    higher = replace(one, values=one.values + shift)
    up = np.array(paired_intervals(higher, two, resamples=150))
    np.testing.assert_allclose(up, forth + shift, atol=1e-9)
    scaled = [replace(s, values=s.values * 4) for s in (one, two)]
    np.testing.assert_allclose(paired_intervals(*scaled, resamples=150), 4 * forth, atol=1e-9)


def test_equal_systems_differ_by_nothing() -> None:
    scores = scored(np.random.default_rng(0).random((2, 50)), np.arange(50) // 5, metrics=BOTH)
    assert paired_intervals(scores, scores) == [(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]


def test_intervals_cover_what_is_true_in_clustered_data() -> None:
    # queries of a unit share most of their luck; an interval over queries would cover some 60 %
    rng = np.random.default_rng(4)
    covered, naive = [], []
    for trial in range(250):
        units = np.arange(60).repeat(5)
        a, b = (
            rng.normal(size=60).repeat(5) + 0.5 * rng.normal(size=300) for _ in range(2)
        )  # fmt: skip
        one, two = (scored(v[None] + m, units) for v, m in ((a, 0.3), (b, 0.0)))
        for found, grouping in ((covered, units), (naive, np.arange(300))):
            pair = (replace(s, units=grouping) for s in (one, two))
            _, low, high = paired_intervals(*pair, resamples=300, seed=trial)[0]
            found.append(low <= 0.3 <= high)
    assert 0.90 <= np.mean(covered) <= 0.985
    assert np.mean(naive) < 0.75


def test_metrics_in_another_order_and_units_by_other_numbers_are_the_same() -> None:
    rng = np.random.default_rng(6)
    one, two = (scored(rng.random((2, 12)), np.arange(12) // 2, metrics=BOTH) for _ in range(2))
    other = replace(two, metrics=two.metrics[::-1], values=two.values[::-1], units=100 - two.units)
    assert paired_intervals(one, other) == paired_intervals(one, two)
    first, second = aligned([one, other])
    np.testing.assert_array_equal(second.values, two.values)
    np.testing.assert_array_equal(second.units, first.units)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pool": 51}, "other pools"),
        ({"units": np.array([0, 0, 1, 1])}, "other units"),
        ({"relevant": np.array([1, 1, 1, 2])}, "numbers of relevant"),
        ({"queries": np.array(["q0", "q1", "q2", "x"], dtype=object)}, "other queries"),
        ({"metrics": parse_metrics(["hit@2"])}, "other metrics"),
        ({"values": np.array([[1, 1, 1, np.nan]])}, "have a value"),
    ],
)
def test_systems_that_were_scored_otherwise_are_refused(change: dict, words: str) -> None:  # type: ignore[type-arg]
    scores = scored(np.ones((1, 4)))
    with pytest.raises(InputError, match=words):
        aligned([scores, replace(scores, **change)])


def test_another_direction_is_refused() -> None:
    scores = scored(np.ones((1, 4)))
    with pytest.raises(InputError, match="two directions"):
        aligned([scores, replace(scores, query=scores.corpus, corpus=scores.query)])
