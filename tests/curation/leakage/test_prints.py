from __future__ import annotations

import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.curation.leakage.copies.clouds import cloud_copies
from pentad.curation.leakage.copies.pictures import picture_copies
from pentad.curation.leakage.copies.sounds import sound_copies
from pentad.curation.leakage.prints.cloud import FORM, cloud_print
from pentad.curation.leakage.prints.collect import Prints, empty_prints
from pentad.curation.leakage.prints.picture import picture_print
from pentad.curation.leakage.prints.printer import BLANK, PRINTED, Printer
from pentad.curation.leakage.prints.sound import RATE, sound_print
from pentad.media.types import Audio, Image, Points


def as_prints(modality: Modality, media) -> Prints:
    """Prints of decoded media, ids their places."""
    rows = Printer(modality).encode_frames(media, modality=modality)
    return Prints(
        modality,
        np.arange(len(media), dtype=np.uint32),
        np.concatenate(rows).astype(np.uint8),
        np.cumsum([0, *map(len, rows)]),
    )


def noise(seed: int, seconds: float = 3.0) -> Audio:
    """Noise whose bands come and go, as sounds do."""
    random = np.random.default_rng(seed)
    samples = np.zeros(round(seconds * RATE))
    time = np.arange(len(samples)) / RATE
    for _ in range(60):
        hertz, at, width = random.uniform(200, 3400), random.uniform(0, seconds), 0.05
        pulse = np.exp(-(((time - at) / width) ** 2))
        samples += pulse * np.sin(2 * np.pi * hertz * time + random.uniform(0, 6))
    samples += 0.02 * random.normal(size=len(samples))
    return Audio((0.1 * samples).astype(np.float32), RATE)


def picture(seed: int) -> Image:
    """Blobs of color."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :128]
    pixels = np.full((96, 128, 3), 128.0)
    for _ in range(12):
        blob = np.exp(
            -(((x - random.uniform(0, 128)) ** 2 + (y - random.uniform(0, 96)) ** 2) / 300)
        )
        pixels += blob[..., None] * random.uniform(-120, 120, 3)
    return Image(np.clip(pixels, 0, 255).astype(np.uint8))


def cloud(seed: int, count: int = 4000) -> Points:
    """A few balls in random places."""
    random = np.random.default_rng(seed)
    middles, radii = random.normal(size=(5, 3)), random.uniform(0.05, 0.6, 5)
    which = random.integers(5, size=count)
    xyz = middles[which] + radii[which, None] * random.normal(size=(count, 3))
    return Points(xyz.astype(np.float32))


@pytest.mark.parametrize(
    ("modality", "make", "copies"),
    [
        (Modality.IMAGE, picture, picture_copies),
        (Modality.AUDIO, noise, sound_copies),
        (Modality.POINTS, cloud, cloud_copies),
    ],
)
def test_copies_are_found_in_any_order_and_from_either_side(modality, make, copies):
    ours, theirs = [make(s) for s in range(12)], [make(s) for s in (7, 90, 2, 91, 92)]
    found = copies(as_prints(modality, ours), as_prints(modality, theirs))
    assert {(c.evaluation, c.train) for c in found} == {(0, 7), (2, 2)}
    assert all(c.strength > 0.99 and c.distance < 0.01 for c in found)
    back = copies(as_prints(modality, theirs), as_prints(modality, ours))
    assert {(c.train, c.evaluation) for c in back} == {(c.evaluation, c.train) for c in found}
    turned = copies(as_prints(modality, ours[::-1]), as_prints(modality, theirs))
    assert {(c.evaluation, 11 - c.train) for c in turned} == {(0, 7), (2, 2)}


@pytest.mark.parametrize("copies", [picture_copies, sound_copies, cloud_copies])
def test_nothing_to_compare_is_no_copy(copies):
    modality, make = {
        picture_copies: (Modality.IMAGE, picture),
        sound_copies: (Modality.AUDIO, noise),
        cloud_copies: (Modality.POINTS, cloud),
    }[copies]
    some, none = as_prints(modality, [make(0)]), empty_prints(modality)
    assert copies(some, none) == copies(none, some) == copies(none, none) == []


def test_what_has_no_content_has_no_print():
    assert picture_print(np.full((40, 40, 3), 200, np.uint8)) is None
    assert sound_print(np.zeros(4000, np.float32)) is None
    assert cloud_print(np.ones((100, 3), np.float32)) is None
    blank = Image(np.zeros((8, 8, 3), np.uint8))
    rows = Printer(Modality.IMAGE).encode_frames([blank, picture(1)], modality="image")
    assert [row[0, 0] for row in rows] == [BLANK, PRINTED]


@pytest.mark.parametrize("gain", [0.5, 0.1, 2.0])
def test_gain_moves_few_bits(gain):
    sound = noise(3)
    same = Audio((gain * sound.samples).astype(np.float32), RATE)
    found = sound_copies(*(as_prints(Modality.AUDIO, [each]) for each in (sound, same)))
    assert found[0].distance < 0.02


@pytest.mark.parametrize("seconds", [0.3, 0.7001, 1.0])
def test_a_passage_is_found_where_it_lies(seconds):
    sound = noise(4)
    part = Audio(sound.samples[round(seconds * RATE) :], RATE)
    (found,) = sound_copies(*(as_prints(Modality.AUDIO, [each]) for each in (sound, part)))
    assert f"shifted by -{seconds:.1f}"[:-1] in found.detail
    assert found.distance < 0.15


def test_steady_tones_and_silence_are_not_taken_for_copies():
    time = np.arange(3 * RATE) / RATE
    tones = [Audio(np.sin(2 * np.pi * f * time).astype(np.float32), RATE) for f in (440, 620)]
    assert sound_copies(*(as_prints(Modality.AUDIO, [tone]) for tone in tones)) == []


def test_forms_whatever_their_order_place_size_and_turn():
    xyz = cloud(5, 8000).xyz.astype(np.float64)
    angle = 0.9
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    random = np.random.default_rng(0)
    changed = [
        random.permutation(xyz),
        xyz * 40 + [5, -3, 100],
        xyz @ turn.T,
        xyz + random.normal(scale=0.01 * xyz.std(), size=xyz.shape),
    ]
    others = as_prints(Modality.POINTS, [Points(each.astype(np.float32)) for each in changed])
    found = cloud_copies(as_prints(Modality.POINTS, [Points(xyz.astype(np.float32))]), others)
    assert [c.evaluation for c in found] == [0, 1, 2, 3]


def test_one_form_in_two_colors_is_not_the_same():
    xyz = cloud(6).xyz
    red, blue = (np.tile(np.array(c, np.uint8), (len(xyz), 1)) for c in ([200, 0, 0], [0, 0, 200]))
    prints = [as_prints(Modality.POINTS, [Points(xyz, rgb)]) for rgb in (red, blue, None)]
    assert cloud_copies(prints[0], prints[1]) == []
    assert len(cloud_copies(prints[0], prints[2])) == 1
    form = cloud_print(xyz)[: 2 * FORM].view("<f2")
    assert 0.5 < float(np.linalg.norm(form.astype(float))) < 1.5
