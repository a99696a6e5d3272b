from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import StoreError
from pentad.embeddings.stacked import StackedRows
from pentad.neighbors.grid.stored import HeldRows, JoinedRows, MappedRows, stored_rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "v.npy", np.arange(60, dtype=np.float32).reshape(20, 3))
    return tmp_path / "v.npy"


def test_rows_of_a_mapped_file_travel_as_their_place(file: Path) -> None:
    mapped = np.load(file, mmap_mode="r")
    for view, start in ((mapped, 0), (mapped[4:], 4), (np.asarray(mapped)[2:15][1:], 3)):
        sent = stored_rows(view, 2, 7)
        assert isinstance(sent, MappedRows)
        assert len(pickle.dumps(sent)) < 500
        np.testing.assert_array_equal(sent.open(), np.load(file)[start + 2 : start + 7])


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_what_was_changed_in_memory_arrives(file: Path, mode: str) -> None:
    mapped = np.load(file, mmap_mode=mode)
    mapped[3] = 7
    sent = stored_rows(mapped, 3, 5)
    assert isinstance(sent, MappedRows if mode == "r+" else HeldRows)
    np.testing.assert_array_equal(sent.open(), [[7, 7, 7], [12, 13, 14]])


def test_other_arrays_travel_themselves(file: Path) -> None:
    mapped = np.load(file, mmap_mode="r")
    for array in (np.load(file), mapped[:, 1:], mapped[::2], mapped * 1):
        sent = stored_rows(array, 1, 4)
        assert isinstance(sent, HeldRows)
        assert type(sent.rows) is np.ndarray
        np.testing.assert_array_equal(sent.open(), array[1:4])
    assert isinstance(stored_rows(mapped, 4, 4), HeldRows)  # an empty run cannot be mapped


def test_rows_of_several_files(file: Path) -> None:
    other = file.with_name("w.npy")
    np.save(other, -np.load(file))
    stacked = StackedRows([np.load(path, mmap_mode="r") for path in (file, other)])
    whole = np.asarray(stacked)
    for start, stop, kind in ((0, 20, MappedRows), (15, 24, JoinedRows), (22, 40, MappedRows)):
        sent = stored_rows(stacked, start, stop)
        assert isinstance(sent, kind)
        assert len(pickle.dumps(sent)) < 1000
        np.testing.assert_array_equal(sent.open(), whole[start:stop])
    assert stored_rows(stacked, 40, 40).open().shape == (0, 3)


def test_a_file_that_a_worker_does_not_find(file: Path) -> None:
    sent = stored_rows(np.load(file, mmap_mode="r"), 10, 20)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"v\.npy: is shorter than it was"):
        sent.open()
    file.unlink()
    with pytest.raises(StoreError, match=r"v\.npy: cannot be read by a worker \(No such file"):
        sent.open()
