"""Means over classes: each class counts once, and its interval has the right width."""

import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.evaluation.macro import class_values, macro_means
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.scores import QueryScores
from pentad.evaluation.summary import summarize


def scores(values: object, classes: object, units: object = None, **more: object) -> QueryScores:
    rows = np.atleast_2d(np.asarray(values, float))
    n = rows.shape[1]
    names = more.pop("metrics", ["accuracy@1"])
    return QueryScores(
        Modality.AUDIO, Modality.TEXT, parse_metrics(names), rows, np.full(rows.shape, 0.1),  # type: ignore[arg-type]
        np.arange(n), np.arange(n) if units is None else np.asarray(units), np.ones(n, int), 5,
        "class", classes=None if classes is None else np.array(classes, dtype=object),
    )  # fmt: skip


def test_a_class_counts_once() -> None:
    found = scores([1, 1, 1, 0], ["rain", "rain", "rain", "wind"])
    (macro,) = macro_means(found)
    assert macro is not None
    assert macro.value == 0.5
    told = {each.name: (each.n, each.values["accuracy@1"]) for each in class_values(found)}
    assert told == {"rain": (3, 1.0), "wind": (1, 0.0)}
    assert summarize(found)[0].macro == macro_means(found)[0]
    assert summarize(found)[0].value == 0.75


def test_without_classes_there_is_none() -> None:
    assert macro_means(scores([1, 0], None)) == (None,)
    assert class_values(scores([1, 0], None)) == []


def test_medians_and_undefined_values_have_no_macro_mean() -> None:
    values = [[1, 0, 1], [1, 2, 3], [1, np.nan, 0]]
    found = macro_means(scores(values, list("aab"), metrics=["accuracy@1", "medr", "hit@1-l2"]))
    assert [each is None for each in found] == [False, True, True]


@pytest.mark.parametrize("size", [2, 3, 20])
def test_the_interval_has_the_width_of_theory(size: int) -> None:
    rng = np.random.default_rng(size)
    classes = np.repeat([f"c{i}" for i in range(60)], size)
    values = rng.normal(size=60 * size)
    (macro,) = macro_means(scores(values, classes))
    assert macro is not None
    parts = values.reshape(60, size)
    error = np.sqrt((parts.var(axis=1, ddof=1) / size).sum()) / 60
    assert macro.high - macro.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert macro.value == pytest.approx(parts.mean())


def test_classes_of_a_single_unit_have_a_spread_together() -> None:
    alone = scores([1, 0, 1, 0, 1, 0], list("abcdef"))
    (macro,) = macro_means(alone)
    assert macro is not None
    assert macro.low < 0.3
    assert macro.high > 0.7
    (one,) = macro_means(scores([1, 1, 0], ["a", "a", "a"], units=[7, 7, 7]))
    assert one is not None
    assert one.low == one.value == one.high == pytest.approx(2 / 3)


def test_units_are_drawn_whole() -> None:
    values = np.repeat([1.0, 0.0], 10)
    single = macro_means(scores(values, ["a"] * 20))[0]
    paired = macro_means(scores(values, ["a"] * 20, units=np.repeat([0, 1], 10)))[0]
    assert single is not None
    assert paired is not None
    assert paired.high - paired.low > 1.5 * (single.high - single.low)
