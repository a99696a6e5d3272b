"""Digests of rows, and what was seen as a table."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.engine import LocalEngine
from pentad.core.errors import SchemaMismatch
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors import digests as module
from pentad.neighbors.digests import row_digests
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.find import find_neighbors
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.seen import SPARE, Seen

SIZES = st.integers(1, 13)
DTYPES = st.sampled_from([np.float16, np.float32])


def side(modality, vectors, **options):
    return Embeddings.from_array(vectors, modality=modality, space="toy", **options)


def require_equal(found, expected):
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), value, err_msg=name)


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
    require_equal(again, seen)
    assert again.item_ids.dtype == seen.item_ids.dtype


def test_what_was_seen_survives_a_file(tmp_path):
    seen = Seen.of(side("text", np.eye(3)), side("audio", np.empty((0, 3))))
    seen.frame().write_parquet(tmp_path / "seen.parquet")
    require_equal(Seen.from_frame(pl.read_parquet(tmp_path / "seen.parquet")), seen)


def test_another_table_is_refused():
    with pytest.raises(SchemaMismatch, match="expected side, id, digest, found id, side"):
        Seen.from_frame(pl.DataFrame({"id": [1], "side": ["query"]}))


def test_spare_neighbors_survive_a_table():
    spare_ids = np.array([[7, 3], [2**40, 0], [0, 0]], np.uint64)
    scores = np.array([[0.5, -np.inf], [0.25, np.nan], [np.nan, np.nan]], np.float32)
    seen = Seen.of(side("text", np.eye(3), ids=[2, 4, 9]), side("audio", np.eye(3)))
    frame = replace(seen, spare_ids=spare_ids, spare_scores=scores).spare_frame(16)
    assert frame.rows() == [(2, 17, 7, 0.5), (2, 18, 3, -np.inf), (4, 17, 2**40, 0.25)]
    again = seen.with_spares(frame, 16)
    require_equal(again, replace(seen, spare_ids=spare_ids, spare_scores=scores))
    with pytest.raises(SchemaMismatch, match="expected query_id, rank, item_id, score, found rank"):
        seen.with_spares(frame.select("rank"), 16)


def test_no_spare_neighbors_are_an_empty_table():
    seen = Seen.of(side("text", np.eye(3)), side("audio", np.eye(3)))
    assert seen.spare_frame(16).is_empty()
    ids, scores = seen.with_spares(seen.spare_frame(16), 16).spares()
    assert (ids.shape, scores.shape) == ((3, 0), (3, 0))


def normal_sides(queries, items):
    vectors = np.random.default_rng(0).standard_normal((queries + items, 5)).astype(np.float16)
    return side("text", vectors[:queries]), side("audio", vectors[queries:])


@pytest.mark.parametrize("k", [1, 5, 8, 9])
@pytest.mark.parametrize("options", [{}, {"engine": LocalEngine()}, {"backend": "ivf"}])
def test_search_finds_spare_neighbors_and_returns_the_first(k, options):
    captions, sounds = normal_sides(6, 9)
    pairs = np.stack([captions.ids, captions.ids], axis=1)
    whole = find_neighbors(captions, sounds, 9)
    found = find_neighbors(captions, sounds, k, pairs=pairs, **options)
    stop = min(9, k + SPARE)
    for got, columns in ((found, slice(k)), (found.seen, slice(k, stop))):
        names = ("ids", "scores") if got is found else ("spare_ids", "spare_scores")
        for name, wanted in zip(names, (whole.ids, whole.scores), strict=True):
            array = getattr(got, name)
            assert array.flags.c_contiguous
            assert array.base is None
            assert array.tobytes() == wanted[:, columns].tobytes()
    assert found.native.tolist() == (found.ids == captions.ids[:, None]).tolist()
    assert found.how["native"]["found"] == found.native.sum()
    assert found.how["hubs"] == find_neighbors(captions, sounds, k).how["hubs"]


@pytest.mark.parametrize("options", [{"hubness": "csls"}, {"native": "first"}])
def test_what_cannot_be_updated_has_no_spare_neighbors(options, monkeypatch):
    captions, sounds = normal_sides(6, 9)
    wanted = []
    search = ExactSearch.search
    monkeypatch.setattr(
        ExactSearch, "search", lambda self, q, k, task=None: wanted.append(k) or search(self, q, k)
    )
    pairs = None if "native" not in options else [[0, 0]]
    assert find_neighbors(captions, sounds, 3, pairs=pairs, **options).seen is None
    assert wanted[-1] == 3


def test_files_of_before_spare_neighbors_are_read(tmp_path):
    captions, sounds = normal_sides(6, 9)
    found = find_neighbors(captions, sounds, 3)
    found.save(tmp_path)
    require_equal(Neighbors.load(tmp_path).seen, found.seen)
    record = json.loads((tmp_path / "audio.json").read_text())
    del record["files"]["audio.spare.parquet"]
    (tmp_path / "audio.json").write_text(json.dumps(record))
    seen = Neighbors.load(tmp_path).seen
    assert (seen.spare_ids, seen.spare_scores) == (None, None)
    np.testing.assert_array_equal(seen.item_digests, found.seen.item_digests)
