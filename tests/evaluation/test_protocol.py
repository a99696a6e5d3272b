import numpy as np
import pytest

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality
from pentad.evaluation.labelled import LabelledVectors
from pentad.evaluation.protocol import items_to_items, items_to_text, text_to_items
from pentad.evaluation.retrieval import RetrievalTask

TEXT = LabelledVectors.of_captions(
    ["dog", "cat", "pet", "rain"], [[4, 0], [3, 0], [2, 0], [1, 0]], ids=[1, 2, 3, 4]
)
IMAGES = LabelledVectors.of_items(
    "image",
    [[1, 1], [2, 2], [3, 3], [4, 4]],
    ids=[10, 11, 12, 13],
    captions=[["dog", "pet"], ["cat", "pet"], [], ["unseen"]],
    concepts=["dogs", "cats", "cats", None],
)
SOUNDS = LabelledVectors.of_items(
    "audio", [[5, 5], [6, 6], [7, 7]], captions=[["rain"], [], []], concepts=["cats", "rain", None]
)


def relevant(task: RetrievalTask) -> dict[object, list[int]]:
    entries = task.relevance.entries()
    found: dict[object, list[int]] = {query: [] for query in task.queries.tolist()}
    for query, column in zip(entries.queries, entries.columns.tolist(), strict=True):
        found[task.queries[query]].append(column)
    return found


def test_a_caption_finds_all_items_that_have_it() -> None:
    task = text_to_items(TEXT, IMAGES)
    assert (task.query, task.corpus, task.relevant_by) == (Modality.TEXT, Modality.IMAGE, "caption")
    assert relevant(task) == {"cat": [1], "dog": [0], "pet": [0, 1]}
    assert task.query_vectors[:, 0].tolist() == [3, 4, 2]
    assert task.corpus_vectors is IMAGES.vectors
    assert task.missing == 1  # "unseen" has no vector; "rain" is no caption of an image


def test_captions_cluster_with_the_concept_of_their_items() -> None:
    # in the order cat, dog, pet; "pet" has one item of each concept and goes with "cats"
    assert text_to_items(TEXT, IMAGES).units.tolist() == [0, 1, 0]


def test_an_item_finds_its_own_captions_among_those_of_its_modality() -> None:
    task = items_to_text(IMAGES, TEXT)
    assert (task.query, task.corpus, task.relevant_by) == (Modality.IMAGE, Modality.TEXT, "caption")
    assert relevant(task) == {10: [1, 2], 11: [0, 2], 12: [], 13: []}
    assert task.corpus_vectors[:, 0].tolist() == [3, 4, 2]
    assert task.usable.tolist() == [0, 1]
    assert len(set(task.units.tolist())) == 3  # cats, dogs, and the caption of item 13


def test_an_item_finds_the_items_of_its_concept() -> None:
    task = items_to_items(IMAGES, SOUNDS)
    assert (task.query, task.corpus, task.relevant_by) == (
        Modality.IMAGE,
        Modality.AUDIO,
        "concept",
    )
    assert relevant(task) == {10: [], 11: [0], 12: [0], 13: []}
    assert task.relevance.corpus_size == 3  # the sound without a concept stays in the way
    assert task.units[1] == task.units[2]


def test_a_task_does_not_depend_on_the_order_of_captions_in_an_item() -> None:
    turned = LabelledVectors.of_items(
        "image",
        IMAGES.vectors,
        ids=IMAGES.ids,
        captions=[keys[::-1] for keys in IMAGES.captions],
        concepts=IMAGES.concepts,
    )
    one, other = text_to_items(TEXT, IMAGES), text_to_items(TEXT, turned)
    assert relevant(one) == relevant(other)
    np.testing.assert_array_equal(one.units, other.units)


def test_modalities_that_have_no_such_direction_are_refused() -> None:
    with pytest.raises(InputError, match="image -> image"):
        items_to_items(IMAGES, IMAGES)
    with pytest.raises(InputError, match="text -> image"):
        items_to_items(TEXT, IMAGES)
    with pytest.raises(InputError, match="audio and image"):
        text_to_items(SOUNDS, IMAGES)
    with pytest.raises(InputError, match="text and text"):
        items_to_text(TEXT, TEXT)


def test_vectors_that_cannot_be_compared_are_refused() -> None:
    longer = LabelledVectors.of_items("audio", np.ones((1, 3)))
    with pytest.raises(InputError, match="image and audio have vectors of other lengths"):
        items_to_items(IMAGES, longer)
    here = LabelledVectors.of_items("audio", [[1, 2]], space="clap")
    there = LabelledVectors.of_captions(["a"], [[1, 2]], space="clip")
    with pytest.raises(SpaceMismatch, match=r"'clip' and space 'clap'"):
        text_to_items(there, here)
