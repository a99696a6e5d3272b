import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.training.data import TrainingData

TEXT, IMAGE = Modality.TEXT, Modality.IMAGE
ROWS = np.eye(3, dtype=np.float32)
KEYS = np.arange(3)
NO_GROUPS = np.empty((0, 2), dtype=np.int64)


def test_columns_follow_the_vectors() -> None:
    data = TrainingData({IMAGE: ROWS, TEXT: ROWS}, NO_GROUPS, {}, KEYS)
    assert data.modalities == (IMAGE, TEXT)
    assert data.dim == 3


def test_missing_items_and_vectors_of_zeros_are_allowed() -> None:
    rows = ROWS.copy()
    rows[1] = 0
    TrainingData(
        {TEXT: ROWS, IMAGE: rows}, np.array([[0, -1], [-1, 2]]), {IMAGE: np.array([[0, 1]])}, KEYS
    )


def bad(value: float) -> np.ndarray:
    rows = ROWS.copy()
    rows[2, 1] = value
    return rows


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"vectors": {IMAGE: ROWS}}, "captions"),
        ({"vectors": {TEXT: ROWS, IMAGE: bad(np.nan)}}, "not finite"),
        ({"vectors": {TEXT: bad(np.inf), IMAGE: ROWS}}, "not finite"),
        ({"vectors": {TEXT: ROWS, IMAGE: bad(1.0)}}, "not of length 1"),
        ({"vectors": {TEXT: ROWS, IMAGE: ROWS[:, :2]}}, "differ in length"),
        ({"vectors": {TEXT: ROWS, IMAGE: ROWS.astype(np.float64)}}, "float32"),
        ({"groups": np.zeros((1, 3), np.int64)}, "groups are not"),
        ({"groups": np.zeros((1, 2), np.int32)}, "int64"),
        ({"groups": np.array([[0, 0], [0, 3]])}, "row 1, column 1"),
        ({"groups": np.array([[-2, 0]])}, "-1..2"),
        ({"pairs": {IMAGE: np.array([[0, -1]])}}, "row 0, column 1"),
        ({"pairs": {IMAGE: np.array([0, 1])}}, "pairs of image"),
        ({"pairs": {TEXT: np.array([[0, 0]])}}, "no items"),
        ({"pairs": {Modality.AUDIO: np.array([[0, 0]])}}, "no items"),
        ({"caption_keys": np.arange(2)}, "one number a caption"),
        ({"ranks": np.arange(2)}, "one number a group"),
        ({"groups": np.array([[0, 0]]), "ranks": np.array([0])}, "count from 1"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, object], said: str) -> None:
    good = {
        "vectors": {TEXT: ROWS, IMAGE: ROWS},
        "groups": NO_GROUPS,
        "pairs": {},
        "caption_keys": KEYS,
    }
    with pytest.raises(InputError, match=said):
        TrainingData(**{**good, **arguments})  # type: ignore[arg-type]
