"""The bridge as it is applied, on numbers that can be followed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.bridge_file import bridge_from_tensors, bridge_to_tensors
from pentad.encoders.bridge_map import BridgeMap, ClassScaling, ItemMap, TextFrame, unit

HALF = 2**-0.5
PLAIN = TextFrame(np.zeros(3), np.zeros((0, 3)), {}, (), 0.0)
NAMES = {"eye": np.array([[1.0, 0, 0], [0, 1, 0]]), "ear": np.array([[1.0, 0, 0], [0, 0, 1]])}


def item(**changes) -> ItemMap:
    """Return a map of two features onto the first two columns of the captions."""
    return replace(
        ItemMap(np.zeros(2), np.array([[1.0, 0, 0], [0, 1, 0]]), None, None, 0.0, 1.0, 0.0),
        **changes,
    )


def scaling(**changes) -> ClassScaling:
    return replace(ClassScaling("eye", 1.0, np.zeros(2), np.ones(2)), **changes)


def test_unit_rows_keep_zero_finite():
    assert unit(np.array([[3.0, 4], [0, 0]])).tolist() == [[0.6, 0.8], [0, 0]]


def test_without_anything_to_take_off_a_caption_is_its_unit_vector():
    assert PLAIN.encode(np.array([[0.0, 3, 4]])) == pytest.approx(np.array([[0, 0.6, 0.8]]))
    assert PLAIN.encode(np.array([[0.0, 3, 4]])).dtype == np.float32
    assert PLAIN.dim == 3


def test_the_center_is_taken_off_before_the_length():
    frame = replace(PLAIN, center=np.array([0.0, 0.6, 0.0]))
    assert frame.encode(np.array([[0.0, 3, 4]])) == pytest.approx(np.array([[0, 0, 1]]))


def test_directions_of_whole_modalities_are_projected_out():
    frame = replace(PLAIN, basis=np.array([[0.0, 1, 0]]))
    assert frame.encode(np.array([[1.0, 7, 1]])) == pytest.approx(np.array([[HALF, 0, HALF]]))


def test_class_names_above_the_threshold_become_columns_of_a_caption():
    frame = replace(PLAIN, anchors=NAMES, spaces=("eye",), threshold=0.5)
    near, far = frame.raw(np.array([[1.0, 0, 0], [0, 0, 1]]))
    assert near == pytest.approx([HALF, 0, 0, HALF, 0])
    assert far == pytest.approx([0, 0, 1, 0, 0])
    assert frame.dim == 5


def test_the_mean_of_captions_is_taken_off_at_the_end():
    frame = replace(PLAIN, offset=np.array([0.0, 0, 0.5]))
    assert frame.encode(np.array([[0.0, 0, 2]])) == pytest.approx(np.array([[0, 0, 1]]))
    assert frame.encode(np.array([[1.0, 0, 0]])) == pytest.approx(
        np.array([[1, 0, -0.5]]) / np.sqrt(1.25)
    )


def test_an_item_goes_where_ridge_sends_it():
    vectors = item().encode(PLAIN, np.array([[0.0, 5], [1, 1]]), None)
    assert vectors == pytest.approx(np.array([[0, 1, 0], [HALF, HALF, 0]]))


def test_the_mean_of_items_is_taken_off_their_unit_features():
    moved = item(mean=np.array([0.0, 1.0])).encode(PLAIN, np.array([[9.0, 0]]), None)
    assert moved == pytest.approx(np.array([[HALF, -HALF, 0]]))


def test_class_scores_go_to_their_names_and_to_their_columns():
    frame = replace(PLAIN, anchors=NAMES, spaces=("eye",), threshold=0.5)
    told = item(ridge=None, classes=scaling(), prior_weight=1.0, ridge_weight=0.0, class_weight=2.0)
    vector = told.raw(frame, np.array([[1.0, 0]]), np.array([[0.0, 0.7]]))[0]
    assert vector == pytest.approx(np.array([0, 1, 0, 0, 2]) / np.sqrt(5))


def test_class_scores_are_raised_centred_and_scaled():
    scaled = scaling(power=0.5, mean=np.array([0.1, 0.2]), scale=np.array([1.0, 2.0]))
    assert scaled.encode(np.array([[0.25, 0.36]])) == pytest.approx(unit(np.array([[0.4, 0.2]])))
    assert np.isfinite(scaled.encode(np.array([[-1e-9, 0.0]]))).all()


def test_a_share_of_the_scores_is_mirrored_into_the_names_of_other_classifiers():
    frame = replace(PLAIN, anchors=NAMES, spaces=("eye", "ear"), threshold=0.5, share=0.25)
    told = item(ridge=None, classes=scaling(), prior_weight=0.0, ridge_weight=0.0, class_weight=1.0)
    vector = told.raw(frame, np.array([[1.0, 0]]), np.array([[1.0, 0.0]]))[0]
    assert vector == pytest.approx(np.array([0, 0, 0, 1, 0, 0.25, 0]) / np.sqrt(1 + 0.25**2))


def test_an_encoder_that_embeds_text_is_compared_in_its_own_block():
    shared = item(ridge=None, shared_at=1, prior_weight=1.0, ridge_weight=0.0)
    assert shared.encode(PLAIN, np.array([[3.0, 4]]), None) == pytest.approx(
        np.array([[0, 0.6, 0.8]])
    )


def test_weights_are_shares():
    frame = replace(PLAIN, anchors=NAMES, spaces=(), threshold=0.5)
    told = item(classes=scaling(), prior_weight=3.0, ridge_weight=4.0)
    vector = told.encode(frame, np.array([[0.0, 1]]), np.array([[1.0, 0.0]]))
    assert vector == pytest.approx(np.array([[0.6, 0.8, 0]]))


def test_scores_that_are_needed_and_missing_are_asked_for():
    told = item(classes=scaling(), prior_weight=1.0)
    with pytest.raises(InputError, match="class scores are needed"):
        told.encode(replace(PLAIN, anchors=NAMES), np.array([[0.0, 1]]), None)


def test_a_modality_without_a_map_is_refused_by_name():
    bridge = BridgeMap(PLAIN, {Modality.IMAGE: item()})
    assert bridge.modalities == ("text", "image")
    with pytest.raises(InputError, match=r"does not map audio; expected text, image"):
        bridge.encode("audio", np.zeros((1, 2)))


def test_no_rows_give_no_rows():
    bridge = BridgeMap(PLAIN, {Modality.IMAGE: item()})
    assert bridge.encode("image", np.zeros((0, 2))).shape == (0, 3)
    assert bridge.encode("text", np.zeros((0, 3))).shape == (0, 3)


def test_a_zero_vector_stays_finite():
    bridge = BridgeMap(replace(PLAIN, anchors=NAMES, spaces=("eye",)), {Modality.IMAGE: item()})
    for modality, width in {"text": 3, "image": 2}.items():
        assert np.isfinite(bridge.encode(modality, np.zeros((2, width)))).all()


def test_a_row_does_not_depend_on_its_company_beyond_rounding():
    rng = np.random.default_rng(0)
    bridge = BridgeMap(PLAIN, {Modality.IMAGE: item()})
    features = rng.normal(size=(50, 2))
    whole = bridge.encode("image", features)
    alone = np.concatenate([bridge.encode("image", row[None]) for row in features])
    assert whole == pytest.approx(alone, abs=1e-6)


def test_a_bridge_survives_being_taken_apart():
    told = item(classes=scaling(), prior_weight=0.5, class_weight=0.25, offset=np.full(5, 0.1))
    frame = replace(PLAIN, anchors=NAMES, spaces=("eye",), threshold=0.5, share=0.1)
    frame = replace(frame, offset=np.full(5, 0.05), basis=np.array([[0.0, 0, 1]]))
    items = {Modality.IMAGE: told, Modality.VIDEO: item(ridge=None, shared_at=1)}
    bridge = BridgeMap(frame, items, {"image": {"prior": 0.5}})
    again = bridge_from_tensors(*bridge_to_tensors(bridge))
    features, scores = np.array([[0.2, 0.9], [1, 0]]), np.array([[0.1, 0.8], [0.5, 0.5]])
    assert again.encode("image", features, scores).tolist() == (
        bridge.encode("image", features, scores).tolist()
    )
    assert again.encode("text", np.eye(3)).tolist() == bridge.encode("text", np.eye(3)).tolist()
    assert again.items[Modality.VIDEO].shared_at == 1
    assert again.items[Modality.VIDEO].ridge is None
    assert again.notes == {"image": {"prior": 0.5}}
