"""What the bridge must do on data whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pentad.bridge.baselines import class_name_baseline, ridge_baseline
from pentad.bridge.choose import first_hit_gain
from pentad.bridge.data import BridgeData, NativePairs
from pentad.bridge.learn import learn_bridge
from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.bridge_file import bridge_from_tensors, bridge_to_tensors
from pentad.encoders.bridge_map import BridgeMap

TEXT_DIM, DIM, CLASSES = 12, 20, 30
CLASSIFIER = "toy-classes"


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def class_names() -> np.ndarray:
    return unit(np.random.default_rng(7).normal(size=(CLASSES, TEXT_DIM)))


def planted(
    rows: int, seed: int, *, classes: bool = False, encoder: str = "toy", noise: float = 0.1
) -> NativePairs:
    """Features are a fixed linear map of the caption; class scores are its likeness to names."""
    rng = np.random.default_rng(seed)
    texts = unit(rng.normal(size=(rows, TEXT_DIM)))
    plan = np.random.default_rng(1).normal(size=(TEXT_DIM, DIM))
    features = texts @ plan + noise * rng.normal(size=(rows, DIM))
    scores = np.exp(8 * texts @ class_names().T)
    return NativePairs(
        features=features,
        texts=texts,
        units=np.arange(rows),
        keys=np.arange(rows),
        encoder=encoder,
        classifier=CLASSIFIER if classes else None,
        scores=scores / scores.sum(axis=1, keepdims=True) if classes else None,
    )


def hit_at_1(bridge: BridgeMap, modality: Modality, pairs: NativePairs) -> float:
    captions = bridge.encode("text", pairs.texts)
    items = bridge.encode(modality, pairs.features, pairs.scores)
    return float(((captions @ items.T).argmax(axis=1) == np.arange(len(pairs))).mean())


def test_a_planted_map_is_found_for_unseen_units() -> None:
    bridge, _ = learn_bridge(BridgeData({Modality.IMAGE: planted(200, 0)}))

    assert hit_at_1(bridge, Modality.IMAGE, planted(50, 99)) > 0.9


def test_shuffled_captions_teach_nothing() -> None:
    pairs = planted(200, 0)
    order = np.random.default_rng(3).permutation(200)

    bridge, _ = learn_bridge(BridgeData({Modality.IMAGE: replace(pairs, texts=pairs.texts[order])}))

    assert hit_at_1(bridge, Modality.IMAGE, planted(50, 99)) < 0.2


def test_class_names_alone_retrieve_without_training() -> None:
    pairs = planted(50, 0, classes=True)
    data = BridgeData({Modality.AUDIO: pairs}, {CLASSIFIER: class_names()})

    assert hit_at_1(class_name_baseline(data), Modality.AUDIO, planted(50, 99, classes=True)) > 0.6


def test_class_names_know_nothing_of_a_modality_without_classes() -> None:
    data = BridgeData({Modality.AUDIO: planted(50, 0)}, {})

    assert class_name_baseline(data).modalities == (Modality.TEXT,)


def test_an_encoder_that_embeds_text_needs_no_pairs_to_be_compared() -> None:
    rng = np.random.default_rng(0)
    texts = unit(rng.normal(size=(60, TEXT_DIM)))
    shared = texts + 0.05 * rng.normal(size=texts.shape)
    pairs = NativePairs(
        shared, texts, np.arange(60), np.arange(60), encoder="clip-like", shared_at=0
    )

    bridge, choices = learn_bridge(BridgeData({Modality.IMAGE: pairs}))

    assert choices[Modality.IMAGE].classes == 0
    assert hit_at_1(bridge, Modality.IMAGE, pairs) > 0.9


def test_a_shared_block_is_put_where_its_columns_are() -> None:
    rng = np.random.default_rng(0)
    other, own = unit(rng.normal(size=(60, 5))), unit(rng.normal(size=(60, 7)))
    texts = np.hstack([other, own])
    pairs = NativePairs(own, texts, np.arange(60), np.arange(60), encoder="late", shared_at=5)

    bridge = class_name_baseline(BridgeData({Modality.IMAGE: pairs}))

    items = bridge.encode("image", own)
    assert not items[:, :5].any()
    np.testing.assert_allclose(items[:, 5:], own, atol=1e-6)


def test_the_same_seed_gives_the_same_bytes() -> None:
    data = BridgeData({Modality.IMAGE: planted(60, 0, classes=True)}, {CLASSIFIER: class_names()})

    (first, chosen), (second, again) = learn_bridge(data, seed=4), learn_bridge(data, seed=4)

    assert chosen == again
    pairs = planted(20, 5, classes=True)
    np.testing.assert_array_equal(
        first.encode("image", pairs.features, pairs.scores),
        second.encode("image", pairs.features, pairs.scores),
    )


@pytest.mark.parametrize("rows", [1, 2, 9])
@pytest.mark.parametrize("classes", [False, True])
def test_few_pairs_give_finite_unit_vectors(rows: int, classes: bool) -> None:
    pairs = planted(rows, 0, classes=classes)
    data = BridgeData({Modality.VIDEO: pairs}, {CLASSIFIER: class_names()} if classes else {})

    bridge, _ = learn_bridge(data)
    ridge, _ = ridge_baseline(data)

    other = planted(6, 1, classes=classes)
    for found in (bridge, ridge):
        items = found.encode("video", other.features, other.scores)
        assert np.isfinite(items).all()
        assert items.shape == (6, found.dim)


def test_one_unit_and_equal_captions_are_no_error() -> None:
    pairs = replace(planted(30, 0), units=np.zeros(30, np.int64), keys=np.zeros(30, np.int64))

    bridge, choices = learn_bridge(BridgeData({Modality.POINTS: pairs}))

    assert choices[Modality.POINTS].ridge == 1.0
    assert np.isfinite(bridge.encode("points", pairs.features)).all()


def test_nothing_to_learn_from_is_an_input_error() -> None:
    with pytest.raises(InputError, match="captioned"):
        BridgeData({})


def test_an_unknown_modality_is_named() -> None:
    bridge, _ = learn_bridge(BridgeData({Modality.IMAGE: planted(30, 0)}))

    with pytest.raises(InputError, match="audio"):
        bridge.encode("audio", np.zeros((1, DIM)))


def test_missing_class_scores_are_an_input_error() -> None:
    data = BridgeData({Modality.IMAGE: planted(30, 0, classes=True)}, {CLASSIFIER: class_names()})
    bridge, _ = learn_bridge(data)

    with pytest.raises(InputError, match="class scores"):
        bridge.encode("image", np.ones((1, DIM)))


def test_modalities_of_one_encoder_learn_from_each_other() -> None:
    few, many = planted(8, 5, noise=0.5), planted(300, 6)
    judged = planted(60, 99)

    alone, _ = learn_bridge(BridgeData({Modality.POINTS: few}))
    together, _ = learn_bridge(BridgeData({Modality.IMAGE: many, Modality.POINTS: few}))

    assert hit_at_1(together, Modality.POINTS, judged) > hit_at_1(alone, Modality.POINTS, judged)


def test_a_bridge_taken_apart_and_put_together_is_the_same() -> None:
    data = BridgeData({Modality.IMAGE: planted(60, 0, classes=True)}, {CLASSIFIER: class_names()})
    bridge, _ = learn_bridge(data)

    tensors, values = bridge_to_tensors(bridge)
    again = bridge_from_tensors(tensors, values)

    pairs = planted(10, 3, classes=True)
    np.testing.assert_array_equal(
        bridge.encode("image", pairs.features, pairs.scores),
        again.encode("image", pairs.features, pairs.scores),
    )
    np.testing.assert_array_equal(
        bridge.encode("text", pairs.texts), again.encode("text", pairs.texts)
    )


def test_a_bridge_with_a_part_missing_is_told() -> None:
    bridge, _ = learn_bridge(BridgeData({Modality.IMAGE: planted(30, 0)}))
    tensors, values = bridge_to_tensors(bridge)
    del tensors["items.image.mean"]

    with pytest.raises(InputError, match=r"items\.image\.mean"):
        bridge_from_tensors(tensors, values)


def test_first_hit_gain_by_hand() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
    relevant = np.array([[True, False, False], [False, False, True], [True, False, False]])

    gain = first_hit_gain(scores, relevant)

    np.testing.assert_allclose(gain, [1.0, 1 / np.log2(4), 1 / np.log2(3)])
