from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.embeddings.ids import as_ids, ascends, ordered_ids


def test_ids_take_the_smallest_type_and_keep_their_order():
    assert as_ids(np.array([3, 1])).dtype == np.uint32
    assert as_ids(np.array([3, 1])).tolist() == [3, 1]
    assert as_ids(np.array([2**32 - 1])).dtype == np.uint32
    assert as_ids(np.array([2**32])).dtype == np.uint64
    assert as_ids(np.array([2**64 - 1, 0], np.uint64)).tolist() == [2**64 - 1, 0]
    assert as_ids(np.array([])).dtype == np.uint32


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([0.5], "ids must be integers; got float64"),
        (["a"], "ids must be integers"),
        ([1, -2], "ids must not be negative; got -2"),
        ([4, 1, 4], "an id is there twice; got 4"),
    ],
)
def test_what_is_no_id_is_refused(numbers, message):
    with pytest.raises(InputError, match=message):
        as_ids(np.array(numbers))


def test_the_order_in_which_ids_ascend():
    order, ids = ordered_ids([7, 2, 5], 3)
    assert order.tolist() == [1, 2, 0]
    assert ids.tolist() == [2, 5, 7]
    assert ascends(ids)
    assert not ascends(ids[::-1])
    assert ordered_ids(None, 2)[1].tolist() == [0, 1]
    with pytest.raises(InputError, match="one id a row"):
        ordered_ids([1], 2)
