import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, StoreError
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.shards import Shard, ShardFolder
from pentad.embeddings.stacked import StackedRows
from pentad.neighbors.find import find_neighbors


def parts_of(sizes, dim=3):
    whole = np.arange(sum(sizes) * dim, dtype=np.float16).reshape(-1, dim)
    return np.split(whole, np.cumsum(sizes)[:-1]), whole


@given(
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=5),
    start=st.integers(-3, 20),
    stop=st.integers(-3, 30),
    step=st.integers(1, 3),
    seed=st.integers(0, 50),
)
@settings(deadline=None)
def test_stacked_rows_are_had_as_from_an_array(sizes, start, stop, step, seed):
    parts, whole = parts_of(sizes)
    rows = StackedRows(parts)
    assert (len(rows), rows.shape, rows.dtype) == (len(whole), whole.shape, whole.dtype)
    assert (rows.ndim, rows.size) == (2, whole.size)
    np.testing.assert_array_equal(rows[start:stop:step], whole[start:stop:step])
    np.testing.assert_array_equal(np.asarray(rows), whole)
    np.testing.assert_array_equal(np.asarray(rows, np.float32), whole)
    rng = np.random.default_rng(seed)
    some = rng.integers(0, max(1, len(whole)), 7 if len(whole) else 0)
    np.testing.assert_array_equal(rows[some], whole[some])
    flags = rng.random(len(whole)) < 0.4
    np.testing.assert_array_equal(rows[flags], whole[flags])


def test_a_slice_of_one_part_is_a_view_and_rows_that_are_not_there_are_refused():
    parts, _ = parts_of([4, 4])
    rows = StackedRows(parts)
    assert np.shares_memory(rows[5:7], parts[1])
    with pytest.raises(IndexError):
        rows[np.array([8])]
    with pytest.raises(InputError, match="one width and type"):
        StackedRows([parts[0], parts[1].astype(np.float32)])
    with pytest.raises(ValueError, match="copied"):
        np.array(rows, copy=False)


@pytest.fixture
def shards(tmp_path):
    rng = np.random.default_rng(0)
    folder = ShardFolder(tmp_path / "embeddings" / "toy-1" / "audio")
    for number, count in enumerate((100, 30, 70)):
        ids = np.arange(count, dtype=np.uint32) + number * 4096
        vectors = rng.standard_normal((count, 8)).astype(np.float16)
        prints = np.zeros((count, 32), np.uint8)
        fields = {"space": "toy-1", "modality": "audio"}
        folder.write(number, Shard(ids, prints, vectors, None), fields)
    return folder


def test_shards_are_searched_as_they_lie_on_disk(shards):
    corpus = Embeddings.load(shards.folder)
    assert isinstance(corpus.vectors, StackedRows)
    assert (corpus.modality, corpus.space, len(corpus)) == ("audio", "toy-1", 200)
    assert corpus.location == "embeddings/toy-1/audio"
    held = Embeddings(np.asarray(corpus.vectors), corpus.ids, corpus.modality, corpus.space)
    queries = Embeddings.from_array(held.vectors[::9], modality="text", space="toy-1")
    for metric in ("cosine", "euclidean"):
        left = find_neighbors(queries, corpus, 5, metric=metric, memory=1 << 20)
        right = find_neighbors(queries, held, 5, metric=metric)
        assert left.ids.tobytes() == right.ids.tobytes()
        assert left.scores.tobytes() == right.scores.tobytes()
    assert corpus.fingerprint == held.fingerprint
    np.testing.assert_array_equal(corpus.unit(), held.unit())
    assert len(corpus.take([3, 4097])) == 2


def test_a_torn_shard_and_a_foreign_one_are_refused_in_one_line(shards, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(shards.folder, copy)
    path = copy / "00001.npy"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(StoreError, match=r"00001.npy: damaged; run 'pentad embed' again"):
        Embeddings.load(copy)
    narrow = Shard(
        np.array([9000], np.uint32), np.zeros((1, 32), np.uint8), np.ones((1, 4), np.float16), None
    )
    ShardFolder(shards.folder).write(2, narrow, {"space": "toy-1", "modality": "audio"})
    with pytest.raises(StoreError, match="one width and type"):
        Embeddings.load(shards.folder)
    ShardFolder(shards.folder).write(2, narrow, {"space": "toy-2", "modality": "audio"})
    with pytest.raises(StoreError, match="shards of different spaces"):
        Embeddings.load(shards.folder)
