"""What holds for every ranking, whatever the metric."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.evaluation.metrics.grammar import parse_metric
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.metrics.values import chance_values, metric_values
from tests.evaluation.metrics.rankings import Ranking, rankings

SHARES = (
    "hit@3", "recall@3", "precision@3", "map@3", "map", "map-n@3", "map-r@3", "map-hits@3",
    "mrr", "mrr@2", "ndcg", "ndcg@3", "auc", "accuracy@2",
)  # fmt: skip
RANKS = ("mr1", "medr", "mean-rank")
EVERY = (*SHARES, *RANKS)


def values(ranking: Ranking, ties: str) -> np.ndarray:  # type: ignore[type-arg]
    return metric_values(ranking.matrix, ranking.relevance, EVERY, ties=ties)[:, 0]  # type: ignore[arg-type]


@settings(max_examples=50)
@given(rankings(items=9, grades=2), st.sampled_from(["id", "expected"]))
def test_shares_lie_between_0_and_1_and_ranks_within_the_corpus(
    ranking: Ranking, ties: str
) -> None:
    found = values(ranking, ties)
    shares, ranks = found[: len(SHARES)], found[len(SHARES) :]
    known = shares[~np.isnan(shares)]
    assert (known >= 0).all()
    assert (known <= 1 + 1e-12).all()
    assert (ranks >= 1).all()
    assert (ranks <= len(ranking.scores)).all()


@settings(max_examples=50)
@given(rankings(items=9, grades=2), st.sampled_from([1e-9, 0.37, 4.0, 1e9]), st.data())
def test_only_the_order_counts(ranking: Ranking, scale: float, data: st.DataObject) -> None:
    scaled = Ranking(tuple(scale * s for s in ranking.scores), ranking.grades)
    np.testing.assert_array_equal(values(scaled, "expected"), values(ranking, "expected"))
    order = data.draw(st.permutations(range(len(ranking.scores))))
    moved = Ranking(
        tuple(ranking.scores[i] for i in order), tuple(ranking.grades[i] for i in order)
    )
    np.testing.assert_allclose(values(moved, "expected"), values(ranking, "expected"), rtol=1e-12)


@settings(max_examples=50)
@given(rankings(items=9, grades=2))
def test_without_ties_both_ways_agree(ranking: Ranking) -> None:
    apart = Ranking(tuple(s - 1e-3 * i for i, s in enumerate(ranking.scores)), ranking.grades)
    np.testing.assert_allclose(values(apart, "id"), values(apart, "expected"), rtol=1e-12)
    np.testing.assert_allclose(values(ranking, "id"), values(apart, "id"), rtol=1e-12)


@settings(max_examples=50)
@given(rankings(items=9, grades=2))
def test_a_constant_score_is_the_chance_level(ranking: Ranking) -> None:
    blind = Ranking((0.5,) * len(ranking.scores), ranking.grades)
    chance = chance_values(blind.relevance, EVERY)[:, 0]
    np.testing.assert_allclose(values(blind, "expected"), chance, rtol=1e-12)


@settings(max_examples=50)
@given(rankings(items=9, grades=2))
def test_the_best_order_reaches_the_best_value(ranking: Ranking) -> None:
    best = Ranking(tuple(map(float, ranking.grades)), ranking.grades)
    found = dict(zip(EVERY, values(best, "id"), strict=True))
    for metric in ("hit@3", "map@3", "map", "map-r", "mrr", "ndcg", "ndcg@3", "accuracy@2", "mr1"):
        if metric in found:
            assert found[metric] == pytest.approx(1), metric


@settings(max_examples=50)
@given(rankings(items=9), st.sampled_from(["id", "expected"]))
def test_more_places_never_take_away(ranking: Ranking, ties: str) -> None:
    for name in ("hit", "recall", "mrr", "map-n"):
        sums = [
            metric_values(ranking.matrix, ranking.relevance, [f"{name}@{k}"], ties=ties)[0, 0]  # type: ignore[arg-type]
            * (k if name == "map-n" else 1)
            for k in range(1, 11)
        ]
        assert (np.diff(sums) >= -1e-12).all(), name


@settings(max_examples=50)
@given(rankings(items=9), st.data())
def test_moving_a_relevant_item_up_never_hurts(ranking: Ranking, data: st.DataObject) -> None:
    apart = Ranking(tuple(map(float, np.argsort(ranking.scores))), ranking.grades)
    row = data.draw(st.sampled_from(np.flatnonzero(apart.grades).tolist()))
    raised = Ranking(
        tuple(s + (1.5 if i == row else 0) for i, s in enumerate(apart.scores)), apart.grades
    )
    for metric, before, after in zip(EVERY, values(apart, "id"), values(raised, "id"), strict=True):
        if metric == "map-hits@3" or np.isnan(before):
            continue  # a further hit at the end can lower the mean of precisions
        better = after - before if parse_metric(metric).spec.higher else before - after
        assert better >= -1e-12, metric


def test_queries_do_not_see_each_other() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, (23, 12)).astype(np.float32)
    relevance = Relevance.from_pairs(
        np.repeat(np.arange(23), 3), rng.integers(0, 12, 69), queries=23, corpus_size=12
    )
    whole = metric_values(scores, relevance, EVERY, ties="expected")
    single = [
        metric_values(scores[[i]], relevance.take(np.array([i])), EVERY, ties="expected")[:, 0]
        for i in range(23)
    ]
    np.testing.assert_array_equal(whole, np.stack(single, axis=1))


def test_without_anything_relevant_nothing_is_found() -> None:
    relevance = Relevance.from_pairs([], [], queries=1, corpus_size=3)
    found = metric_values(np.zeros((1, 3)), relevance, EVERY, ties="expected")[:, 0]
    for metric, value in zip(EVERY, found, strict=True):
        if metric == "auc":
            assert np.isnan(value)
        else:
            assert value == (np.inf if metric in RANKS else 0), metric


@pytest.mark.parametrize("ties", ["id", "expected"])
def test_an_empty_corpus_and_no_queries(ties: str) -> None:
    for shape in [(0, 4), (0, 0)]:
        relevance = Relevance.from_pairs([], [], queries=0, corpus_size=shape[1])
        assert metric_values(np.empty(shape), relevance, EVERY, ties=ties).shape == (len(EVERY), 0)  # type: ignore[arg-type]
