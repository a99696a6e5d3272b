from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation import intervals
from pentad.evaluation.intervals import bootstrap_means, paired_difference, resample_weights
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.scores import QueryScores

METRICS = parse_metrics(["hit@1", "hit@5"])


def scored(values: NDArray[np.float64], units: NDArray[np.int64] | None = None) -> QueryScores:
    count = values.shape[1]
    rows = np.arange(count)
    ones = np.ones(count, np.int64)
    chance = np.full(values.shape, 0.1)
    return QueryScores(
        query=Modality.TEXT,
        corpus=Modality.IMAGE,
        metrics=METRICS[: len(values)],
        values=values,
        chance=chance,
        queries=rows,
        units=rows if units is None else units,
        relevant=ones,
        pool=10,
    )


def test_the_interval_is_that_of_a_plain_loop_over_the_same_weights() -> None:
    rng = np.random.default_rng(0)
    values, units = rng.random((2, 30)), rng.integers(0, 7, 30)
    found = bootstrap_means(values, units, generator(5), resamples=400)
    weights = np.concatenate(list(resample_weights(generator(5), 400, 7)))
    for row, interval in zip(values, found, strict=True):
        means = [
            sum(w[u] * v for u, v in zip(units, row, strict=True)) / sum(w[u] for u in units)
            for w in weights
        ]
        assert interval.value == pytest.approx(row.mean())
        assert interval.low == pytest.approx(np.percentile(means, 2.5))
        assert interval.high == pytest.approx(np.percentile(means, 97.5))


def test_resampling_units_is_resampling_their_queries_together() -> None:
    # each unit's five queries repeat one value: the interval is that of the units, not narrower
    unit_values = np.random.default_rng(1).random(12)
    together = bootstrap_means(unit_values.repeat(5)[None], np.arange(12).repeat(5), generator(0))
    alone = bootstrap_means(unit_values[None], np.arange(12), generator(0))
    np.testing.assert_allclose(together, alone)


def test_weights_are_draws_with_replacement() -> None:
    weights = np.concatenate(list(resample_weights(generator(0), 3000, 5)))
    assert weights.shape == (3000, 5)
    assert (weights.sum(axis=1) == 5).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.1)
    np.testing.assert_allclose(weights.var(axis=0), 0.8, atol=0.1)  # 5 draws of 1/5 each


def test_weights_come_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "_CELLS", 100)
    blocks = list(resample_weights(generator(0), 25, 10))
    assert [len(block) for block in blocks] == [10, 10, 5]


def test_intervals_are_the_same_for_the_same_seed_only() -> None:
    values, units = np.random.default_rng(2).random((1, 40)), np.arange(40)
    first = bootstrap_means(values, units, generator(1))
    assert bootstrap_means(values, units, generator(1)) == first
    assert bootstrap_means(values, units, generator(2)) != first


def test_the_order_of_the_queries_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    values, units = rng.random((1, 40)), rng.integers(0, 9, 40)
    order = rng.permutation(40)
    one = bootstrap_means(values, units, generator(1))
    other = bootstrap_means(values[:, order], units[order], generator(1))
    np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("seed", range(20))
def test_the_interval_holds_the_value_and_lies_within_the_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.random((1, 60)) < rng.random()).astype(float)
    units = rng.integers(0, rng.integers(2, 60), 60)
    value, low, high = bootstrap_means(values, units, generator(seed))[0]
    assert 0 <= low <= value <= high <= 1


def test_fewer_units_make_a_wider_interval() -> None:
    values = np.random.default_rng(4).random((1, 240)) < 0.5
    widths = []
    for units in (240, 60, 15):
        sorted_values = np.sort(values.astype(float), axis=1)  # neighbors are alike
        found = bootstrap_means(sorted_values, np.arange(240) * units // 240, generator(0))[0]
        widths.append(found.high - found.low)
    assert widths[0] < widths[1] < widths[2]


def test_one_unit_has_no_spread() -> None:
    values = np.array([[0.0, 1.0, 1.0]])
    assert bootstrap_means(values, np.zeros(3), generator(0)) == [(2 / 3, 2 / 3, 2 / 3)]


def test_equal_hits_have_no_spread() -> None:
    assert bootstrap_means(np.ones((1, 9)), np.arange(9) % 4, generator(0)) == [(1.0, 1.0, 1.0)]


def test_wrong_arguments_are_refused() -> None:
    values, units = np.ones((1, 3)), np.arange(3)
    with pytest.raises(InputError, match="no query"):
        bootstrap_means(np.ones((1, 0)), np.arange(0), generator(0))
    with pytest.raises(InputError, match="units"):
        bootstrap_means(values, np.arange(2), generator(0))
    with pytest.raises(InputError, match="resamples"):
        bootstrap_means(values, units, generator(0), resamples=0)
    with pytest.raises(InputError, match="confidence"):
        bootstrap_means(values, units, generator(0), confidence=1.0)


def test_a_system_does_not_differ_from_itself() -> None:
    system = scored(np.random.default_rng(5).random((2, 50)))
    assert paired_difference(system, system) == [(0, 0, 0), (0, 0, 0)]


def test_a_constant_lead_has_no_spread_though_both_systems_do() -> None:
    values = np.random.default_rng(6).random((1, 50))
    (found,) = paired_difference(scored(values + 0.25), scored(values))
    np.testing.assert_allclose(found, 0.25)


def test_the_difference_turns_its_sign_with_the_systems() -> None:
    rng = np.random.default_rng(7)
    first, second = scored(rng.random((1, 50))), scored(rng.random((1, 50)))
    (ahead,) = paired_difference(first, second, seed=3)
    (behind,) = paired_difference(second, first, seed=3)
    np.testing.assert_allclose(behind, [-ahead.value, -ahead.high, -ahead.low])


def test_metrics_are_paired_by_name() -> None:
    values = np.array([[0.0, 0.0], [1.0, 1.0]])
    turned = replace(scored(values[::-1]), metrics=METRICS[::-1])
    assert paired_difference(scored(values), turned) == [(0, 0, 0), (0, 0, 0)]


def test_systems_over_other_queries_are_not_paired() -> None:
    system = scored(np.ones((2, 4)))
    others = [
        scored(np.ones((2, 3))),
        replace(system, pool=11),
        replace(system, units=np.zeros(4, np.int64)),
        replace(system, queries=np.arange(4)[::-1]),
        replace(system, relevant=np.full(4, 2)),
    ]
    for other in others:
        with pytest.raises(InputError, match="not scored over the same queries and corpus"):
            paired_difference(system, other)
    with pytest.raises(InputError, match="two directions"):
        paired_difference(system, replace(system, corpus=Modality.AUDIO))
    with pytest.raises(InputError, match="other metrics"):
        paired_difference(system, scored(np.ones((1, 4))))
