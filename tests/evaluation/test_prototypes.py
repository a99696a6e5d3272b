"""Classes by examples, alone and blended with sentences."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.evaluation.class_vectors import ClassVectors
from pentad.evaluation.prototypes import blend, few_shot, prototypes
from pentad.evaluation.zero_shot import zero_shot


def world(seed: int = 0, classes: int = 12, noise: float = 0.8, most: int = 30):
    """Return vectors and the rows of classes of uneven size."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(classes, 16))
    labels = rng.permutation(np.repeat(np.arange(classes), rng.integers(3, most, classes)))
    vectors = middles[labels] + noise * rng.normal(size=(len(labels), 16))
    return vectors, {f"class-{c:02}": np.flatnonzero(labels == c) for c in range(classes)}


def test_a_class_is_the_direction_of_the_mean_of_its_examples() -> None:
    vectors = np.array([[10.0, 0], [0, 1], [0, 3], [2, 0]])
    rows = {"b": np.array([0, 1]), "a": np.array([2, 3])}
    found = prototypes(vectors, rows)
    assert found.names == ("a", "b")
    assert found.vectors == pytest.approx(np.array([[2, 3], [10, 1]]) / np.sqrt([[13], [101]]))
    unit = prototypes(vectors, rows, normalize_members=True)
    assert unit.vectors == pytest.approx(np.full((2, 2), np.sqrt(0.5)))
    assert unit.made == {"from": "examples", "examples": 4, "normalize_members": True}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"a": [0]}, "two different names"),
        ({"a": [0], "b": []}, "the class 'b' has no example"),
        ({"a": [0], "b": [1, 2]}, "examples of class 'b' has no direction"),
        ({"a": [0], "b": [3]}, "NaN or infinite"),
    ],
)
def test_examples_that_make_no_class(rows, said: str) -> None:
    vectors = np.array([[1.0, 0], [0, 1], [0, -1], [np.nan, 0]])
    with pytest.raises(InputError, match=said):
        prototypes(vectors, {name: np.array(own, int) for name, own in rows.items()})


def test_a_blend_lies_between() -> None:
    one = ClassVectors.of(["a", "b"], np.array([[1.0, 0], [0, 1]]))
    two = ClassVectors.of(["b", "a"], np.array([[1.0, 0], [0, 1]]))
    assert blend(one, two, 1.0).vectors == pytest.approx(one.vectors)
    assert blend(one, two, 0.0).vectors == pytest.approx(two.vectors)
    assert blend(one, two, 0.5).vectors == pytest.approx(np.full((2, 2), np.sqrt(0.5)))
    assert blend(one, two, 0.25).made["alpha"] == 0.25
    with pytest.raises(InputError, match=r"expected 0 to 1, got 1.5"):
        blend(one, two, 1.5)
    with pytest.raises(InputError, match="known on one side only; got 'c'"):
        blend(one, ClassVectors.of(["a", "b", "c"], np.eye(3)[:, :2] + 1), 0.5)
    with pytest.raises(InputError, match="one length"):
        blend(one, ClassVectors.of(["a", "b"], np.eye(3)[:2]), 0.5)
    with pytest.raises(InputError, match="zero vector"):
        blend(one, ClassVectors.of(["a", "b"], -one.vectors), 0.5)


def test_every_draw_is_scored_as_zero_shot_would() -> None:
    vectors, rows = world()
    found = {each.shots: each for each in few_shot(vectors, rows, shots=(1, 4), draws=3, seed=5)}
    assert list(found) == [1, 4]
    for k, each in found.items():
        kept = {name: own for name, own in rows.items() if len(own) > k}
        assert each.left_out == tuple(name for name in rows if name not in kept)
        assert each.classes == len(kept)
        assert each.queries == sum(len(own) - k for own in kept.values())
        assert each.chance == 1 / len(kept)
        assert each.micro.value == pytest.approx(np.mean(each.per_draw))
        for low, value, high in [(i.low, i.value, i.high) for i in (each.micro, each.macro)]:
            assert 0 <= low <= value <= high <= 1
            assert low < high
    drawn, asked = split(rows, k=4, seed=5)
    again = zero_shot(vectors, vectors, query_rows=asked, example_rows=drawn).top(1, resamples=1)
    assert found[4].per_draw[0] == again.total.value


def split(rows, k: int, seed: int):
    """Return examples and queries of the first draw, as `few_shot` takes them."""
    from pentad.evaluation.prototypes import _orders

    orders = {n: _orders(own, n, 1, seed)[0] for n, own in rows.items() if len(own) > k}
    return {n: o[:k] for n, o in orders.items()}, {n: o[k:] for n, o in orders.items()}


def test_more_examples_are_worth_more_and_seeds_count() -> None:
    vectors, rows = world(noise=1.5, most=60)
    found = few_shot(vectors, rows, shots=(1, 2, 8), draws=4, resamples=50)
    values = [each.macro.value for each in found]
    assert values == sorted(values)
    assert found == few_shot(vectors, rows, shots=(8, 2, 1, 1), draws=4, resamples=50)
    other = few_shot(vectors, rows, shots=(1,), draws=4, resamples=50, seed=1)
    assert other[0].per_draw != found[0].per_draw


def test_an_interval_of_draws_alone_still_has_a_width() -> None:
    vectors, rows = world(classes=2, noise=4)
    one, many = (few_shot(vectors, rows, shots=(1,), draws=d, resamples=200)[0] for d in (1, 20))
    assert one.micro.low <= one.micro.value <= one.micro.high
    assert many.micro.low < many.micro.value < many.micro.high


def test_prompts_may_help() -> None:
    vectors, rows = world(noise=2)
    right = prototypes(vectors, rows)
    alone, blended = (
        few_shot(vectors, rows, shots=(1,), draws=3, resamples=10, prompts=p)[0].macro.value
        for p in (None, right)
    )
    assert blended > alone
    few = ClassVectors(right.names[:2], right.vectors[:2])
    with pytest.raises(InputError, match="a class has no prompts; got 'class-02'"):
        few_shot(vectors, rows, shots=(1,), draws=1, prompts=few)


def test_wrong_numbers_and_too_few_items() -> None:
    vectors, rows = world()
    for options in ({"shots": ()}, {"shots": (0,)}, {"draws": 0}, {"resamples": 0}):
        with pytest.raises(InputError, match="are 1 or more"):
            few_shot(vectors, rows, **options)
    with pytest.raises(InputError, match="two classes with more than 99 items each"):
        few_shot(vectors, rows, shots=(99,))
