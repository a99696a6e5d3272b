from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError, SpaceMismatch, StoreError, UnknownName
from pentad.embeddings.embeddings import (
    Embeddings,
    concatenate,
    find_rows,
    require_same_space,
    unit_rows,
)

ROWS = [[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]]


def of(vectors, **options) -> Embeddings:
    return Embeddings.from_array(vectors, **{"modality": "image", "space": "toy", **options})


def test_rows_get_the_ids_0_to_n():
    made = of(ROWS)
    assert made.ids.tolist() == [0, 1, 2]
    assert (made.ids.dtype, made.vectors.dtype) == (np.uint32, np.float32)
    assert (len(made), made.dim, made.modality, made.space) == (3, 2, "image", "toy")


def test_rows_are_brought_into_the_order_of_their_ids():
    made = of(ROWS, ids=[7, 2, 5])
    assert made.ids.tolist() == [2, 5, 7]
    assert made.vectors.tolist() == [[0.0, 0.0], [1.0, 0.0], [3.0, 4.0]]


def test_half_precision_stays_and_everything_else_becomes_single():
    assert of(np.zeros((2, 3), np.float16)).vectors.dtype == np.float16
    assert of(np.ones((2, 3), np.int64)).vectors.dtype == np.float32
    assert of(np.ones((2, 3), np.float64)).vectors.dtype == np.float32


def test_ids_beyond_32_bits_are_kept():
    assert of([[1.0]], ids=[2**40]).ids.tolist() == [2**40]


def test_no_rows_are_allowed():
    assert len(of(np.zeros((0, 4)))) == 0


@pytest.mark.parametrize(
    ("vectors", "ids", "message"),
    [
        ([1.0, 2.0], None, "vectors must be a matrix"),
        (np.zeros((2, 2, 2)), None, "vectors must be a matrix"),
        ([[1.0, np.nan]], None, "vectors must be finite"),
        ([[1.0, 0.0], [np.inf, 0.0]], None, "vectors must be finite"),
        (ROWS, [1, 1, 2], "ids must ascend without repeats"),
        (ROWS, [1, -1, 2], "ids must not be negative"),
        (ROWS, [1.0, 2.0, 3.0], "ids must be integers"),
        (ROWS, [1, 2], "one id a vector"),
    ],
)
def test_what_is_no_set_of_vectors_is_refused(vectors, ids, message):
    with pytest.raises(InputError, match=message):
        of(vectors, ids=ids)


def test_numbers_beyond_single_precision_are_refused_as_not_finite():
    with pytest.raises(InputError, match="vectors must be finite"):
        of([[1e300, 0.0]])


def test_the_row_that_is_not_finite_is_named():
    with pytest.raises(InputError) as caught:
        of([[1.0, 0.0], [0.0, np.nan]])
    assert caught.value.row == 1


def test_an_unknown_modality_is_told_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'image'"):
        of(ROWS, modality="imge")


def test_unit_rows_have_length_1_and_zero_stays_zero():
    assert of(ROWS).unit() == pytest.approx(np.array([[0.6, 0.8], [0, 0], [1, 0]]))
    assert unit_rows(np.array([[60000, 60000]], np.float16)) == pytest.approx(2**-0.5)


def test_take_gives_present_rows_in_id_order():
    taken = of(ROWS, ids=[5, 7, 9]).take([9, 5, 1000])
    assert taken.ids.tolist() == [5, 9]
    assert taken.vectors.tolist() == [[3.0, 4.0], [1.0, 0.0]]


def test_what_is_saved_is_read_back(tmp_path):
    made = of(ROWS, ids=[5, 7, 9])
    made.save(tmp_path / "e")
    read = Embeddings.load(tmp_path / "e")
    assert read.vectors.tolist() == made.vectors.tolist()
    assert read.ids.tolist() == [5, 7, 9]
    assert (read.modality, read.space, read.fingerprint) == ("image", "toy", made.fingerprint)


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        of(ROWS).save(tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@pytest.mark.parametrize("name", ["vectors.npy", "ids.npy", "embeddings.json"])
def test_an_incomplete_folder_is_refused(tmp_path, name):
    of(ROWS).save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(StoreError, match="no complete embeddings here"):
        Embeddings.load(tmp_path)


def test_the_fingerprint_depends_on_space_ids_and_vectors():
    prints = {
        of(ROWS).fingerprint,
        of(ROWS, space="other").fingerprint,
        of(ROWS, ids=[1, 2, 3]).fingerprint,
        of([[3.0, 4.0], [0.0, 0.0], [1.0, 1.0]]).fingerprint,
    }
    assert len(prints) == 4
    assert of(ROWS).fingerprint == of(ROWS).fingerprint


def test_two_spaces_are_never_compared_or_joined():
    with pytest.raises(SpaceMismatch, match=r"'toy' and space 'other'"):
        require_same_space(of(ROWS), of(ROWS, space="other"))
    with pytest.raises(SpaceMismatch):
        concatenate([of(ROWS), of(ROWS, space="other", ids=[7, 8, 9])])


def test_parts_are_joined_in_id_order():
    joined = concatenate([of([[1.0], [3.0]], ids=[1, 3]), of([[2.0]], ids=[2])])
    assert joined.ids.tolist() == [1, 2, 3]
    assert joined.vectors.tolist() == [[1.0], [2.0], [3.0]]


def test_long_ids_are_found_exactly_whatever_type_asks_for_them():
    base = 1 << 60  # as floats, neighbors here would be equal
    made = of(ROWS, ids=np.arange(3, dtype=np.uint64) + base)
    wanted = np.array([base + 1, -1, base + 7], dtype=np.int64)
    rows, there = find_rows(made.ids, wanted)
    assert (rows.tolist(), there.tolist()) == ([1, 0, 0], [True, False, False])
    assert made.take(wanted).vectors.tolist() == [[0.0, 0.0]]
    assert len(made.take([])) == 0


@pytest.mark.parametrize("wanted", [[0.5], ["a"], [True]])
def test_only_integers_are_ids(wanted):
    with pytest.raises(InputError, match="ids must be integers"):
        of(ROWS).take(wanted)
