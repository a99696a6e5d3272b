from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError, Reason, StoreError, UnknownName
from pentad.embeddings import frames as module
from pentad.embeddings.frames import FrameEmbeddings, aggregate
from pentad.embeddings.shards import Failure, Shard, ShardFolder

LOOPS = {"mean": np.mean, "median": np.median, "max": np.max}


def made(counts, dim=3, dtype=np.float32, seed=0, **options) -> FrameEmbeddings:
    rng = np.random.default_rng(seed)
    items = [rng.standard_normal((count, dim)).astype(dtype) for count in counts]
    return FrameEmbeddings.from_list(items, modality="audio", space="s", **options)


def test_from_list_puts_items_together():
    frames = FrameEmbeddings.from_list(
        [[[1, 2], [3, 4]], [5, 6]], modality="audio", space="s", ids=[9, 4]
    )
    assert frames.ids.tolist() == [4, 9]
    assert frames.ids.dtype == np.uint32
    assert frames.offsets.tolist() == [0, 1, 3]
    assert frames.offsets.dtype == np.int64
    assert frames.vectors.dtype == np.float32
    assert frames.of(0).tolist() == [[5, 6]]
    assert frames.of(1).tolist() == [[1, 2], [3, 4]]
    assert (len(frames), frames.dim, frames.counts.tolist()) == (2, 2, [1, 2])


def test_half_floats_stay_only_if_all_are():
    assert made([1, 2], dtype=np.float16).vectors.dtype == np.float16
    mixed = [np.ones((1, 2), np.float16), np.ones((1, 2), np.float64)]
    frames = FrameEmbeddings.from_list(mixed, modality="audio", space="s")
    assert frames.vectors.dtype == np.float32


BAD_LISTS = [
    ([], {}, "at least one item"),
    ([[[1, 2]], [[1, 2, 3]]], {}, "row 1: vectors of another length; expected 2, got 3"),
    ([[[1, 2], [3]]], {}, "row 0: frames of different lengths"),
    ([[1.0], [[]]], {}, "row 1: no frames"),
    ([["a"]], {}, "row 0: no frames"),
    ([[[[1.0]]]], {}, "row 0: no frames"),
    ([[1.0], [np.nan]], {"ids": [5, 2]}, "row 1: vectors must be finite"),
    ([[1.0], [1e300]], {}, "row 1: vectors must be finite"),
    ([[1.0], [2.0]], {"ids": [3, 3]}, "an id is there twice; got 3"),
    ([[1.0], [2.0]], {"ids": [3, -1]}, "ids must not be negative; got -1"),
    ([[1.0], [2.0]], {"ids": [3]}, "one id a row"),
    ([[1.0], [2.0]], {"ids": [0.5, 1.5]}, "ids must be integers"),
]


@pytest.mark.parametrize(("items", "options", "message"), BAD_LISTS)
def test_bad_lists_are_refused_in_one_line(items, options, message):
    with pytest.raises(InputError, match=r"^[^\n]*$") as error:
        FrameEmbeddings.from_list(items, modality="audio", space="s", **options)
    assert message in str(error.value)


def test_shapes_and_offsets_are_checked():
    good = made([2, 1])
    for offsets, message in [
        ([0, 2], "one offset more than items"),
        ([0, 2, 4], "offsets span the frames"),
        ([1, 2, 3], "offsets span the frames"),
        ([0, 3, 3], "item 1 has no frame"),
    ]:
        with pytest.raises(InputError, match=message):
            FrameEmbeddings(good.vectors, np.array(offsets, np.int64), good.ids, good.modality, "s")
    with pytest.raises(InputError, match="int64"):
        FrameEmbeddings(good.vectors, good.offsets.astype(np.int32), good.ids, good.modality, "s")
    with pytest.raises(InputError, match="must be a matrix"):
        FrameEmbeddings(good.vectors[0], good.offsets, good.ids, good.modality, "s")
    with pytest.raises(InputError, match="ids must ascend"):
        FrameEmbeddings(good.vectors, good.offsets, good.ids[::-1], good.modality, "s")
    with pytest.raises(InputError, match="no such row"):
        good.of(2)


