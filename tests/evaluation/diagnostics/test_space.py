from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.space import as_space, concept_codes
from pentad.evaluation.labelled import LabelledVectors
from tests.evaluation.diagnostics.spaces import labelled, make_space

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO


def test_rows_have_length_one_however_long_they_were_and_zeros_stay():
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [1e-30, 0.0], [1e300, 1e300]])
    part = as_space({IMAGE: labelled("image", rows)})[IMAGE]
    expected = [[0.6, 0.8], [0, 0], [1, 0], [0.5**0.5, 0.5**0.5]]
    np.testing.assert_allclose(part.vectors, expected, atol=1e-7)
    assert part.zeros == 1


def test_a_caption_has_the_concept_and_unit_of_its_items():
    space = as_space(make_space(classes=2, per=2))
    assert space[TEXT].concepts == ("c0", "c0", "c1", "c1")
    assert space[TEXT].units.tolist() == space[IMAGE].units.tolist() == [0, 0, 1, 1]
    assert concept_codes(space)[AUDIO].tolist() == [0, 0, 1, 1]


def test_items_without_labels_are_units_of_their_own():
    found = {
        IMAGE: LabelledVectors.of_items("image", np.eye(2)),
        AUDIO: LabelledVectors.of_items("audio", np.eye(2)),
    }
    space = as_space(found)
    assert len({*space[IMAGE].units.tolist(), *space[AUDIO].units.tolist()}) == 4
    assert space[IMAGE].concepts == (None, None)
    assert concept_codes(space)[IMAGE].tolist() == [-1, -1]


def test_a_sample_depends_on_the_seed_and_its_use_alone():
    part = as_space(make_space(per=50))[IMAGE]
    assert part.sample(500, 0, "a").tolist() == list(range(200))
    drawn = part.sample(20, 0, "a")
    assert len(set(drawn.tolist())) == 20
    assert (np.diff(drawn) > 0).all()
    assert np.array_equal(drawn, part.sample(20, 0, "a"))
    assert not np.array_equal(drawn, part.sample(20, 0, "b"))


def test_what_is_no_space_is_refused():
    with pytest.raises(InputError, match="no vectors"):
        as_space({})
    with pytest.raises(InputError, match="no vectors"):
        as_space({IMAGE: labelled("image", np.empty((0, 3)))})
    with pytest.raises(InputError, match="wrong modality"):
        as_space({AUDIO: labelled("image", np.eye(2))})
    with pytest.raises(InputError, match="one length"):
        as_space({IMAGE: labelled("image", np.eye(2)), AUDIO: labelled("audio", np.eye(3))})
    with pytest.raises(InputError, match="not finite"):
        labelled("image", np.array([[np.nan]]))
    left = LabelledVectors.of_items("image", np.eye(2), space="one")
    right = LabelledVectors.of_items("audio", np.eye(2), space="two")
    with pytest.raises(SpaceMismatch, match=r"one.*two"):
        as_space({IMAGE: left, AUDIO: right})
