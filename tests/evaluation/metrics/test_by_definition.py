"""Every closed form equals the mean of the definition over all orders of what is tied."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pentad.evaluation.metrics.values import metric_values
from tests.evaluation.metrics import rankings as by_definition
from tests.evaluation.metrics.rankings import Ranking, rankings

TIES = st.sampled_from(["id", "expected"])
CUTOFFS = st.integers(1, 8)


def value(ranking: Ranking, metric: str, ties: str) -> float:
    return float(metric_values(ranking.matrix, ranking.relevance, [metric], ties=ties)[0, 0])  # type: ignore[arg-type]


@settings(max_examples=60)
@given(rankings(), CUTOFFS, TIES)
def test_hit_precision_recall_and_reciprocal_rank(ranking: Ranking, k: int, ties: str) -> None:
    for name, plain in [
        ("hit", by_definition.hit),
        ("accuracy", by_definition.hit),
        ("precision", by_definition.precision),
        ("recall", by_definition.recall),
        ("mrr", by_definition.reciprocal),
    ]:
        expected = ranking.mean(lambda grades, plain=plain: plain(grades, k), ties)  # type: ignore[misc]
        assert value(ranking, f"{name}@{k}", ties) == pytest.approx(expected, abs=1e-12), name


@settings(max_examples=60)
@given(rankings(), CUTOFFS, TIES, st.sampled_from(["min_n_r", "n", "r"]))
def test_average_precision(ranking: Ranking, k: int, ties: str, denominator: str) -> None:
    name = "map" if denominator == "min_n_r" else f"map-{denominator}"
    expected = ranking.mean(
        lambda grades: by_definition.average_precision(grades, k, denominator), ties
    )
    assert value(ranking, f"{name}@{k}", ties) == pytest.approx(expected, abs=1e-12)
    whole = len(ranking.scores)
    everything = ranking.mean(
        lambda grades: by_definition.average_precision(grades, whole, denominator), ties
    )
    assert value(ranking, name, ties) == pytest.approx(everything, abs=1e-12)


@settings(max_examples=40)
@given(rankings(), CUTOFFS)
def test_average_precision_over_hits(ranking: Ranking, k: int) -> None:
    expected = ranking.mean(lambda grades: by_definition.average_precision(grades, k, "hits"), "id")
    assert value(ranking, f"map-hits@{k}", "id") == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60)
@given(rankings(grades=3), CUTOFFS, TIES)
def test_graded_gain(ranking: Ranking, k: int, ties: str) -> None:
    expected = ranking.mean(lambda grades: by_definition.gain(grades, k), ties)
    assert value(ranking, f"ndcg@{k}", ties) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60)
@given(rankings(), TIES)
def test_ranks(ranking: Ranking, ties: str) -> None:
    for name, plain in [
        ("mr1", by_definition.first),
        ("medr", by_definition.first),
        ("mean-rank", by_definition.ranks),
    ]:
        assert value(ranking, name, ties) == pytest.approx(ranking.mean(plain, ties)), name


@settings(max_examples=40)
@given(rankings(), TIES)
def test_area(ranking: Ranking, ties: str) -> None:
    assume(not all(ranking.grades))
    expected = ranking.mean(by_definition.area, ties)
    assert value(ranking, "auc", ties) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40)
@given(rankings(grades=3, relevant=0), CUTOFFS, st.integers(2, 4), TIES)
def test_a_least_grade_makes_the_rest_irrelevant(
    ranking: Ranking, k: int, level: int, ties: str
) -> None:
    kept = Ranking(ranking.scores, tuple(g if g >= level else 0 for g in ranking.grades))
    for metric in (f"hit@{k}", f"map@{k}", f"ndcg@{k}", "mr1", "mean-rank", "auc"):
        found, expected = (
            metric_values(ranking.matrix, each.relevance, [name], ties=ties)[0]  # type: ignore[arg-type]
            for each, name in [(ranking, f"{metric}-l{level}"), (kept, metric)]
        )
        np.testing.assert_array_equal(found, expected)
