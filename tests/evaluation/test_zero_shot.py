from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.zero_shot import zero_shot

Rows = dict[str, NDArray[np.int64]]


def published(queries: NDArray, examples: NDArray, own: Rows, others: Rows) -> dict[str, list[int]]:
    """Return class -> how many queries are right among the first 1 and 5, by the plain protocol."""
    names = sorted(own)
    prototypes = []
    for name in names:
        middle = examples[others[name]].mean(axis=0)
        prototypes.append(middle / np.linalg.norm(middle))
    matrix = np.stack(prototypes)
    right = {}
    for number, name in enumerate(names):
        rows = queries[own[name]]
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        ranking = np.argsort(-(rows @ matrix.T), axis=1)
        right[name] = [int((ranking[:, :k] == number).any(axis=1).sum()) for k in (1, 5)]
    return right


def world(seed: int, classes: int = 30, dim: int = 16, noise: float = 1.5) -> tuple:
    """Return queries, examples and their classes, of any length, classes of uneven size."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(classes, dim))
    found = []
    for _ in range(2):
        sizes = rng.integers(1, 12, classes)
        labels = rng.permutation(np.repeat(np.arange(classes), sizes))
        vectors = (middles[labels] + noise * rng.normal(size=(len(labels), dim))) * rng.lognormal(
            size=(len(labels), 1)
        )
        rows = {f"class-{c:02}": np.flatnonzero(labels == c) for c in range(classes)}
        found += [vectors, rows]
    return found[0], found[2], found[1], found[3]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("seed", range(8))
def test_counts_are_those_of_the_published_protocol(seed: int, dtype: type) -> None:
    queries, examples, own, others = world(seed)
    queries, examples = queries.astype(dtype), examples.astype(dtype)
    found = zero_shot(queries, examples, query_rows=own, example_rows=others)
    wide = published(queries.astype(np.float64), examples.astype(np.float64), own, others)
    tops = [found.top(k, resamples=10) for k in (1, 5)]
    assert {n: [top.per_class[n].correct for top in tops] for n in own} == wide
    for top, place in zip(tops, (0, 1), strict=True):
        correct = sum(counts[place] for counts in wide.values())
        n = sum(map(len, own.values()))
        assert (top.total.correct, top.total.n) == (correct, n)
        assert top.micro.value == pytest.approx(correct / n)
        shares = [counts[place] / len(own[name]) for name, counts in wide.items()]
        assert top.macro.value == pytest.approx(np.mean(shares))
        assert top.micro.low <= top.micro.value <= top.micro.high
        assert top.macro.low <= top.macro.value <= top.macro.high


def test_members_are_not_normalized_unless_asked_for() -> None:
    examples = np.array([[10.0, 0], [0, 1], [0, 1], [1, 1]])
    rows = {"a": np.array([0, 1, 2]), "b": np.array([3])}
    query = {"a": np.array([0]), "b": np.array([], np.int64)}
    up = np.array([[0.0, 1]])
    ranks = [
        zero_shot(
            up, examples, query_rows=query, example_rows=rows, normalize_members=normalized
        ).ranks.tolist()
        for normalized in (False, True)
    ]
    assert ranks == [[1], [0]]


def test_ties_are_ranked_by_class() -> None:
    examples = np.tile(np.random.default_rng(0).normal(size=17), (9, 1))
    rows = {name: np.array([i]) for i, name in enumerate("abcdefghi")}
    found = zero_shot(examples, examples, query_rows=rows, example_rows=rows)
    assert found.ranks.tolist() == list(range(9))


def test_order_of_rows_and_lengths_of_queries_change_nothing() -> None:
    queries, examples, own, others = world(3)
    first = zero_shot(queries, examples, query_rows=own, example_rows=others)
    scale = np.random.default_rng(1).lognormal(size=(len(queries), 1), sigma=9)
    again = zero_shot(queries * scale, examples, query_rows=own, example_rows=others)
    assert np.array_equal(first.ranks, again.ranks)


def test_an_item_of_two_classes_is_asked_twice() -> None:
    vectors = np.eye(3)
    own = {"a": np.array([0]), "b": np.array([0, 1]), "c": np.array([2])}
    examples = {name: np.array([i]) for i, name in enumerate("abc")}
    found = zero_shot(vectors, vectors, query_rows=own, example_rows=examples)
    top = found.top(1)
    assert (top.total.correct, top.total.n) == (3, 4)
    assert (top.per_class["b"].correct, top.per_class["b"].n) == (1, 2)


def test_classes_without_examples_or_queries_are_listed() -> None:
    vectors, none = np.eye(3), np.array([], np.int64)
    own = {"a": np.array([0]), "b": none, "c": np.array([2])}
    examples = {"a": np.array([0]), "b": np.array([1]), "c": none}
    found = zero_shot(vectors, vectors, query_rows=own, example_rows=examples)
    assert found.classes == ("a", "b")
    assert (found.without_vector, found.without_queries) == (("c",), ("b",))
    top = found.top(1)
    assert top.per_class.keys() == {"a"}
    assert (top.macro.value, top.chance, found.top(5).chance) == (1.0, 0.5, 1.0)


def test_intervals_are_seeded_and_draw_classes() -> None:
    queries, examples, own, others = world(0)
    found = zero_shot(queries, examples, query_rows=own, example_rows=others)
    assert found.top(1, seed=4) == found.top(1, seed=4)
    assert found.top(1, seed=4).micro != found.top(1, seed=5).micro
    # Copies of all queries are no news: a binomial interval would be ten times narrower.
    many = {name: np.tile(rows, 100) for name, rows in own.items()}
    copied = zero_shot(queries, examples, query_rows=many, example_rows=others).top(1)
    once = found.top(1)
    assert copied.micro.high - copied.micro.low == pytest.approx(once.micro.high - once.micro.low)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(bad: float) -> None:
    queries, examples, own, others = world(0)
    queries = queries.copy()
    queries[7, 3] = bad
    with pytest.raises(InputError, match="query row 7: NaN or infinite"):
        zero_shot(queries, examples, query_rows=own, example_rows=others)
    with pytest.raises(InputError, match=r"class 'class-.*', example row 7: NaN or infinite"):
        zero_shot(examples, queries, query_rows=others, example_rows=own)


def test_zero_vectors_have_no_direction() -> None:
    rows = {"a": np.array([0]), "b": np.array([1])}
    zero, some = np.array([[0.0, 0], [1, 0]]), np.eye(2)
    with pytest.raises(InputError, match="query row 0: a zero vector"):
        zero_shot(zero, some, query_rows=rows, example_rows=rows)
    with pytest.raises(InputError, match="1 examples of class 'a' has no direction"):
        zero_shot(some, zero, query_rows=rows, example_rows=rows)
    with pytest.raises(InputError, match="class 'a', example row 0: a zero vector"):
        zero_shot(some, zero, query_rows=rows, example_rows=rows, normalize_members=True)
    opposite = {"a": np.array([0, 1]), "b": np.array([2])}
    with pytest.raises(InputError, match="2 examples of class 'a' has no direction"):
        zero_shot(
            some, np.array([[1.0, 0], [-1, 0], [0, 1]]), query_rows=rows, example_rows=opposite
        )


def test_what_cannot_be_compared() -> None:
    rows, none = {"a": np.array([0]), "b": np.array([1])}, np.array([], np.int64)
    some = np.eye(2)
    with pytest.raises(InputError, match="vectors of one length"):
        zero_shot(some, np.eye(3), query_rows=rows, example_rows=rows)
    with pytest.raises(InputError, match="known on one side only; got 'b'"):
        zero_shot(some, some, query_rows=rows, example_rows={"a": np.array([0])})
    with pytest.raises(InputError, match="fewer than two classes"):
        zero_shot(some, some, query_rows=rows, example_rows={"a": np.array([0]), "b": none})
    with pytest.raises(InputError, match="no class has a query"):
        zero_shot(some, some, query_rows={"a": none, "b": none}, example_rows=rows)
    with pytest.raises(InputError, match="k must be at least 1"):
        zero_shot(some, some, query_rows=rows, example_rows=rows).top(0)
