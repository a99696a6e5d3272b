import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.evaluation.significance.holm import Family, holm, permutations_for, significant

P = st.floats(0, 1)


def test_a_worked_example() -> None:
    # Four hypotheses with p = 0.01, 0.04, 0.03 and 0.005, worked through step by step at alpha 0.05
    # in many textbooks: 0.005 < 0.0125 and 0.01 < 0.0167 are rejected, 0.03 > 0.025 is not.
    found = holm([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06, 0.02])
    assert significant(found.tolist()) == [True, False, False, True]


def test_ties_share_the_larger_value_and_nothing_exceeds_1() -> None:
    np.testing.assert_allclose(holm([0.02, 0.02, 0.9, 0.6]), [0.08, 0.08, 1.0, 1.0])
    assert holm([0.3]).tolist() == [0.3]
    assert holm([]).tolist() == []


@settings(max_examples=100, deadline=None)
@given(st.lists(P, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_never_below_the_raw_value_monotone_and_blind_to_order(raw: list[float], random) -> None:  # type: ignore[no-untyped-def]
    found = holm(raw)
    assert (found >= raw).all()
    assert (found <= np.minimum(1, len(raw) * np.array(raw))).all()  # never worse than Bonferroni
    order = np.argsort(raw, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    moved = list(range(len(raw)))
    random.shuffle(moved)
    np.testing.assert_array_equal(holm([raw[i] for i in moved]), found[moved])


def test_few_false_alarms_among_many_tests() -> None:
    rng = np.random.default_rng(0)
    alarms = np.mean([(holm(rng.random(20)) < 0.05).any() for _ in range(4000)])
    assert 0.03 < alarms < 0.06


@pytest.mark.parametrize("bad", [[-0.1], [1.1], [float("nan")], [[0.1]]])
def test_other_numbers_are_refused(bad: list[float]) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        holm(bad)


@pytest.mark.parametrize("tests", [1, 40, 2000])
def test_enough_swaps_for_the_first_step(tests: int) -> None:
    swaps = permutations_for(tests, 10_000)
    assert swaps >= 10_000
    assert 1 / (swaps + 1) < 0.05 / tests / 3.9 or swaps == 10_000


def test_a_family_says_what_it_is() -> None:
    text = str(Family("tasks", 36, "12 rows x 3 pairs of runs"))
    assert "36 tests (12 rows x 3 pairs of runs)" in text
    assert "95%" in text
    assert str(Family("averages", 1, "1 average x 1 pair")).startswith("averages: 1 test (")
