from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pentad.core.errors import StoreError
from pentad.store.remote.files import Version
from pentad.store.remote.kept import (
    IN_USE,
    VARIABLE,
    check_room,
    find_kept,
    keep,
    make_room,
    objects_folder,
)
from pentad.store.remote.objects import Trouble

HERE = Version(4, "etag:abc")


def filled(path: Path) -> None:
    path.write_bytes(b"four")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*/*") if path.parent.name != "locks"}


def test_an_object_is_kept_under_its_name_and_found_again(tmp_path: Path) -> None:
    path = keep(tmp_path, "s3://b/x/0.tar", HERE, filled)

    assert path.name == "0.tar"
    assert path.read_bytes() == b"four"
    assert find_kept(tmp_path, "s3://b/x/0.tar", HERE) == path
    assert find_kept(tmp_path, "s3://b/y/0.tar", HERE) is None
    assert find_kept(tmp_path, "s3://b/x/0.tar", Version(4, "etag:other")) is None


def test_one_of_another_size_is_not_taken(tmp_path: Path) -> None:
    path = keep(tmp_path, "s3://b/0.tar", HERE, filled)
    path.write_bytes(b"cut")

    assert find_kept(tmp_path, "s3://b/0.tar", HERE) is None
    assert keep(tmp_path, "s3://b/0.tar", HERE, filled).read_bytes() == b"four"


def test_what_goes_wrong_leaves_nothing(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_bytes(b"12")
        raise Trouble("the connection fails")

    with pytest.raises(Trouble):
        keep(tmp_path, "s3://b/0.tar", HERE, fails)

    assert names(tmp_path) == set()


def test_a_full_disk_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"have to be fetched and the disk has .* left; free space"
    ):
        check_room(tmp_path / "not" / "yet", 1 << 60)


def test_what_was_used_longest_ago_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for age, name in ((900, "old"), (700, "middle"), (500, "young")):
        path = keep(tmp_path, f"s3://b/{name}", HERE, filled)
        os.utime(path, (now - age, now - age))
    monkeypatch.setenv(VARIABLE, "1e-8")  # ten bytes

    make_room(tmp_path, 4)

    assert names(tmp_path) == {"young"}
    keep(tmp_path, "s3://b/new", HERE, filled)
    assert names(tmp_path) == {"young", "new"}


def test_what_is_in_use_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep(tmp_path, "s3://b/x", HERE, filled)
    os.utime(path, (time.time() - 2 * IN_USE,) * 2)
    monkeypatch.setenv(VARIABLE, "0")

    assert find_kept(tmp_path, "s3://b/x", HERE) == path  # it counts as used now
    make_room(tmp_path, 4)

    assert names(tmp_path) == {"x"}


def test_what_several_want_is_fetched_once(tmp_path: Path) -> None:
    asked = []

    def slowly(path: Path) -> None:
        asked.append(path)
        time.sleep(0.05)
        filled(path)

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: keep(tmp_path, "s3://b/x", HERE, slowly), range(4)))

    assert len(found) == len(asked) == 1


def test_an_object_without_a_mark_is_not_another_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, "s3://b/x", Version(4, ""), filled)
    assert find_kept(tmp_path, "s3://b/x", Version(4, "")) is not None

    monkeypatch.setattr("pentad.store.remote.kept._RUN", "run:other")
    assert find_kept(tmp_path, "s3://b/x", Version(4, "")) is None


def test_the_users_own_folder_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert objects_folder(None) == tmp_path / "pentad" / "objects"
    assert objects_folder(tmp_path / "ws") == tmp_path / "ws"


def test_a_limit_that_is_no_number_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "many")
    keep(tmp_path, "s3://b/x", HERE, filled)
    make_room(tmp_path, 4)
    assert names(tmp_path) == {"x"}


@pytest.mark.parametrize("name", [".hidden.tar", "ä" * 300 + ".tar", "..."])
def test_any_name_can_be_kept(tmp_path: Path, name: str) -> None:
    path = keep(tmp_path, f"s3://b/{name}", HERE, filled)
    assert path.read_bytes() == b"four"
    assert not path.name.startswith(".")
