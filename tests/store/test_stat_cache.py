from __future__ import annotations

import os
from pathlib import Path

import pytest

from pentad.core.fingerprint import fingerprint_bytes
from pentad.store.describe import Describer
from pentad.store.stat_cache import StatCache


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    seen = []
    real = Describer.__call__

    def describe(describer: Describer, path: Path) -> tuple[str, int]:
        seen.append(path)
        return real(describer, path)

    monkeypatch.setattr(Describer, "__call__", describe)
    return seen


def test_an_unchanged_file_is_hashed_once(tmp_path: Path, hashed: list[Path]) -> None:
    (tmp_path / "a").write_bytes(b"one")
    for _ in range(2):
        cache = StatCache(tmp_path / "cache.parquet")
        assert cache(tmp_path / "a") == (fingerprint_bytes(b"one"), 3)
        cache.save()
    assert hashed == [tmp_path / "a"]


def test_a_changed_size_or_time_is_hashed_again(tmp_path: Path, hashed: list[Path]) -> None:
    (tmp_path / "a").write_bytes(b"one")
    cache = StatCache(tmp_path / "cache.parquet")
    cache(tmp_path / "a")
    cache.save()
    (tmp_path / "a").write_bytes(b"two")
    os.utime(tmp_path / "a", ns=(1, 1))
    assert StatCache(tmp_path / "cache.parquet")(tmp_path / "a")[0] == fingerprint_bytes(b"two")
    assert len(hashed) == 2


def test_what_was_known_before_stays_known(tmp_path: Path, hashed: list[Path]) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode())
        cache = StatCache(tmp_path / "cache.parquet")
        cache(tmp_path / name)
        cache.save()
    cache = StatCache(tmp_path / "cache.parquet")
    cache(tmp_path / "a")
    cache(tmp_path / "b")
    assert len(hashed) == 2
