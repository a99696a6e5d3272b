"""Per-class scores, confusions, the choice of queries and ranks, on cases that fit a hand."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.page.chosen import best_and_worst
from pentad.evaluation.page.confusion import OTHER, count_confusion
from pentad.evaluation.page.first_rank import rank_bars
from pentad.evaluation.page.per_class import class_scores, wilson
from pentad.evaluation.scores import QueryScores

NAN = float("nan")
CLASSES = [("a", "ant"), ("b", "bee"), ("c", "cow"), ("d", "dog")]


def _scores(metrics: list[str], rows: list[list[float]], pool: int = 200) -> QueryScores:
    values = np.array(rows, np.float64)
    count = values.shape[1]
    return QueryScores(
        query=Modality.TEXT,
        corpus=Modality.AUDIO,
        metrics=parse_metrics(metrics),
        values=values,
        chance=np.zeros_like(values),
        queries=np.arange(count),
        units=np.arange(count),
        relevant=np.ones(count, np.int64),
        pool=pool,
    )


def test_wilson_is_that_of_the_tables() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1.0, 20)[1] == 1.0


def test_classes_are_sorted_and_counted() -> None:
    values = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    truth = [(0,), (0,), (1,), (1,), (2,)]
    found = class_scores("accuracy@1", 0.25, values, np.arange(5), truth, CLASSES)
    assert [(row.label, row.n, row.value) for row in found.rows] == [
        ("bee", 2, 1.0),
        ("ant", 2, 0.5),
        ("cow", 1, 0.0),
    ]
    assert found.empty == 1
    assert not found.several


def test_units_are_the_trials_unless_nobody_named_any() -> None:
    values, truth = np.ones(4), [(0,), (0,), (0,), (1,)]

    def units(labels: list[int]) -> list[int]:
        found = class_scores("hit@1", 0, values, np.array(labels), truth, CLASSES)
        return [row.units for row in found.rows]

    assert units([0, 0, 1, 2]) == [2, 1]
    assert units([0, 0, 0, 1]) == [3, 1]


def test_what_a_class_scores_as_a_query() -> None:
    asked = {"a": 0.5}
    found = class_scores(
        "hit@1", 0, np.ones(2), np.arange(2), [(0,), (1,)], CLASSES, asked=asked, asked_metric="map"
    )
    assert [(row.id, row.asked) for row in found.rows] == [("a", 0.5), ("b", None)]
    assert found.asked_metric == "map"


def test_confusion_by_hand() -> None:
    found = count_confusion("abcd", [(0,), (0,), (0,), (1,)], [0, 1, 1, 1])
    assert found.rows == ("a", "b")
    assert found.counts.tolist() == [[1, 2], [0, 1]]
    assert found.pairs(5) == [("a", "b", 2, 3)]
    assert found.cells() == [[0, 0, 1], [0, 1, 2], [1, 1, 1]]


def test_any_class_of_an_item_is_right() -> None:
    found = count_confusion("abc", [(0, 1), (0, 1)], [1, 2])
    assert found.counts.tolist() == [[1, 0, 1], [0, 1, 1], [0, 0, 0]]
    assert found.several


def test_the_most_confused_classes() -> None:
    truth = [(0,), (1,), (1,), (2,), (3,)]
    found = count_confusion("abcd", truth, [0, 3, 0, 2, 1]).most_confused(2)
    assert found.rows == ("b", "d")
    assert found.columns == ("b", "d", OTHER)
    assert found.counts.tolist() == [[0, 1, 1], [1, 0, 0]]
    assert found.totals.tolist() == [2, 1]


def test_best_and_worst_are_by_value_then_margin_then_name() -> None:
    values = np.array([0.0, 0.0, 1.0, 1.0, NAN, 1.0])
    margins = np.array([-0.1, -0.3, 0.2, 0.2, 0.9, NAN])
    names = ["a", "b", "d", "c", "e", "f"]
    best, worst = best_and_worst(values, margins, names, np.arange(6), 2)
    assert worst == [1, 0]
    assert best == [3, 2]


def test_where_less_is_better_and_few_queries() -> None:
    best, worst = best_and_worst(
        np.array([1.0, 9.0, 3.0]), np.zeros(3), ["a", "b", "c"], np.arange(3), 6, higher=False
    )
    assert (best, worst) == ([0], [1, 2])
    assert best_and_worst(np.array([1.0]), np.zeros(1), ["a"], np.zeros(1, int), 6) == ([], [0])


def test_one_query_of_a_unit_as_long_as_there_are_others() -> None:
    values, units = np.array([0.0, 0.0, 0.1, 0.9, 1.0, 1.0]), np.array([0, 0, 1, 2, 3, 3])
    best, worst = best_and_worst(values, np.zeros(6), list("abcdef"), units, 2)
    assert worst == [0, 2]
    assert best == [4, 3]
    assert best_and_worst(values, np.zeros(6), list("abcdef"), np.zeros(6, int), 2)[1] == [0, 1]


def test_ranks_come_from_the_metric_that_has_them() -> None:
    bars = rank_bars(_scores(["hit@1", "medr"], [[1, 0, 0, 0], [1, 4, 5, 30.5]]))
    assert [(bar.label, bar.n) for bar in bars] == [
        ("1", 1), ("2", 0), ("3", 0), ("4-5", 2), ("6-10", 0), ("11-20", 0), ("21-50", 1),
    ]  # fmt: skip
    assert [bar.n for bar in rank_bars(_scores(["mrr"], [[1, 0.5, 1 / 3]]))] == [1, 1, 1]


def test_ranks_from_what_was_kept_and_from_cutoffs() -> None:
    scores = _scores(["hit@1", "hit@5"], [[1, 0, 0, 0], [1, 1, 0, 0]])
    kept = rank_bars(scores, np.array([1, 2, np.inf, np.inf]))
    assert [(bar.label, bar.n) for bar in kept] == [("1", 1), ("2", 1), ("above 2", 2)]
    cut = rank_bars(scores)
    assert [(bar.label, bar.n) for bar in cut] == [("1", 1), ("2-5", 1), ("above 5", 2)]
    assert rank_bars(_scores(["map"], [[0.5]])) == ()
