"""The factors of the world are independent, and no value of one is lost in a split by concept."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from pentad.core.modality import MEDIA_MODALITIES
from pentad.pipeline.world.factors import (
    COLORS,
    COUNTS,
    KINDS,
    ONLY_IN,
    SIZES,
    Subject,
    all_subjects,
)
from pentad.pipeline.world.plan import Item, plan_modality, plan_world

LEVELS = {"kind": KINDS, "size": SIZES, "count": COUNTS, "color": COLORS}


@pytest.fixture(scope="module")
def plan() -> tuple[Item, ...]:
    return plan_world(0, 240)


def value_of(item: Item, factor: str) -> object:
    holder = item.shown.extras if factor == "color" else item.shown.subject
    return getattr(holder, factor)


def shared_items(plan: tuple[Item, ...], modality: str) -> list[Item]:
    return [i for i in plan if i.shown.modality == modality and i.shown.subject.shared]


def test_a_concept_is_labelled_by_its_factors():
    assert Subject("bell", "small", 2).concept == "two small bells"
    assert Subject("drum", "large", 1).concept == "one large drum"
    assert Subject("rain", "large", 3).concept == "rain"


def test_every_combination_is_one_concept():
    labels = {subject.concept for subject in all_subjects()}
    assert len(labels) == len(KINDS) * len(SIZES) * len(COUNTS) == 72


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
def test_every_modality_shows_every_concept(plan, modality):
    uses = Counter(item.shown.subject.concept for item in shared_items(plan, modality))
    assert len(uses) == 72
    assert max(uses.values()) - min(uses.values()) <= 1


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
@pytest.mark.parametrize("pair", list(combinations(LEVELS, 2)), ids="-".join)
def test_two_factors_say_nothing_about_each_other(plan, modality, pair):
    items = shared_items(plan, modality)
    table = np.array(
        [
            [
                sum(value_of(i, pair[0]) == a and value_of(i, pair[1]) == b for i in items)
                for b in LEVELS[pair[1]]
            ]
            for a in LEVELS[pair[0]]
        ]
    )
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    cramer = np.sqrt(
        ((table - expected) ** 2 / expected).sum() / table.sum() / (min(table.shape) - 1)
    )
    # Colour is drawn freely and wanders; the three dealt factors stay close to uniform.
    assert cramer < (0.25 if "color" in pair else 0.12)


def test_a_lone_kind_occurs_in_one_modality_only(plan):
    seen = {(i.shown.subject.kind, i.shown.modality) for i in plan if not i.shown.subject.shared}
    assert seen == {(kind, modality) for modality, kinds in ONLY_IN.items() for kind in kinds}


@pytest.mark.parametrize("seed", range(20))
def test_a_split_by_concept_leaves_every_value_in_training(seed):
    order = np.random.default_rng(seed).permutation(72)
    training = [all_subjects()[int(row)] for row in order[18:]]
    for factor in ("kind", "size", "count"):
        assert {getattr(subject, factor) for subject in training} == set(LEVELS[factor])


def test_modalities_draw_their_items_apart():
    image, video = plan_modality(0, "image", 30), plan_modality(0, "video", 30)
    assert [i.shown.subject for i in image] != [i.shown.subject for i in video]
    assert {i.seed for i in image}.isdisjoint(i.seed for i in video)
