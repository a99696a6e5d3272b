"""What must not matter: the order of pairs, what is held out, modalities chosen elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pentad.bridge.baselines import ridge_baseline
from pentad.bridge.data import BridgeData, BridgeSettings, NativePairs
from pentad.bridge.learn import learn_bridge
from pentad.core.modality import Modality
from pentad.encoders.bridge_file import bridge_to_tensors

UNITS, EACH, DIM, TEXT = 30, 3, 12, 20


def planted(seed: int, encoder: str, *, classes: bool = False) -> NativePairs:
    """Return pairs whose features are a fixed linear map of their captions, with some noise."""
    rng = np.random.default_rng(seed)
    meaning = np.random.default_rng(99).normal(size=(UNITS, TEXT))
    units = np.repeat(np.arange(UNITS), EACH)
    texts = meaning[units] + 0.1 * rng.normal(size=(len(units), TEXT))
    features = texts @ rng.normal(size=(TEXT, DIM))
    return NativePairs(
        features=features,
        texts=texts,
        units=units,
        keys=np.arange(len(units)),
        encoder=encoder,
        classifier="names" if classes else None,
        scores=1 / (1 + np.exp(-features[:, :4])) if classes else None,
    )


def world() -> BridgeData:
    names = {"names": np.random.default_rng(5).normal(size=(4, TEXT))}
    return BridgeData(
        {Modality.IMAGE: planted(1, "eye", classes=True), Modality.AUDIO: planted(2, "ear")}, names
    )


def rows(data: BridgeData, keep) -> BridgeData:
    """Return the rows for which ``keep(pairs)`` gives numbers or a mask."""
    chosen = {}
    for modality, pairs in data.pairs.items():
        which = keep(pairs)
        arrays = {n: getattr(pairs, n)[which] for n in ("features", "texts", "units", "keys")}
        scores = None if pairs.scores is None else pairs.scores[which]
        chosen[modality] = replace(pairs, **arrays, scores=scores)
    return BridgeData(chosen, data.class_names)


def vectors(data: BridgeData, bridge) -> dict[str, np.ndarray]:
    found = {
        m.value: bridge.encode(m, data.pairs[m].features, data.pairs[m].scores) for m in data.pairs
    }
    return {**found, "text": bridge.encode("text", data.pairs[Modality.IMAGE].texts)}


def test_the_order_of_pairs_does_not_matter():
    data = world()
    shuffled = rows(data, lambda p: np.random.default_rng(3).permutation(len(p)))
    first, choices = learn_bridge(data)
    second, other = learn_bridge(shuffled)
    for modality, choice in choices.items():
        assert vars(other[modality]) == pytest.approx(vars(choice))
    left, right = vectors(data, first), vectors(data, second)
    for modality, found in left.items():
        assert np.abs(found - right[modality]).max() < 1e-6


def noisy(data: BridgeData, held: np.ndarray) -> BridgeData:
    """Return the data with random numbers in place of the pairs of held-out units."""
    rng = np.random.default_rng(7)
    changed = {}
    for modality, pairs in data.pairs.items():
        out = held[pairs.units]
        features, texts = pairs.features.copy(), pairs.texts.copy()
        features[out] = rng.normal(size=features[out].shape)
        texts[out] = rng.normal(size=texts[out].shape)
        changed[modality] = replace(pairs, features=features, texts=texts)
    return BridgeData(changed, data.class_names)


@pytest.mark.parametrize("learn", [learn_bridge, ridge_baseline])
def test_what_is_held_out_has_no_influence(learn):
    data, held = world(), np.arange(UNITS) % 5 == 0
    learned = []
    for version in (data, noisy(data, held)):
        bridge, choices = learn(rows(version, lambda p: ~held[p.units]))
        tensors, values = bridge_to_tensors(bridge)
        learned.append(({n: t.tobytes() for n, t in tensors.items()}, values, choices))
    assert learned[0] == learned[1]
    whole, _ = learn(noisy(data, held))
    assert (
        bridge_to_tensors(whole)[0]["items.audio.ridge"].tobytes()
        != (learned[0][0]["items.audio.ridge"])
    )


def test_weights_that_are_given_are_used_as_they_are():
    data = world()
    _, chosen = learn_bridge(rows(data, lambda p: p.units % 2 == 0))
    bridge, used = learn_bridge(data, choices=chosen)
    assert used == chosen
    assert bridge.items[Modality.IMAGE].prior_weight == chosen[Modality.IMAGE].prior


def test_a_modality_without_given_weights_gets_its_own():
    data = world()
    image = BridgeData({Modality.IMAGE: data.pairs[Modality.IMAGE]}, data.class_names)
    _, chosen = learn_bridge(image)
    bridge, used = learn_bridge(data, choices=chosen)
    assert used[Modality.IMAGE] == chosen[Modality.IMAGE]
    assert used[Modality.AUDIO] == learn_bridge(data)[1][Modality.AUDIO]
    assert Modality.AUDIO in bridge.items


def test_a_modality_without_pairs_is_left_out():
    data = world()
    audio = data.pairs[Modality.AUDIO]
    none = replace(
        audio,
        features=audio.features[:0],
        texts=audio.texts[:0],
        units=audio.units[:0],
        keys=audio.keys[:0],
    )
    bridge, chosen = learn_bridge(replace(data, pairs={**data.pairs, Modality.AUDIO: none}))
    assert bridge.modalities == ("text", "image")
    assert set(chosen) == {Modality.IMAGE}


def test_with_too_few_units_the_default_weights_are_used():
    data = rows(world(), lambda p: p.units < 5)
    settings = BridgeSettings()
    _, chosen = learn_bridge(data, settings=settings)
    assert {choice.strength for choice in chosen.values()} == {settings.default[3]}
    assert chosen[Modality.IMAGE].prior == settings.default[0]
