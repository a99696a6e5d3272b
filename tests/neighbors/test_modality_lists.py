from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.neighbors.modality_lists import Asked, csls_lists, modality_lists

TEXT, IMAGE = Modality.TEXT, Modality.IMAGE


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def space():
    rng = np.random.default_rng(0)
    return {TEXT: unit(rng.normal(size=(12, 4))), IMAGE: unit(rng.normal(size=(9, 4)))}


def test_lists_are_those_of_all_cosines_without_the_query_itself(space):
    rows = np.array([3, 0, 7])
    found = modality_lists(Asked(space[TEXT][rows], TEXT, rows), space, 5)
    own = space[TEXT][rows] @ space[TEXT].T
    own[np.arange(3), rows] = -np.inf
    assert found[TEXT].ids.tolist() == np.argsort(-own, axis=1)[:, :5].tolist()
    across = space[TEXT][rows] @ space[IMAGE].T
    assert found[IMAGE].ids.tolist() == np.argsort(-across, axis=1)[:, :5].tolist()


def test_a_query_whose_copies_fill_the_list_is_still_not_in_it():
    same = np.ones((6, 3), dtype=np.float32)
    found = modality_lists(Asked(same[5:], TEXT, np.array([5])), {TEXT: same}, 3)
    assert found[TEXT].ids.tolist() == [[0, 1, 2]]


def test_fewer_items_than_asked_for(space):
    rows = np.arange(12)
    found = modality_lists(Asked(space[TEXT], TEXT, rows), space, 100)
    assert found[TEXT].ids.shape == (12, 11)
    assert found[IMAGE].ids.shape == (12, 9)


def test_a_modality_of_the_query_alone_is_left_out(space):
    alone = {TEXT: space[TEXT][:1], IMAGE: space[IMAGE]}
    asked = Asked(alone[TEXT], TEXT, np.array([0]))
    assert list(modality_lists(asked, alone, 3)) == [IMAGE]


def test_csls_is_the_published_formula(space):
    rows = np.arange(6)
    asked, reference = Asked(space[TEXT][rows], TEXT, rows), Asked(space[TEXT][6:], TEXT, rows + 6)
    found = csls_lists(asked, space, 4, reference=reference, neighborhood=3)
    for modality, part in space.items():
        cosines = asked.vectors.astype(float) @ part.T
        near = reference.vectors.astype(float) @ part.T
        if modality is TEXT:
            cosines[rows, rows] = -np.inf
            near[rows, rows + 6] = -np.inf
        item = np.array(
            [c[np.isfinite(c)][np.argsort(-c[np.isfinite(c)])][:10].mean() for c in near.T]
        )
        query = -np.sort(-cosines, axis=1)[:, :3].mean(axis=1)
        scores = 2 * cosines - item - query[:, None]
        order = np.argsort(-scores, axis=1)[:, :4]
        assert found[modality].ids.tolist() == order.tolist()
        np.testing.assert_allclose(
            found[modality].order, np.take_along_axis(scores, order, 1), atol=2e-6
        )
        np.testing.assert_allclose(
            found[modality].scores, np.take_along_axis(cosines, order, 1), atol=2e-6
        )


def test_mistakes_are_refused(space):
    with pytest.raises(InputError, match="n must be"):
        modality_lists(Asked(space[TEXT], TEXT), space, 0)
    with pytest.raises(InputError, match="reference"):
        csls_lists(Asked(space[TEXT], TEXT), space, 1, reference=Asked(space[TEXT][:0], TEXT))
    broken = space[IMAGE].copy()
    broken[0, 0] = np.nan
    with pytest.raises(InputError, match="finite"):
        modality_lists(Asked(space[TEXT], TEXT), {IMAGE: broken}, 1)
