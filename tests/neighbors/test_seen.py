"""Digests of rows, and what was seen as a table."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import SchemaMismatch
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors import digests as module
from pentad.neighbors.digests import row_digests
from pentad.neighbors.seen import Seen

SIZES = st.integers(1, 13)
DTYPES = st.sampled_from([np.float16, np.float32])


def side(modality, vectors, **options):
    return Embeddings.from_array(vectors, modality=modality, space="toy", **options)


def rows_of_bytes(rows, values, dtype, seed=0):
    size = values * np.dtype(dtype).itemsize
    return np.random.default_rng(seed).integers(0, 256, (rows, size), np.uint8).view(dtype)


@given(values=SIZES, dtype=DTYPES, seed=st.integers(0, 99), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_bit_counts_and_only_in_its_own_row(values, dtype, seed, data):
    vectors = rows_of_bytes(4, values, dtype, seed)
    before = row_digests(vectors)
    changed = vectors.copy().view(np.uint8)
    row = data.draw(st.integers(0, 3))
    place = data.draw(st.integers(0, changed.shape[1] - 1))
    changed[row, place] ^= 1 << data.draw(st.integers(0, 7))
    assert np.flatnonzero(row_digests(changed.view(dtype)) != before).tolist() == [row]


@given(values=st.integers(8, 40), dtype=DTYPES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_changes_at_several_places_do_not_cancel(values, dtype, data):
    vector = np.random.default_rng(values).standard_normal((1, values)).astype(dtype)
    places = data.draw(st.sets(st.integers(0, values - 1), min_size=2))
    changed = vector.copy()
    changed[:, list(places)] *= -1
    swapped = vector.copy()
    swapped[:, [0, values - 1]] = swapped[:, [values - 1, 0]]
    found = {int(row_digests(rows)[0]) for rows in (vector, changed, swapped, vector * 2)}
    assert len(found) == 4


def test_rows_of_zeros_of_other_types_and_lengths_have_other_digests():
    kinds = [(dtype, values) for dtype in (np.float16, np.float32) for values in range(1, 20)]
    found = {int(row_digests(np.zeros((1, values), dtype))[0]) for dtype, values in kinds}
    assert len(found) == len(kinds)


def test_stored_digests_stay_valid():
    vectors = np.arange(6, dtype="<f4").reshape(2, 3)
    assert row_digests(vectors).tolist() == [13251825350041079883, 2704102261367122631]


@pytest.mark.parametrize("values", [4, 5])
def test_bytes_count_and_not_where_they_lie(values, tmp_path, monkeypatch):
    vectors = rows_of_bytes(50, values, np.float16)
    expected = row_digests(vectors)
    np.save(tmp_path / "rows.npy", vectors)
    odd = np.empty(vectors.nbytes + 2, np.uint8)[2:].view(np.float16).reshape(vectors.shape)
    odd[:] = vectors
    wide = np.repeat(vectors, 2, axis=1)[:, ::2]
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    monkeypatch.setattr(module, "_BLOCK", 64)
    for rows in (vectors, odd, wide, mapped, np.asfortranarray(vectors)):
        np.testing.assert_array_equal(row_digests(rows), expected)


def test_no_rows_and_no_values():
    assert row_digests(np.empty((0, 4), np.float16)).tolist() == []
    assert len(set(row_digests(np.empty((3, 0), np.float16)).tolist())) == 1


@pytest.mark.parametrize("ids", [[3, 7], [3, 2**40]])
def test_what_was_seen_comes_back_from_a_table(ids):
    seen = Seen.of(side("text", np.eye(3)), side("audio", np.eye(2), ids=ids))
    frame = seen.frame()
    assert frame.columns == ["side", "id", "digest"]
    assert frame["side"].to_list() == ["query"] * 3 + ["item"] * 2
    again = Seen.from_frame(frame)
    for name, value in vars(seen).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    assert again.item_ids.dtype == seen.item_ids.dtype


def test_what_was_seen_survives_a_file(tmp_path):
    seen = Seen.of(side("text", np.eye(3)), side("audio", np.empty((0, 3))))
    seen.frame().write_parquet(tmp_path / "seen.parquet")
    again = Seen.from_frame(pl.read_parquet(tmp_path / "seen.parquet"))
    for name, value in vars(seen).items():
        np.testing.assert_array_equal(getattr(again, name), value)


def test_another_table_is_refused():
    with pytest.raises(SchemaMismatch, match="expected side, id, digest, found id, side"):
        Seen.from_frame(pl.DataFrame({"id": [1], "side": ["query"]}))
