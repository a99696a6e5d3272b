import numpy as np
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.labelled import LabelledVectors, first_rows, shuffle_labels


def test_captions_of_one_key_are_represented_by_the_lowest_id() -> None:
    text = LabelledVectors.of_captions(
        ["cat", "dog", "cat"], [[1, 1], [2, 2], [3, 3]], ids=[30, 20, 10]
    )
    assert text.modality is Modality.TEXT
    assert text.captions == (("cat",), ("dog",))
    assert text.ids.tolist() == [10, 20]
    assert text.vectors.tolist() == [[3, 3], [2, 2]]


def test_first_rows_of_nothing() -> None:
    assert first_rows([], np.array([], dtype=np.int64)).tolist() == []


def test_items_default_to_no_labels_and_running_ids() -> None:
    items = LabelledVectors.of_items("image", [[1, 0], [0, 1]])
    assert items.ids.tolist() == [0, 1]
    assert items.captions == ((), ())
    assert items.concepts == (None, None)
    assert len(items) == 2


def test_repeated_captions_of_an_item_count_once() -> None:
    items = LabelledVectors.of_items("audio", [[1]], captions=[["a", "b", "a"]])
    assert items.captions == (("a", "b"),)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_vectors_become_float32_unless_they_are_float64(given: type, kept: type) -> None:
    assert LabelledVectors.of_items("image", np.ones((1, 2), given)).vectors.dtype == kept


def test_shuffling_moves_captions_and_concept_together_and_is_seeded() -> None:
    keys = [[f"key {row}"] for row in range(50)]
    concepts = [f"concept {row}" for row in range(50)]
    items = LabelledVectors.of_items("image", np.eye(50), captions=keys, concepts=concepts)
    shuffled = shuffle_labels(items, seed=3)
    assert shuffled.captions != items.captions
    assert sorted(shuffled.captions) == sorted(items.captions)
    pairs = zip(shuffled.captions, shuffled.concepts, strict=True)
    assert all(keys[0][4:] == str(concept)[8:] for keys, concept in pairs)
    assert shuffle_labels(items, seed=3).captions == shuffled.captions
    assert shuffle_labels(items, seed=4).captions != shuffled.captions
    np.testing.assert_array_equal(shuffled.vectors, items.vectors)
    assert items.captions[0] == ("key 0",)


def test_wrong_items_are_refused() -> None:
    with pytest.raises(InputError, match="of_captions"):
        LabelledVectors.of_items("text", [[1]])
    with pytest.raises(UnknownName, match="did you mean 'image'"):
        LabelledVectors.of_items("imag", [[1]])
    with pytest.raises(InputError, match=r"\(rows, dim\)"):
        LabelledVectors.of_items("image", [1, 2])
    with pytest.raises(InputError, match=r"column 'concepts'.*expected 1, got 2"):
        LabelledVectors.of_items("image", [[1]], concepts=["a", "b"])
    with pytest.raises(InputError, match="an id occurs twice"):
        LabelledVectors.of_items("image", [[1], [2]], ids=[4, 4])
    with pytest.raises(InputError, match="the vector of id 9 is not finite"):
        LabelledVectors.of_items("image", [[1.0], [float("nan")]], ids=[4, 9])
    with pytest.raises(InputError, match="ids must be one row of integers"):
        LabelledVectors.of_items("image", [[1]], ids=[0.5])


def test_captions_need_a_key_for_each_vector() -> None:
    with pytest.raises(InputError, match="equally many"):
        LabelledVectors.of_captions(["a"], [[1], [2]])
