"""Labels, probabilities and accuracies of vectors."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.registry import get_encoder
from pentad.evaluation.class_vectors import ClassVectors
from pentad.evaluation.classification import UNKNOWN, classify_vectors
from pentad.evaluation.temperature import DEFAULT_TEMPERATURE, Temperature, temperature_of
from tests.encoders.families.tiny import clip_folder

FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**31)


def made(seed: int, classes: int = 6, items: int = 5, dim: int = 4):
    """Return class names, class vectors and items; two of the classes are equal."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(classes, dim))
    vectors[-1] = vectors[0]
    return (
        [f"class {rng.integers(1 << 40):x}" for _ in range(classes)],
        vectors,
        rng.normal(size=(items, dim)),
    )


def classified(names, vectors, items, **options):
    options = {"top": len(names), "temperature": Temperature(0.1, "given"), **options}
    return classify_vectors(
        items,
        ClassVectors.of(names, vectors),
        items=[f"{n}.png" for n in range(len(items))],
        modality=Modality.IMAGE,
        **options,
    )


def test_scores_are_cosines_and_probabilities_their_softmax() -> None:
    names, vectors, items = made(0)
    found = classified(names, vectors, items)
    for row, each in enumerate(found):
        cosines = {
            n: v @ items[row] / np.linalg.norm(v) / np.linalg.norm(items[row])
            for n, v in zip(names, vectors, strict=True)
        }
        total = sum(math.exp(c / 0.1) for c in cosines.values())
        assert [t.label for t in each.top] == sorted(
            names, key=lambda n: (-round(cosines[n], 12), n)
        )
        for label, score, probability in each.top:
            assert score == pytest.approx(cosines[label])
            assert probability == pytest.approx(math.exp(cosines[label] / 0.1) / total)
    assert found[0].label == found[0].top[0].label
    assert [each.item for each in found[1:3]] == ["1.png", "2.png"]


@FEW
@given(SEEDS)
def test_the_order_of_labels_changes_nothing(seed: int) -> None:
    names, vectors, items = made(seed)
    order = np.random.default_rng(seed).permutation(len(names))
    first = classified(names, vectors, items)
    second = classified([names[n] for n in order], vectors[order], items)
    assert list(first) == list(second)


@FEW
@given(SEEDS)
def test_a_further_label_leaves_the_others_in_their_order(seed: int) -> None:
    names, vectors, items = made(seed)
    more = classified([*names, "further"], np.vstack([vectors, -items.sum(axis=0)]), items)
    for before, after in zip(classified(names, vectors, items), more, strict=True):
        left = [t for t in after.top if t.label != "further"]
        assert [t.label for t in left] == [t.label for t in before.top]
        assert all(a.probability <= b.probability for a, b in zip(left, before.top, strict=True))


def test_the_lowest_temperature_leaves_one_label() -> None:
    names, vectors, items = made(3)
    found = classified(names[:5], vectors[:5], items, temperature=Temperature(1e-320, "given"))
    assert found.probabilities[:, 0].tolist() == [1.0] * len(items)


@FEW
@given(SEEDS, st.floats(0.01, 10), st.floats(0.1, 0.99))
def test_a_lower_temperature_only_sharpens(seed: int, high: float, part: float) -> None:
    names, vectors, items = made(seed)
    warm, cold = (
        classified(names, vectors, items, temperature=Temperature(t, "given"))
        for t in (high, high * part)
    )
    assert np.array_equal(warm.places, cold.places)
    assert np.array_equal(warm.scores, cold.scores)
    assert (cold.probabilities[:, 0] >= warm.probabilities[:, 0] - 1e-12).all()
    assert cold.probabilities.sum(axis=1) == pytest.approx(1)


def test_accuracy_and_mistakes_where_classes_are_known() -> None:
    names = [f"class {n}" for n in range(7)]
    items = np.eye(7)[[0, 0, 1, 2, 2, 6, 6]]
    own = np.array([0, 0, 1, 3, 3, 6, UNKNOWN])
    found = classified(names, np.eye(7), items, own=own, top=1)
    assert found.known == 6
    assert [(t.k, t.total.correct, t.total.n) for t in found.accuracy] == [(1, 4, 6), (5, 6, 6)]
    assert found.accuracy[0].macro.value == pytest.approx(3 / 4)
    (wrong,) = found.confusions
    assert vars(wrong) == {"own": "class 3", "taken_for": "class 2", "count": 2, "of": 2}
    assert [each.own for each in found][-2:] == ["class 6", None]


def test_accuracy_at_5_needs_more_than_5_classes() -> None:
    found = classified(["a", "b"], np.eye(2), np.eye(2), own=np.array([0, 1]))
    assert [top.k for top in found.accuracy] == [1]
    assert not classified(["a", "b"], np.eye(2), np.eye(2)).accuracy


def test_what_cannot_be_classified() -> None:
    for items, options, said in (
        (np.eye(2), {"top": 0}, "top must be at least 1"),
        (np.eye(3), {}, "vectors of one length"),
        (np.array([[0.0, 0]]), {}, "image row 0: a zero vector"),
        (np.array([[0.0, np.nan]]), {}, "image row 0: NaN"),
    ):
        with pytest.raises(InputError, match=said):
            classified(["a", "b"], np.eye(2), items, **options)
    with pytest.raises(InputError, match="two different names"):
        ClassVectors.of(["a", "a"], np.eye(2))


def test_where_temperatures_come_from() -> None:
    assert temperature_of(object()) == (DEFAULT_TEMPERATURE, "default")
    assert temperature_of(object(), 0.5) == (0.5, "given")
    assert "no logit scale" in str(temperature_of(object()))
    own = SimpleNamespace(log_scale=math.log(20))
    assert temperature_of(own) == (pytest.approx(1 / 20), "model")
    module = SimpleNamespace(logit_scale=np.array([math.log(100)]))
    clip = SimpleNamespace(network=SimpleNamespace(module=module))
    assert temperature_of(clip) == (pytest.approx(0.01), "model")
    odd = SimpleNamespace(log_scale="none", network=SimpleNamespace(module=None))
    assert temperature_of(odd).source == "default"
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="a number above 0"):
            temperature_of(object(), wrong)


@pytest.mark.slow
def test_the_temperature_of_a_clip_model(tmp_path: Path) -> None:
    encoder = get_encoder(str(clip_folder(tmp_path / "clip")))
    found = temperature_of(encoder)
    assert (found.value, found.source) == (pytest.approx(math.exp(-2.6592), rel=1e-4), "model")
