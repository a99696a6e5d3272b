"""Classes by sentences."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.evaluation.class_labels import ClassLabel
from pentad.evaluation.prompts import zero_shot_classes
from tests.embeddings.toy import Toy
from tests.evaluation.colors import Colors, PicturesOnly

TEMPLATES = ["{}", "a picture of {}", "so {name}, so very {name}"]


def by_hand(name: str) -> np.ndarray:
    """Return the direction of the mean of the unit vectors of a label's sentences."""
    toy = Toy()
    rows = np.array([toy.vector(t.format(name, name=name)) for t in TEMPLATES], np.float64)
    mean = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(axis=0)
    return mean / np.linalg.norm(mean)


def test_a_class_is_the_direction_of_the_mean_of_unit_sentences() -> None:
    found = zero_shot_classes(Toy(), "sky,moon,a sea", "image", templates=TEMPLATES)
    assert found.names == ("a sea", "moon", "sky")
    assert found.vectors == pytest.approx(np.stack([by_hand(name) for name in found.names]))
    assert found.made["sentences"] == 9
    assert len(found.made["templates_fingerprint"]) == 64
    assert not found.made["built_in_templates"]


def test_sentences_are_encoded_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"word {'o' * n} {n}" for n in range(20)]
    whole = zero_shot_classes(Toy(), names, "image", templates=TEMPLATES)
    monkeypatch.setattr("pentad.evaluation.prompts._SENTENCES_A_CALL", 7)
    parts = zero_shot_classes(Toy(), names, "image", templates=TEMPLATES)
    assert np.array_equal(whole.vectors, parts.vectors)


def test_a_template_that_is_there_twice_counts_once() -> None:
    once = zero_shot_classes(Toy(), "sky,moon", "image", templates=TEMPLATES)
    twice = zero_shot_classes(Toy(), "sky,moon", "image", templates=[*TEMPLATES, TEMPLATES[1]])
    assert np.array_equal(once.vectors, twice.vectors)
    assert once.made == twice.made


def test_own_prompts_take_the_place_of_templates_and_a_description_joins_them() -> None:
    labels = [
        ClassLabel("fire", ("red",)),
        ClassLabel("sea", ("blue",), "green"),
        ClassLabel("green", (), "green"),
    ]
    found = zero_shot_classes(Colors(), labels, "image", templates=["{}"])
    fire, green, sea = found.vectors
    red_, green_, blue_ = np.eye(3) + 0.01
    assert fire == pytest.approx(red_ / np.linalg.norm(red_))
    assert green == pytest.approx(green_ / np.linalg.norm(green_))
    assert sea == pytest.approx((blue_ + green_) / np.linalg.norm(blue_ + green_), abs=1e-6)
    assert found.made["sentences"] == 4


def test_a_function_of_texts_will_do() -> None:
    def function(inputs, modality):
        assert modality == "text"
        return Toy().encode(inputs, modality="text")

    given = zero_shot_classes(function, "sky,moon", "image")
    assert np.array_equal(given.vectors, zero_shot_classes(Toy(), "sky,moon", "image").vectors)
    assert given.made["built_in_templates"]


def test_an_encoder_without_text_says_so() -> None:
    with pytest.raises(InputError, match=r"'pictures' does not encode text.*got image"):
        zero_shot_classes(PicturesOnly(), "red,blue", "image")


def test_a_prompt_that_cannot_be_encoded_is_named() -> None:
    with pytest.raises(InputError, match=r"the prompt '\?' cannot be encoded: .*zero"):
        zero_shot_classes(Zero(), ["?", "sky"], "image", templates="{}")


class Zero(Toy):
    """Has nothing to say of a question mark."""

    def vector(self, each):
        return (0, 0, 0) if each == "?" else super().vector(each)
