"""Runs of other systems against judgments, compared with the definitions in plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.evaluation.listed import score_run
from pentad.evaluation.tasks.trec import Judgments, Run, run_of
from tests.evaluation.metrics import rankings as by_definition

ITEMS = [f"d{i}" for i in range(8)]


def judgments(graded: dict[str, dict[str, int]]) -> Judgments:
    rows = [(q, i, g) for q, own in graded.items() for i, g in own.items()]
    queries, items, grades = zip(*rows, strict=True) if rows else ((), (), ())
    return Judgments(np.array(queries, object), np.array(items, object), np.array(grades, np.int64))


def ranking(**lists: str) -> Run:
    """A run of words: "d1 d0" is d1 before d0."""
    return run_of(
        (query, [(item, 9.0 - place) for place, item in enumerate(own.split())])
        for query, own in lists.items()
    )


graded_items = st.dictionaries(st.sampled_from(ITEMS), st.integers(-1, 3), max_size=6)


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), graded_items, min_size=1),
    st.lists(st.sampled_from(ITEMS), unique=True, max_size=8),
    st.integers(1, 9),
)
def test_the_definitions(graded: dict[str, dict[str, int]], listed: list[str], k: int) -> None:
    known = {q: own for q, own in graded.items() if any(g > 0 for g in own.values())}
    run = ranking(**dict.fromkeys(graded, " ".join(listed)))
    if not known:
        with pytest.raises(InputError, match="nothing is judged relevant"):
            score_run(judgments(graded), run, ["hit@1"])
        return
    names = [f"hit@{k}", f"recall@{k}", f"precision@{k}", f"map@{k}", f"ndcg@{k}", f"mrr@{k}"]
    found = score_run(judgments(graded), run, names)
    assert set(found.queries) == set(known)
    for column, query in enumerate(found.queries):
        own = {item: max(grade, 0) for item, grade in known[query].items()}
        rest = [g for item, g in own.items() if item not in listed]
        grades = [own.get(item, 0) for item in listed]
        # What is not in the list comes after everything that was looked at.
        whole = grades + [0] * k + rest
        expected = [
            by_definition.hit(whole, k),
            by_definition.recall(whole, k),
            by_definition.precision(whole, k),
            by_definition.average_precision(whole, k, "min_n_r"),
            by_definition.gain(whole, k),
            by_definition.reciprocal(whole, k),
        ]
        np.testing.assert_allclose(found.values[:, column], expected, atol=1e-12)


def test_a_query_that_the_run_leaves_out_scores_0() -> None:
    found = score_run(
        judgments({"q1": {"d1": 1}, "q2": {"d2": 1}}), ranking(q1="d1 d2", q9="d1"), ["hit@1"]
    )
    assert found.queries == ("q1", "q2")
    np.testing.assert_array_equal(found.values, [[1, 0]])
    assert (found.unranked, found.unjudged) == (1, 1)
    assert found.means()["hit@1"].value == 0.5


def test_a_least_grade() -> None:
    found = score_run(
        judgments({"q1": {"d1": 1, "d2": 2}}), ranking(q1="d1 d2"), ["mrr", "mrr-l2", "hit@1-l2"]
    )
    np.testing.assert_array_equal(found.values[:, 0], [1, 0.5, 0])


@pytest.mark.parametrize("metric", ["mr1", "medr", "auc", "mean-rank"])
def test_what_lists_do_not_tell_is_refused(metric: str) -> None:
    with pytest.raises(InputError, match="which lists do not tell"):
        score_run(judgments({"q1": {"d1": 1}}), ranking(q1="d1"), [metric])


def test_many_queries_are_scored_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    graded = {f"q{i}": {ITEMS[i % 8]: 1 + i % 3} for i in range(50)}
    run = ranking(**{f"q{i}": " ".join(ITEMS[: 1 + i % 8]) for i in range(50)})
    names = ["map@3", "ndcg@5", "mrr"]
    whole = score_run(judgments(graded), run, names)
    monkeypatch.setattr("pentad.evaluation.listed._BLOCK", 7)
    np.testing.assert_array_equal(score_run(judgments(graded), run, names).values, whole.values)


def test_a_huge_cutoff_takes_no_memory() -> None:
    found = score_run(
        judgments({"q1": {"d1": 1}, "q2": {"d2": 1}}),
        ranking(q1="d2 d1", q2="d3"),
        ["hit@100000000", "precision@100000000", "map-n@100000000"],
    )
    np.testing.assert_allclose(found.values, [[1, 0], [1e-8, 0], [0.5e-8, 0]])


def test_a_run_of_other_queries_is_refused() -> None:
    with pytest.raises(InputError, match=r"none of the 1 judged queries is in the run.*q1.*Q1"):
        score_run(judgments({"q1": {"d1": 1}}), ranking(Q1="d1"), ["hit@1"])


def test_a_query_without_the_grade_is_left_out_of_that_metric() -> None:
    found = score_run(
        judgments({"q1": {"d1": 1}, "q2": {"d2": 2}}), ranking(q1="d1", q2="d2"), ["mrr", "mrr-l2"]
    )
    np.testing.assert_array_equal(found.values, [[1, 1], [np.nan, 1]])
    assert found.means()["mrr-l2"].value == 1


def test_captions_of_one_item_are_one_unit() -> None:
    graded = {f"q{i}": {ITEMS[i // 5]: 1} for i in range(40)}
    run = ranking(**{f"q{i}": ITEMS[0] for i in range(40)})
    found = score_run(judgments(graded), run, ["hit@1"])
    assert len(np.unique(found.units)) == 8
    assert found.means()["hit@1"].high > 0.3  # forty single queries would end at 0.25
