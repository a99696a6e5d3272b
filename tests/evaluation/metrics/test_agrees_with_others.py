"""The same numbers as scikit-learn and scipy where they mean the same."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from pentad.core.errors import InputError
from pentad.evaluation.metrics.auc import roc_auc
from pentad.evaluation.metrics.pairwise_accuracy import pairwise_accuracy
from pentad.evaluation.metrics.rank_correlation import kendall, spearman
from pentad.evaluation.metrics.values import metric_values
from tests.evaluation.metrics.judged import GRADES, RELEVANCE, RNG, SCORES


def test_scikit_learn() -> None:
    found = metric_values(SCORES, RELEVANCE, ["map", "auc", "ndcg@10", "map-hits@15"])
    for query, values in enumerate(found.T):
        relevant = GRADES[query] > 0
        top = np.argsort(-SCORES[query])[:15]
        expected = [
            average_precision_score(relevant, SCORES[query]),
            roc_auc_score(relevant, SCORES[query]),
            ndcg_score(GRADES[[query]], SCORES[[query]], k=10),
            average_precision_score(relevant[top], SCORES[query, top])
            if relevant[top].any()
            else 0,
        ]
        np.testing.assert_allclose(values, expected, atol=1e-9)


def test_scikit_learn_with_ties() -> None:
    tied = np.floor(SCORES / 10)
    found = metric_values(tied, RELEVANCE, ["auc", "ndcg@10"], ties="expected")
    for query, values in enumerate(found.T):
        relevant = GRADES[query] > 0
        np.testing.assert_allclose(
            values,
            [
                roc_auc_score(relevant, tied[query]),
                ndcg_score(GRADES[[query]], tied[[query]], k=10),
            ],
            atol=1e-9,
        )
        assert roc_auc(tied[query], relevant) == pytest.approx(values[0], abs=1e-12)


def test_correlations() -> None:
    scores, grades = RNG.integers(0, 6, 80), RNG.integers(0, 3, 80)
    assert spearman(scores, grades) == pytest.approx(stats.spearmanr(scores, grades).statistic)
    assert kendall(scores, grades) == pytest.approx(stats.kendalltau(scores, grades).statistic)
    assert np.isnan(spearman([1, 1], [1, 2]))
    assert np.isnan(kendall([1, 2], [1, 1]))


def test_pairs_are_compared_within_a_caption() -> None:
    found = pairwise_accuracy(
        scores=[0.9, 0.5, 0.5, 0.1, 0.3, 0.2, 0.7],
        grades=[2, 1, 0, 1, 1, 1, 2],
        groups=[4, 4, 4, 4, 7, 7, 9],
    )
    # Caption 4: (0,1) (0,2) (0,3) right, (1,2) tied, (3,2) wrong; 7 has no pair, 9 one item.
    assert found.groups.tolist() == [4]
    assert found.right.tolist() == [3.5]
    assert found.pairs.tolist() == [5]
    assert found.value == pytest.approx(0.7)
    assert np.isnan(pairwise_accuracy([1.0], [1], [1]).value)
    assert np.isnan(pairwise_accuracy([], [], []).value)


def test_one_caption_of_two_grades_is_the_area_under_the_curve() -> None:
    scores, grades = RNG.integers(0, 5, 50), RNG.integers(0, 2, 50)
    found = pairwise_accuracy(scores, grades, np.zeros(50, int))
    assert found.value == pytest.approx(roc_auc(scores, grades == 1))


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match="both kinds"):
        roc_auc([1.0, 2.0], [True, True])
    with pytest.raises(InputError, match="NaN"):
        roc_auc([1.0, np.nan], [True, False])
    with pytest.raises(InputError, match="one score and one label"):
        roc_auc([1.0], [True, False])
    with pytest.raises(InputError, match="two items"):
        spearman([1.0], [1.0])
    with pytest.raises(InputError, match="NaN"):
        kendall([1.0, np.nan], [1, 2])
    with pytest.raises(InputError, match="one score, grade and caption"):
        pairwise_accuracy([1.0], [1, 2], [1])
