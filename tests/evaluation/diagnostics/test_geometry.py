"""Gap, separability, alignment and uniformity, each against a value worked out another way."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.alignment import alignments
from pentad.evaluation.diagnostics.discriminant import fit_discriminant
from pentad.evaluation.diagnostics.gap import mean_cosine, modality_gaps
from pentad.evaluation.diagnostics.separability import separabilities
from pentad.evaluation.diagnostics.space import as_space
from pentad.evaluation.diagnostics.uniformity import even_uniformity, uniformities, uniformity
from tests.evaluation.diagnostics.spaces import labelled, make_space

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO


def test_the_gap_is_the_distance_of_the_centers():
    up = labelled("image", np.array([[0.0, 2.0], [0.0, 5.0]]))
    across = labelled("audio", np.array([[1.0, 0.0], [0.0, 1.0]]))
    (gap,) = modality_gaps(as_space({IMAGE: up, AUDIO: across}))
    assert gap.distance == pytest.approx(0.5**0.5)
    assert gap.cosine == pytest.approx(0.5)
    assert gap.within == pytest.approx((1 + 0) / 2)


def test_the_gap_of_one_cloud_is_that_of_its_control():
    together = modality_gaps(as_space(make_space(per=40, gap=0.0)))[0]
    apart = modality_gaps(as_space(make_space(per=40, gap=2.0)))[0]
    assert together.distance < 2 * together.control
    assert apart.distance > 5 * apart.control


def test_a_single_vector_has_no_cosine_with_another():
    one = {IMAGE: labelled("image", np.eye(2)[:1]), AUDIO: labelled("audio", np.eye(2)[1:])}
    (gap,) = modality_gaps(as_space(one))
    assert gap.within is None
    assert gap.distance == pytest.approx(2**0.5)
    assert mean_cosine(np.zeros((2, 2), np.float32)) == 0


def test_lda_finds_the_side_of_a_plane():
    rows = np.array([[-1.0, 0], [-2, 1], [1, 0], [2, -1]])
    found = fit_discriminant(rows, np.array([0, 0, 1, 1]), 2)
    assert found.predict(rows).tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(found.predict(np.array([[-9.0, 0], [9.0, 0]])), [0, 1])


def test_modalities_that_lie_apart_are_told_apart_and_others_are_not():
    apart, *_ = separabilities(as_space(make_space(classes=20, gap=2.0)))
    together, *_ = separabilities(as_space(make_space(classes=20, gap=0.0, noise=0.05)))
    assert apart.modalities == (TEXT, IMAGE, AUDIO)
    assert apart.chance == pytest.approx(1 / 3)
    assert apart.accuracy > 0.95
    assert 0 <= apart.low <= apart.accuracy <= apart.high <= 1
    assert abs(apart.control - 1 / 3) < 0.15
    assert together.accuracy < 0.55


def test_modalities_of_unequal_size_weigh_the_same():
    space = make_space(("image", "audio"), classes=20)
    few = space[AUDIO]
    small = labelled(
        "audio", few.vectors[::5], [k[0] for k in few.captions[::5]], few.concepts[::5]
    )
    (found,) = separabilities(as_space({IMAGE: space[IMAGE], AUDIO: small}))
    assert found.accuracy < 0.7  # to say image always would be right in 5 of 6 cases


def test_one_unit_leaves_nothing_to_hold_out():
    assert separabilities(as_space(make_space(classes=1))) == ()


def test_alignment_is_the_mean_squared_distance_of_native_pairs():
    text = labelled("text", np.array([[1.0, 0.0], [0.0, 1.0]]), ["a", "b"])
    image = labelled("image", np.array([[0.0, 3.0], [0.0, 1.0]]), ["a", "b"], ["x", "y"])
    (found,) = alignments(as_space({TEXT: text, IMAGE: image}))
    assert found.value == pytest.approx((2 + 0) / 2)
    assert found.control == pytest.approx((2 + 2 + 0 + 0) / 4)
    assert found.pairs == 2
    assert found.low <= found.value <= found.high


def test_without_text_or_pairs_there_is_no_alignment():
    assert alignments(as_space(make_space(("image", "audio")))) == ()
    text = labelled("text", np.eye(2), ["a", "b"])
    image = labelled("image", np.eye(2), ["c", "d"], ["x", "y"])
    assert alignments(as_space({TEXT: text, IMAGE: image})) == ()


def test_uniformity_is_that_of_all_pairs():
    rows = as_space(make_space(("image",)))[IMAGE].vectors
    wide = rows.astype(float)
    squares = ((wide[:, None] - wide[None]) ** 2).sum(-1)[np.triu_indices(len(rows), 1)]
    assert uniformity(rows) == pytest.approx(np.log(np.exp(-2 * squares).mean()), rel=1e-9)


def test_uniformity_of_one_point_is_zero_and_of_an_even_sphere_the_closed_form():
    assert uniformity(np.tile(np.float32([0.6, 0.8]), (5, 1))) == pytest.approx(0, abs=1e-6)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert uniformity(rows.astype(np.float32)) == pytest.approx(even_uniformity(3), abs=0.02)
    assert even_uniformity(1) == pytest.approx(np.log((1 + np.exp(-8)) / 2))
    assert even_uniformity(100_000) == pytest.approx(-4, abs=1e-3)


def test_uniformity_says_when_it_looked_at_a_sample():
    space = as_space(make_space(("image", "audio"), per=20))
    found = uniformities(space, most=30)
    assert [(u.modality, u.n, u.of) for u in found] == [
        (IMAGE, 30, 80), (AUDIO, 30, 80), (None, 30, 160)
    ]  # fmt: skip
    with pytest.raises(InputError, match="two vectors"):
        uniformity(np.eye(1, dtype=np.float32))
