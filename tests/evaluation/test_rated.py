import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pentad.core.errors import InputError
from pentad.evaluation.metrics.auc import roc_auc
from pentad.evaluation.rated import score_ratings

RATED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9]), st.integers(0, 2), st.integers(0, 3)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40)
@given(RATED)
def test_the_measures_are_those_of_their_files(rows: list[tuple[float, int, int]]) -> None:
    scores, grades, captions = map(np.array, zip(*rows, strict=True))
    found = score_ratings(scores, grades, captions, resamples=5)
    assert (found.ratings, found.captions) == (len(rows), len(set(captions.tolist())))
    if len(set(grades.tolist())) > 1:
        ends = (grades == grades.max()) | (grades == grades.min())
        expected = roc_auc(scores[ends], grades[ends] == grades.max())
        assert found.roc_auc is not None
        assert found.roc_auc.value == pytest.approx(expected)
    else:
        assert found.roc_auc is found.spearman is found.kendall is found.pairwise is None
    if found.spearman is not None:
        assert found.spearman.value == pytest.approx(stats.spearmanr(scores, grades).statistic)
        assert found.kendall is not None
        assert found.kendall.value == pytest.approx(stats.kendalltau(scores, grades).statistic)


@settings(max_examples=30)
@given(RATED)
def test_turning_the_scores_round_turns_every_measure_round(
    rows: list[tuple[float, int, int]],
) -> None:
    scores, grades, captions = map(np.array, zip(*rows, strict=True))
    first, second = (
        score_ratings(sign * scores, grades, captions, resamples=5) for sign in (1, -1)
    )
    for name, middle in [("roc_auc", 1.0), ("pairwise", 1.0), ("spearman", 0.0), ("kendall", 0.0)]:
        one, other = getattr(first, name), getattr(second, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.value + other.value == pytest.approx(middle)


@pytest.mark.slow
def test_good_scores_are_told_from_chance() -> None:
    rng = np.random.default_rng(0)
    grades, captions = rng.integers(0, 3, 300), np.repeat(np.arange(100), 3)
    good = score_ratings(grades + rng.normal(size=300), grades, captions)
    blind = score_ratings(rng.normal(size=300), grades, captions)
    for name, chance in [("roc_auc", 0.5), ("pairwise", 0.5), ("spearman", 0), ("kendall", 0)]:
        assert getattr(good, name).low > chance
        assert getattr(blind, name).low < chance < getattr(blind, name).high


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match="NaN"):
        score_ratings([np.nan], [1], [1])
    with pytest.raises(InputError, match="at least one"):
        score_ratings([], [], [])
    with pytest.raises(InputError, match="one score, grade and caption"):
        score_ratings([0.1], [1, 2], [1, 1])
