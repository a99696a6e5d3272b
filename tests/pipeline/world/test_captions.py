"""Captions are true, paraphrased, partly shared between concepts, and written like captions."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from pentad.core.modality import MEDIA_MODALITIES
from pentad.pipeline.world import words
from pentad.pipeline.world.captions import Shown, write_caption, write_captions
from pentad.pipeline.world.factors import KINDS, Extras, Subject
from pentad.pipeline.world.plan import plan_world

BELLS = Subject("bell", "small", 2)
RED = Extras("red", "hop")

WORDS_OF = {
    "size": {
        size: {*words.SIZE_WORDS[size], *words.REGISTER_WORDS[size]} for size in words.SIZE_WORDS
    },
    "count": {
        count: {
            *words.NUMBER_WORDS[count],
            *words.TALLY_WORDS[count],
            *words.TIMES_WORDS[count],
        }
        - {"a", "a pair"}
        for count in words.NUMBER_WORDS
    },
    "kind": {kind: set(words.NOUNS[kind]) for kind in KINDS},
}


@pytest.fixture(scope="module")
def plan():
    return plan_world(0, 240)


def mentions(caption: str, phrase: str) -> bool:
    return re.search(rf"(?<![\w-]){phrase}s?(?![\w-])", caption) is not None


def test_captions_name_only_what_is_there(plan):
    for item in plan:
        if not item.shown.subject.shared:
            continue
        for factor, values in WORDS_OF.items():
            true = getattr(item.shown.subject, factor)
            wrong = set().union(*(v for k, v in values.items() if k != true)) - values[true]
            if (
                factor == "kind"
            ):  # "rings" and "rattles" are also what other toys may be heard doing
                wrong -= {"rattle"}
            for caption in item.captions:
                said = [phrase for phrase in wrong if mentions(caption, phrase)]
                assert not said, (caption, item.shown.subject)


def test_a_colour_is_named_only_where_it_can_be_seen(plan):
    colors = {w for group in words.COLOR_WORDS.values() for w in group}
    for item in plan:
        true = set(words.COLOR_WORDS[item.shown.extras.color])
        said = {w for caption in item.captions for w in colors if mentions(caption, w)}
        assert said <= (set() if item.shown.modality == "audio" else true)


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
def test_captions_are_paraphrases(plan, modality):
    of_concept = defaultdict(set)
    for item in plan:
        if item.shown.modality == modality and item.shown.subject.shared:
            of_concept[item.shown.subject.concept].update(item.captions)
    assert len(set(words.TEMPLATES[modality])) >= 8
    assert np.median([len(captions) for captions in of_concept.values()]) >= 4


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
def test_some_items_have_several_captions(plan, modality):
    many = [len(item.captions) for item in plan if item.shown.modality == modality]
    assert 0.2 < np.mean(np.array(many) > 1) < 0.55
    assert max(many) == 3


def test_some_captions_are_shared(plan):
    concepts, modalities = defaultdict(set), defaultdict(set)
    for item in plan:
        for caption in item.captions:
            concepts[caption].add(item.shown.subject.concept)
            modalities[caption].add(item.shown.modality)
    assert sum(len(where) > 1 for where in concepts.values()) >= 25
    assert sum(len(where) > 1 for where in modalities.values()) >= 35


def test_no_caption_is_given_twice_to_one_item(plan):
    assert all(len(set(item.captions)) == len(item.captions) for item in plan)


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
@pytest.mark.parametrize("without", ["size", "count", "kind", "everything"])
def test_a_factor_can_be_left_out(modality, without):
    left_out = {"size", "count", "kind"} if without == "everything" else {without}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        caption = write_caption(Shown(modality, BELLS, RED), without, rng)
        for factor in left_out:
            true = WORDS_OF[factor][getattr(BELLS, factor)]
            assert not any(mentions(caption, phrase) for phrase in true), caption


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_captions_read_well(modality, count):
    shown = Shown(modality, Subject("guitar", "medium", count), Extras("orange", "glide"))
    for seed in range(150):
        for caption in write_captions(shown, np.random.default_rng(seed)):
            assert caption == caption.strip(" ,:")
            assert not re.search(r"\s\s|\s[,:]|[,:]{2}|[{}]", caption), caption
            assert not re.search(r"\ba [aeiou]", caption), caption
            assert not re.search(r"\ban [^aeiou]", caption), caption


def test_what_nobody_counts_has_captions_of_its_own():
    rain = Shown("audio", Subject("rain", "small", 2), RED)
    assert set(write_captions(rain, np.random.default_rng(0))) <= set(words.MASS_SOUNDS["rain"])
