"""A folder of tables of patches that may be damaged, full, shared or gone."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.points import grouping as grouping_module
from pentad.encoders.points.grouping import Grouping
from pentad.encoders.points.patch_cache import PatchCache

GROUPING = Grouping(8, 16, 0.001)
ENTRY = 128 + 8 * 17 * 2 + 32
Array = np.ndarray[Any, Any]


def xyz(seed: int = 0, points: int = 100) -> Array:
    return np.random.default_rng(seed).normal(size=(points, 3)).astype(np.float32)


def files(cache: PatchCache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


@pytest.fixture
def cache(tmp_path: Path) -> PatchCache:
    return PatchCache(tmp_path / "patches")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points each cloud had for which patches were searched."""
    seen: list[int] = []
    plain = grouping_module.farthest_points

    def counted(xyz: Array, count: int, *, skip_norm2: float) -> Array:
        seen.append(len(xyz))
        return plain(xyz, count, skip_norm2=skip_norm2)

    monkeypatch.setattr(grouping_module, "farthest_points", counted)
    return seen


def test_the_second_time_nothing_is_searched(cache: PatchCache, computed: list[int]) -> None:
    first = cache.table(xyz(), GROUPING)
    again = PatchCache(cache.folder).table(xyz(), GROUPING)
    assert computed == [100]
    assert np.array_equal(first, GROUPING.table(xyz()))
    assert np.array_equal(first, again)
    assert again.dtype == np.int64


def test_a_file_is_an_array_that_numpy_reads(cache: PatchCache) -> None:
    table = cache.table(xyz(), GROUPING)
    [path] = files(cache)
    stored = np.load(path, allow_pickle=False)
    assert path.stat().st_size == ENTRY
    assert np.array_equal(stored[: table.size].reshape(table.shape), table)


def test_other_clouds_and_groupings_are_others(cache: PatchCache) -> None:
    for seed in range(3):
        for grouping in (GROUPING, Grouping(8, 15, 0.001), Grouping(8, 16, 0.0)):
            for _ in range(2):
                found = cache.table(xyz(seed), grouping)
                assert np.array_equal(found, grouping.table(xyz(seed)))
    assert len(files(cache)) == 9


def test_clouds_of_very_many_points_have_longer_numbers(cache: PatchCache) -> None:
    many = xyz(points=70_000)
    expected = GROUPING.table(many)
    assert expected.max() > 1 << 16
    for _ in range(2):
        assert np.array_equal(cache.table(many, GROUPING), expected)
    assert np.load(files(cache)[0]).dtype == np.uint32


@pytest.mark.parametrize("damage", ["empty", "cut", "longer", "flipped", "header", "other"])
def test_damaged_entries_are_computed_anew(
    cache: PatchCache, computed: list[int], damage: str
) -> None:
    expected = cache.table(xyz(), GROUPING)
    [path] = files(cache)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[150] ^= 4
    if damage == "header":
        data[5] ^= 1
    made = {"empty": b"", "cut": data[:-1], "longer": data + b"x", "other": b"x" * len(data)}
    path.write_bytes(made.get(damage, data))
    assert np.array_equal(cache.table(xyz(), GROUPING), expected)
    assert np.array_equal(cache.table(xyz(), GROUPING), expected)
    assert computed == [100, 100]
    assert path.stat().st_size == ENTRY


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = PatchCache(tmp_path, limit_bytes=10 * ENTRY)
    long_ago = time.time() - 1000
    for seed in range(10):
        cache.table(xyz(seed), GROUPING)
        [path] = [p for p in files(cache) if GROUPING.key(xyz(seed)) in p.name]
        os.utime(path, (long_ago + seed, long_ago + seed))
    cache.table(xyz(0), GROUPING)  # used again
    cache.table(xyz(10), GROUPING)
    left = {path.stem for path in files(cache)}
    kept = {GROUPING.key(xyz(seed)) for seed in (0, 3, 4, 5, 6, 7, 8, 9, 10)}
    assert left == kept


def test_the_limit_holds_for_what_others_wrote_too(tmp_path: Path) -> None:
    for seed in range(6):
        PatchCache(tmp_path).table(xyz(seed), GROUPING)
    small = PatchCache(tmp_path, limit_bytes=4 * ENTRY)
    small.table(xyz(6), GROUPING)
    assert len(files(small)) == 3


def test_an_entry_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = PatchCache(tmp_path / "patches", limit_bytes=ENTRY - 1)
    assert np.array_equal(cache.table(xyz(), GROUPING), GROUPING.table(xyz()))
    assert not cache.folder.exists()


def test_what_killed_writers_left_is_removed_in_time(tmp_path: Path) -> None:
    cache = PatchCache(tmp_path)
    cache.table(xyz(), GROUPING)
    [path] = files(cache)
    old, new = (path.with_name(f".{name}.next") for name in ("old", "new"))
    for left in (old, new):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    PatchCache(tmp_path).table(xyz(1), GROUPING)
    assert not old.exists()
    assert new.exists()


def test_many_threads_share_a_folder(cache: PatchCache) -> None:
    seeds = [seed % 5 for seed in range(60)]
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(lambda seed: cache.table(xyz(seed), GROUPING), seeds))
    for seed, table in zip(seeds, tables, strict=True):
        assert np.array_equal(table, GROUPING.table(xyz(seed)))
    assert len(files(cache)) == 5


def test_a_folder_may_vanish_meanwhile(cache: PatchCache) -> None:
    expected = cache.table(xyz(), GROUPING)
    for path in files(cache):
        path.unlink()
        path.parent.rmdir()
    cache.folder.rmdir()
    assert np.array_equal(cache.table(xyz(), GROUPING), expected)
    assert len(files(cache)) == 1


def test_a_folder_that_cannot_be_written_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = PatchCache(tmp_path / "file")
    with caplog.at_level(logging.WARNING):
        for seed in range(3):
            assert np.array_equal(cache.table(xyz(seed), GROUPING), GROUPING.table(xyz(seed)))
    assert [record.message for record in caplog.records] == [
        f"{tmp_path / 'file'}: patches are not cached (Not a directory)"
    ]


def test_no_limit_below_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="limit_bytes"):
        PatchCache(tmp_path, limit_bytes=0)
