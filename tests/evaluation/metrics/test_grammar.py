import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.metrics.grammar import Metric, parse_metric, parse_metrics


def test_a_name_is_read_and_written_the_same() -> None:
    assert parse_metric("hit@5") == Metric("hit", 5)
    assert str(parse_metric("hit@10")) == "hit@10"


@pytest.mark.parametrize(
    "text",
    ["hit", "hit@", "hit@0", "hit@-1", "hit@05", "hit@5.0", "hit@x", "hit@\u0665", "hit@5@6"],
)
def test_a_wrong_cutoff_is_refused_with_the_form_it_should_have(text: str) -> None:
    with pytest.raises(InputError, match="hit@K with K from 1"):
        parse_metric(text)


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'hit'"):
        parse_metric("hits@5")


def test_metrics_keep_their_order_and_occur_once() -> None:
    assert parse_metrics(["hit@5", "hit@1", "hit@5"]) == (Metric("hit", 5), Metric("hit", 1))


def test_no_metric_is_an_error() -> None:
    with pytest.raises(InputError, match="no metric"):
        parse_metrics([])
