from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.directions import all_directions
from pentad.evaluation.diagnostics.same_modality import score_same_modality
from pentad.evaluation.diagnostics.space import as_space
from tests.evaluation.diagnostics.spaces import labelled, make_space

TEXT, IMAGE = Modality.TEXT, Modality.IMAGE


def image(rows, concepts):
    return as_space({IMAGE: labelled("image", np.array(rows, float), None, concepts)})[IMAGE]


def test_an_item_never_finds_itself():
    part = image([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], ["a", "b", "a", "b"])
    found = score_same_modality(part, ["hit@1"])
    assert found.values.tolist() == [[0, 0, 0, 0]]
    assert found.pool == 3
    assert found.chance[0].tolist() == pytest.approx([1 / 3] * 4)
    near = score_same_modality(image([[1, 0], [0.9, 0.1], [0, 1]], ["a", "a", "b"]), ["hit@1"])
    assert near.values.tolist() == [[1, 1]]
    assert near.excluded == 1


def test_scores_are_those_of_a_search_by_hand():
    part = as_space(make_space(("image",), noise=0.6))[IMAGE]
    found = score_same_modality(part, ["hit@1", "hit@5", "map@10"])
    scores = part.vectors.astype(float) @ part.vectors.T
    np.fill_diagonal(scores, -np.inf)
    concepts = np.array(part.concepts)
    for row, order in enumerate(np.argsort(-scores, axis=1)):
        relevant = concepts[order[:10]] == concepts[row]
        precision = np.cumsum(relevant) / np.arange(1, 11)
        expected = [float(relevant[0]), float(relevant[:5].any()), (precision * relevant).sum() / 5]
        assert found.values[:, row].tolist() == pytest.approx(expected)


def test_equal_vectors_score_what_chance_does_whatever_their_order():
    part = image(np.ones((6, 3)), list("aaabbb"))
    found = score_same_modality(part, ["hit@1", "hit@2", "map@5"])
    np.testing.assert_allclose(found.values, found.chance, atol=1e-12)
    assert found.chance[0].tolist() == pytest.approx([2 / 5] * 6)


def test_vectors_of_one_value_and_zero_vectors():
    part = image([[2.0], [5.0], [-1.0], [0.0]], ["a", "a", "b", "b"])
    found = score_same_modality(part, ["hit@1"])
    assert found.values.tolist() == [[1, 1, 1, pytest.approx(1 / 3)]]


def test_items_without_a_concept_are_in_the_way_and_do_not_search():
    part = image([[1, 0], [0.8, 0.6], [0.99, 0.1]], ["a", "a", None])
    found = score_same_modality(part, ["hit@1", "hit@2"])
    assert found.values.tolist() == [[0, 0], [1, 1]]
    assert (found.excluded, found.pool) == (1, 2)


def test_without_two_of_a_concept_there_is_nothing_to_score():
    with pytest.raises(InputError, match="no two items share a concept"):
        score_same_modality(image([[1, 0], [0, 1]], ["a", "b"]), ["hit@1"])


def test_three_modalities_have_nine_directions_and_five_have_twenty_five():
    made = make_space()
    scores, skipped = all_directions(made, as_space(made), ["hit@1"])
    assert len({(s.query, s.corpus) for s in scores}) == 9
    assert skipped == ()
    made = make_space(tuple(Modality))
    scores, _ = all_directions(made, as_space(made), ["hit@1"])
    assert len({(s.query, s.corpus) for s in scores}) == 25


def test_what_cannot_be_scored_is_told():
    made = {IMAGE: labelled("image", np.eye(3), None, [None] * 3)}
    scores, skipped = all_directions(made, as_space(made), ["hit@1"])
    assert scores == ()
    assert [s.what for s in skipped] == ["image -> image"]
    made = {TEXT: labelled("text", np.eye(3), list("xyz")), **made}
    scores, skipped = all_directions(made, as_space(made), ["hit@1"])
    assert scores == ()
    assert [s.what for s in skipped] == ["between modalities", "text -> text", "image -> image"]
