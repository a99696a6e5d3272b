import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.metrics.grammar import Metric, parse_metric, parse_metrics
from pentad.evaluation.metrics.registry import METRICS, Cutoff


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("hit@5", Metric("hit", 5)),
        ("map", Metric("map")),
        ("map@15", Metric("map", 15)),
        ("map-r@15", Metric("map-r", 15)),
        ("map-hits", Metric("map-hits")),
        ("mr1", Metric("mr1")),
        ("mean-rank", Metric("mean-rank")),
        ("mean-rank-l2", Metric("mean-rank", None, 2)),
        ("hit@5-l2", Metric("hit", 5, 2)),
        ("map-r@15-l3", Metric("map-r", 15, 3)),
    ],
)
def test_a_name_is_read_and_written_the_same(text: str, metric: Metric) -> None:
    assert parse_metric(text) == metric
    assert str(metric) == text


@pytest.mark.parametrize(
    ("alias", "name"),
    [("R@5", "hit@5"), ("roc-auc", "auc"), ("map-min-n-r@5", "map@5"), ("hit@5-l1", "hit@5")],
)
def test_other_spellings_are_the_same_metric(alias: str, name: str) -> None:
    assert str(parse_metric(alias)) == name


@pytest.mark.parametrize(
    "text",
    ["hit", "hit@", "hit@0", "hit@-1", "hit@05", "hit@5.0", "hit@x", "hit@\u0665", "hit@5@6"],
)
def test_a_wrong_cutoff_is_refused_with_the_form_it_should_have(text: str) -> None:
    with pytest.raises(InputError, match="hit@K with K from 1"):
        parse_metric(text)


def test_a_metric_without_cutoff_says_so() -> None:
    with pytest.raises(InputError, match="mr1, which has no cutoff"):
        parse_metric("mr1@5")


@pytest.mark.parametrize("text", ["hits@5", "", "@5", "hit@5-l0", "hit@5-l"])
def test_what_is_no_metric_is_refused(text: str) -> None:
    with pytest.raises((UnknownName, InputError)):
        parse_metric(text)


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'hit'"):
        parse_metric("hits@5")


def test_metrics_keep_their_order_and_occur_once() -> None:
    assert parse_metrics(["hit@5", "hit@1", "R@5"]) == (Metric("hit", 5), Metric("hit", 1))


def test_metrics_are_ordered_by_name_and_cutoff() -> None:
    names = ["map", "map@5", "hit@10", "hit@9", "hit@9-l2"]
    assert [str(m) for m in sorted(map(parse_metric, names))] == [
        "hit@9", "hit@9-l2", "hit@10", "map@5", "map",
    ]  # fmt: skip


def test_no_metric_is_an_error() -> None:
    with pytest.raises(InputError, match="no metric"):
        parse_metrics([])


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_name_that_can_be_read(name: str) -> None:
    cutoff = "" if METRICS[name].cutoff is Cutoff.none else "@3"
    assert str(parse_metric(name + cutoff)) == name + cutoff
