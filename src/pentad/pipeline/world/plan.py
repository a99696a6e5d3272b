"""Which items the world has: concepts dealt evenly, names that say nothing, captions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pentad.core.modality import MEDIA_MODALITIES
from pentad.core.seeds import derive_seed, generator
from pentad.pipeline.world.captions import Shown, write_captions
from pentad.pipeline.world.factors import (
    COLORS,
    COUNTS,
    MOTIONS,
    ONLY_IN,
    SIZES,
    Extras,
    Subject,
    all_subjects,
)

ENDINGS = {"image": "png", "audio": "wav", "video": "mp4", "points": "ply"}
_LONE_SHARE = 0.06


@dataclass(frozen=True)
class Item:
    """One file to be: what it shows, what is said of it, and the seed of everything else in it."""

    shown: Shown
    file_name: str
    captions: tuple[str, ...]
    seed: int


def plan_world(seed: int, items_per_modality: int) -> tuple[Item, ...]:
    """Return every item of the world in an order that has nothing to do with what it shows."""
    items = [
        item
        for modality in MEDIA_MODALITIES
        for item in plan_modality(seed, modality.value, items_per_modality)
    ]
    return tuple(sorted(items, key=lambda item: item.file_name))


def plan_modality(seed: int, modality: str, count: int) -> list[Item]:
    """Return ``count`` items of one modality: mostly shared kinds, some that occur here alone."""
    rng = generator(seed, "world", modality)
    subjects = _dealt_subjects(modality, count, rng)
    return [_item(seed, modality, row, subject, rng) for row, subject in enumerate(subjects)]


def _dealt_subjects(modality: str, count: int, rng: np.random.Generator) -> list[Subject]:
    """Each round deals every combination once, so any two factors stay independent."""
    lone = round(_LONE_SHARE * count)
    subjects = [_lone_subject(ONLY_IN[modality][row % 2], rng) for row in range(lone)]
    everything = all_subjects()
    while len(subjects) < count:
        order = rng.permutation(len(everything))[: count - len(subjects)]
        subjects += [everything[int(index)] for index in order]
    return subjects


def _lone_subject(kind: str, rng: np.random.Generator) -> Subject:
    return Subject(kind, str(rng.choice(SIZES)), int(rng.choice(COUNTS)))


def _item(seed: int, modality: str, row: int, subject: Subject, rng: np.random.Generator) -> Item:
    extras = Extras(str(rng.choice(COLORS)), str(rng.choice(MOTIONS)))
    shown = Shown(modality, subject, extras)
    own = derive_seed(seed, "world", modality, row)
    # The name is a digest that the content is not drawn from.
    name = f"{derive_seed(own, 'name') % 16**10:010x}.{ENDINGS[modality]}"
    return Item(shown, name, write_captions(shown, rng), own)
