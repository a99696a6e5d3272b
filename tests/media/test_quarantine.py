"""What ends two decoder processes is not tried again until it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.media.quarantine import Quarantine
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.store.places import Loaded, Member, Place

pytestmark = pytest.mark.slow

HOOK = "tests.media.hooks:decode"


def asked(pool: DecodePool, *places: str | Place) -> list[Reason | None]:
    found = pool.map([DecodeRequest(place, "image") for place in places])
    return [each.reason if isinstance(each, DecodeError) else None for each in found]


def file(folder: Path, name: str) -> Path:
    (folder / name).write_bytes(name.encode())
    return folder / name


@pytest.mark.parametrize("action", ["crash", "abort", "exit"])
def test_a_crash_is_tried_once_more_in_a_new_process(tmp_path: Path, action: str) -> None:
    with DecodePool(decoder=HOOK) as pool:
        (found,) = pool.map([DecodeRequest(file(tmp_path, f"{action}-1"), "image")])
    assert isinstance(found, DecodeError)
    assert found.reason is Reason.WORKER_DIED
    assert "tried 2 times, the last in a new process" in found.detail


def test_one_crash_is_forgiven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that dies may have been fresh: it need not have been the file."""
    monkeypatch.setenv("PENTAD_TEST_MARK", str(tmp_path / "mark"))
    with DecodePool(decoder=HOOK) as pool:
        path = file(tmp_path, "once-1")
        assert asked(pool, path, path) == [None, None]
        assert len(pool.quarantine) == 0
    assert (tmp_path / "mark").exists()


def test_a_known_file_is_not_tried_again_until_it_changes(tmp_path: Path) -> None:
    path, good = file(tmp_path, "crash-1"), file(tmp_path, "ok")
    with DecodePool(decoder=HOOK) as pool:
        assert asked(pool, path, good, path, path) == [
            Reason.WORKER_DIED, None, Reason.QUARANTINED, Reason.QUARANTINED,
        ]  # fmt: skip
        (known,) = pool.quarantine
        assert (known.place, known.name) == (path, "crash-1")
        assert "SIGSEGV" in known.detail
        path.write_bytes(b"changed, but still bad")
        assert asked(pool, path, path) == [Reason.WORKER_DIED, Reason.QUARANTINED]
        assert pool.quarantine.release(path)
        assert not pool.quarantine.release(path)
        assert asked(pool, path) == [Reason.WORKER_DIED]


def test_pools_may_share_what_they_know(tmp_path: Path) -> None:
    path, known = file(tmp_path, "crash-1"), Quarantine()
    with DecodePool(2, decoder=HOOK, quarantine=known) as pool:
        assert asked(pool, path) == [Reason.WORKER_DIED]
    with DecodePool(decoder=HOOK, quarantine=known) as pool:
        assert asked(pool, path) == [Reason.QUARANTINED]


def test_time_and_memory_are_no_crash(tmp_path: Path) -> None:
    with DecodePool(decoder=HOOK, timeout_s=3, memory_mb=200) as pool:
        paths = [file(tmp_path, name) for name in ("hang-1", "hog-1", "refuse-1")]
        expected = [Reason.TIMEOUT, Reason.OUT_OF_MEMORY, Reason.CORRUPT]
        assert asked(pool, *paths) == expected
        assert len(pool.quarantine) == 0


def test_members_and_bytes_are_known_by_themselves(tmp_path: Path) -> None:
    tar = file(tmp_path, "shard.tar")
    places = [
        Member(tar, 0, 4, "crash-1"),
        Member(tar, 4, 4, "crash-2"),
        Loaded(b"some", "crash-3"),
        Loaded(b"other", "crash-4"),
    ]
    with DecodePool(decoder=HOOK) as pool:
        assert asked(pool, *places) == [Reason.WORKER_DIED] * 4
        assert asked(pool, *places) == [Reason.QUARANTINED] * 4
        assert asked(pool, Loaded(b"some", "crash-5"), Loaded(b"more", "ok")) == [
            Reason.QUARANTINED,
            None,
        ]


def test_what_is_not_there_is_not_remembered() -> None:
    known = Quarantine()
    known.add("no-such-file", "SIGSEGV")
    known.add("a\0b", "SIGSEGV")
    assert len(known) == 0
    assert known.find("no-such-file") is None


def test_a_file_counts_by_what_it_is_not_by_its_name(tmp_path: Path) -> None:
    path = file(tmp_path, "a")
    known = Quarantine()
    known.add(path, "SIGSEGV")
    path.rename(tmp_path / "b")
    assert known.find(tmp_path / "b") is not None
    os.utime(tmp_path / "b", ns=(1, 1))
    assert known.find(tmp_path / "b") is None
