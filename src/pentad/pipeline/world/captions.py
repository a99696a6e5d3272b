"""Captions of one item: paraphrases; some leave a factor out, a few say next to nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pentad.pipeline.world import words
from pentad.pipeline.world.factors import Extras, Subject

T = TypeVar("T")

_LEAVES_OUT = {"nothing": 0.76, "size": 0.10, "count": 0.06, "kind": 0.04, "everything": 0.04}
_STAYS_PLAIN, _STAYS_PLAIN_WITHOUT = 0.15, 0.6
_SAYS_THE_USUAL = 0.4
_HOW_MANY = {1: 0.64, 2: 0.26, 3: 0.10}
_NAMES_COLOR = {"image": 0.4, "video": 0.3, "audio": 0.0, "points": 0.35}


@dataclass(frozen=True)
class Shown:
    """What a caption is about."""

    modality: str
    subject: Subject
    extras: Extras


def write_captions(shown: Shown, rng: np.random.Generator) -> tuple[str, ...]:
    """Return one to three different captions that are true of what is shown."""
    wanted = _draw(_HOW_MANY, rng)
    captions: dict[str, None] = {}
    while len(captions) < wanted:
        captions[write_caption(shown, _draw(_LEAVES_OUT, rng), rng)] = None
    return tuple(captions)


def write_caption(shown: Shown, without: str, rng: np.random.Generator) -> str:
    """Return one caption; ``without`` is a factor to leave out, ``everything`` or ``nothing``."""
    subject = shown.subject
    if subject.kind in words.MASS_SOUNDS:
        return _one_of(words.MASS_SOUNDS[subject.kind], rng)
    if without == "everything":
        return _one_of(words.VAGUE[shown.modality], rng)
    template = _one_of(words.TEMPLATES[shown.modality], rng)
    if rng.random() < (_STAYS_PLAIN if without == "nothing" else _STAYS_PLAIN_WITHOUT):
        template = words.PLAIN  # the wording that several items come to share
    return _tidy(template.format(**_slots(shown, without, rng)))


def _slots(shown: Shown, without: str, rng: np.random.Generator) -> dict[str, str]:
    """Return the words for every slot of a template; what is left out is empty."""
    subject, many = shown.subject, shown.subject.count > 1
    noun = _said(words.TOYS if without == "kind" else words.NOUNS[subject.kind], rng)
    size = "" if without == "size" else _said(words.SIZE_WORDS[subject.size], rng)
    pitch = "" if without == "size" else _said(words.REGISTER_WORDS[subject.size], rng)
    color = _color(shown, rng)
    number, tally, times = _numbers(subject.count, without == "count", rng)
    nouns = _plural(noun) if many else noun
    verb = _verb(shown, without, rng)
    return {
        "noun": noun,
        "nouns": nouns,
        "size": size,
        "pitch": pitch,
        "color": color,
        "tally": tally,
        "times": times,
        "things": f"{number} {size} {color} {nouns}",
        "pitch_things": f"{number} {pitch} {nouns}",
        "strokes": f"{number} {verb.many_do}{'s' if many else ''}",
        "stroke": verb.many_do,
        "doing": verb.doing,
        "one_does": verb.one_does,
        "does": verb.many_do if many else verb.one_does,
        "do": verb.many_do,
        "is_are": "are" if many else "is",
    }


def _numbers(count: int, left_out: bool, rng: np.random.Generator) -> tuple[str, str, str]:
    if left_out:
        return ("some" if count > 1 else "a"), "", ""
    return (
        _said(words.NUMBER_WORDS[count], rng),
        _said(words.TALLY_WORDS[count], rng),
        _said(words.TIMES_WORDS[count], rng),
    )


def _color(shown: Shown, rng: np.random.Generator) -> str:
    if rng.random() >= _NAMES_COLOR[shown.modality]:
        return ""
    return _said(words.COLOR_WORDS[shown.extras.color], rng)


def _verb(shown: Shown, without: str, rng: np.random.Generator) -> words.Verb:
    if shown.modality == "video":
        return _said(words.MOTION_WORDS[shown.extras.motion], rng)
    if without == "kind":
        return _said(words.ANY_VOICE, rng)
    return _said(words.VOICE_WORDS.get(shown.subject.kind, words.ANY_VOICE), rng)


def _plural(noun: str) -> str:
    return words.PLURALS.get(noun, f"{noun}s")


def _one_of(choices: tuple[T, ...], rng: np.random.Generator) -> T:
    return choices[int(rng.integers(len(choices)))]


def _said(synonyms: tuple[T, ...], rng: np.random.Generator) -> T:
    """Most people use the first word that comes to mind."""
    return synonyms[0] if rng.random() < _SAYS_THE_USUAL else _one_of(synonyms, rng)


def _draw(chances: dict[T, float], rng: np.random.Generator) -> T:
    index = int(rng.choice(len(chances), p=list(chances.values())))
    return list(chances)[index]


def _tidy(text: str) -> str:
    """Close the gaps that empty slots leave, and write ``an`` where it belongs."""
    closed = re.sub(r"\s+", " ", text)
    closed = re.sub(r" (?=[,:])", "", closed)
    closed = re.sub(r"[,:]+(?=[,:])", "", closed).strip(" ,:")
    return re.sub(r"\b(a)(?= [aeiou])", "an", closed)
