"""Texts in two flat files are the texts that went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pentad.core.errors import StoreError
from pentad.sources.emm1.strings import open_strings, write_strings

TEXTS = ["", "a", "café 犬", "x" * 5000, "\n", ""]


def written(tmp_path: Path, *parts: pa.Array) -> tuple[Path, Path]:
    places = tmp_path / "o.npy", tmp_path / "s.bin"
    assert write_strings(iter(parts), *places) == sum(map(len, parts))
    return places


@pytest.mark.parametrize("whole", [False, True])
def test_round_trip(tmp_path: Path, whole: bool):
    places = written(tmp_path, pa.array(TEXTS), pa.array(TEXTS).slice(2, 3))
    found = open_strings(*places, whole=whole)
    assert found.array.to_pylist() == TEXTS + TEXTS[2:5]
    assert found.take(np.array([3, -1, 0])).to_pylist() == ["x" * 5000, None, ""]


def test_nothing_at_all(tmp_path: Path):
    assert open_strings(*written(tmp_path)).array.to_pylist() == []
    assert open_strings(*written(tmp_path, pa.array(["", ""]))).array.to_pylist() == ["", ""]


def test_large_takes_hand_pages_back_and_still_read_right(tmp_path: Path):
    texts = [f"caption {i}" for i in range(20_000)]
    found = open_strings(*written(tmp_path, pa.array(texts)))
    rows = np.random.default_rng(0).permutation(20_000)[:9000]
    for _ in range(2):
        assert found.take(rows).to_pylist() == [texts[i] for i in rows]


def test_files_that_do_not_fit(tmp_path: Path):
    offsets, data = written(tmp_path, pa.array(TEXTS))
    data.write_bytes(data.read_bytes()[:10])
    with pytest.raises(StoreError, match="does not fit"):
        open_strings(offsets, data)
    data.unlink()
    with pytest.raises(StoreError, match="run the conversion again"):
        open_strings(offsets, data)