@pytest.mark.parametrize("how", sorted(LOOPS))
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("block", [1 << 25, 100])
def test_aggregation_is_that_of_a_plain_loop(how, dtype, block, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_BYTES", block)
    counts = np.random.default_rng(1).integers(1, 9, 50)
    frames = made(counts, dim=5, dtype=dtype, ids=np.arange(50) * 2 + 7)
    found = aggregate(frames, how)
    assert found.vectors.dtype == np.float32
    assert (found.ids == frames.ids).all()
    assert (found.space, found.modality) == ("s", "audio")
    for row in range(len(frames)):
        expected = LOOPS[how](frames.of(row).astype(np.float64), axis=0)
        np.testing.assert_allclose(found.vectors[row], expected, rtol=1e-7, atol=1e-12)


def test_means_are_added_up_in_float64():
    big = np.full((3000, 1), 1.0, np.float16)
    big[0] = 4096  # beside it a half, or a single after 2^24, would lose what comes later
    frames = FrameEmbeddings.from_list([big], modality="audio", space="s")
    assert aggregate(frames, "mean").vectors[0, 0] == np.float32((4096 + 2999) / 3000)


def test_none_takes_single_frames_as_they_are():
    single = made([1, 1, 1], dtype=np.float16)
    found = aggregate(single, "none")
    assert found.vectors is single.vectors
    with pytest.raises(InputError, match="audio 11 has 2 frames; aggregate by mean"):
        aggregate(made([1, 2, 3], ids=[10, 11, 12]), "none")
    with pytest.raises(UnknownName, match="did you mean 'mean'"):
        aggregate(single, "meann")


def test_what_is_saved_is_loaded_mapped(tmp_path):
    frames = made([2, 1, 4], dtype=np.float16, ids=[2**40, 1, 5])
    frames.save(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"00000.npy", "00000.offsets.npy", "00000.ids.npy", "00000.json"}
    again = FrameEmbeddings.load(tmp_path)
    assert isinstance(again.vectors, np.memmap)
    for name in ("vectors", "offsets", "ids"):
        left, right = getattr(frames, name), getattr(again, name)
        assert left.dtype == right.dtype
        assert (left == right).all()
    assert (again.space, again.modality) == ("s", "audio")


def test_damage_is_one_line(tmp_path):
    with pytest.raises(StoreError, match="no complete frame embeddings"):
        FrameEmbeddings.load(tmp_path)
    frames = made([2, 1])
    frames.save(tmp_path)
    offsets = tmp_path / "00000.offsets.npy"
    whole = offsets.read_bytes()
    offsets.write_bytes(whole[:-1])
    with pytest.raises(StoreError, match="no complete frame embeddings"):
        FrameEmbeddings.load(tmp_path)
    offsets.write_bytes(whole[:-8] + b"\1" * 8)
    with pytest.raises(StoreError, match="damaged"):
        FrameEmbeddings.load(tmp_path)


def test_shards_of_a_workspace_are_read_as_one(tmp_path):
    folder = ShardFolder(tmp_path / "embeddings" / "s.frames" / "audio")
    fields = {"space": "s.frames", "modality": "audio"}
    failed = (Failure(8192, "00", Reason.CORRUPT, "x"),)
    for number, counts in ((0, [2, 1]), (1, [3])):
        part = made(counts, dtype=np.float16, seed=number)
        ids = (np.arange(len(counts)) + 4096 * number).astype(np.uint32)
        prints = np.zeros((len(counts), 32), np.uint8)
        shard = Shard(ids, prints, part.vectors, None, (), part.offsets)
        folder.write(number, shard, fields)
    none = np.empty((0, 3), np.float16)
    empty = (np.empty(0, np.uint32), np.empty((0, 32), np.uint8), none, None)
    folder.write(2, Shard(*empty, failed, np.zeros(1, np.int64)), fields)
    frames = FrameEmbeddings.load(folder.folder)
    assert frames.ids.tolist() == [0, 1, 4096]
    assert frames.offsets.tolist() == [0, 2, 3, 6]
    assert frames.space == "s.frames"
    assert frames.location == "embeddings/s.frames/audio"
    assert (frames.of(2) == made([3], dtype=np.float16, seed=1).vectors).all()
    assert aggregate(frames, "max").vectors.shape == (3, 3)
