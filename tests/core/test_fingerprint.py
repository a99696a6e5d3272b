from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.core.fingerprint import (
    canonical_json,
    fingerprint_array,
    fingerprint_bytes,
    fingerprint_file,
    fingerprint_value,
)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_a_file_has_the_fingerprint_of_its_bytes(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert fingerprint_file(tmp_path / "a") == fingerprint_bytes(b"x" * size)


def test_an_array_counts_with_dtype_and_shape() -> None:
    array = np.arange(6, dtype=np.float32)
    others = [array.astype(np.float64), array.reshape(2, 3), array.reshape(3, 2), array[:0]]
    assert len({fingerprint_array(a) for a in [array, *others]}) == 5


def test_an_array_counts_by_value_and_not_by_layout() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert fingerprint_array(np.asfortranarray(array)) == fingerprint_array(array)
    assert fingerprint_array(np.arange(12, dtype=np.float32).reshape(2, 6)[:, ::2]) == (
        fingerprint_array(np.array([[0, 2, 4], [6, 8, 10]], dtype=np.float32))
    )


def test_arrays_without_dimensions_or_items() -> None:
    assert len(fingerprint_array(np.array(3))) == 64
    assert len(fingerprint_array(np.empty((0, 3)))) == 64


def test_equal_values_have_equal_json() -> None:
    assert canonical_json({"b": 1, "a": [1.5, None, "ä"]}) == '{"a":[1.5,null,"ä"],"b":1}'
    assert fingerprint_value({"a": 1, "b": 2}) == fingerprint_value({"b": 2, "a": 1})
    assert fingerprint_value([1, 2]) != fingerprint_value([2, 1])


def test_no_number_has_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
