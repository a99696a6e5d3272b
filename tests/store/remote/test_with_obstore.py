from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.store.places import Loaded, locate, place_error
from pentad.store.remote import kept, locating
from pentad.store.remote.asking import opened, version_of
from pentad.store.remote.files import RemoteFile, RemoteFolder, Version
from pentad.store.remote.objects import Trouble, objects_of
from pentad.store.remote.with_obstore import _error
from tests.stores import S3, forget
from tests.tars import write_tar

FOLDER = "s3://bucket/pics"


@pytest.fixture
def folder(s3: S3, tmp_path: Path) -> RemoteFolder:
    home = s3.folder / "bucket" / "pics"
    (home / "sub").mkdir(parents=True)
    (home / "a.png").write_bytes(b"hello")
    (home / "we#ird?%20 ä.png").write_bytes(b"x")
    (home / "sub" / "empty.png").write_bytes(b"")
    (home / "large.bin").write_bytes(os.urandom(300_000))
    (s3.folder / "bucket" / "picsel.png").write_bytes(b"elsewhere")
    return RemoteFolder(FOLDER, tmp_path / "cache")


def test_a_folder_is_listed_with_sizes_and_marks(folder: RemoteFolder, s3: S3) -> None:
    objects, prefix = objects_of(FOLDER)

    found = {each.key: each.version for each in objects.listed(prefix)}

    assert sorted(found) == [
        "pics/a.png",
        "pics/large.bin",
        "pics/sub/empty.png",
        "pics/we#ird?%20 ä.png",
    ]
    assert found["pics/a.png"] == Version(5, "etag:5d41402abc4b2a76b9719d911017c592")
    assert s3.trouble.objects() == 0


@pytest.mark.parametrize("name", ["a.png", "we#ird?%20 ä.png", "sub/empty.png"])
def test_a_file_is_fetched_whole(folder: RemoteFolder, s3: S3, name: str) -> None:
    place = locate(folder / name).place

    assert place == Loaded(
        (s3.folder / "bucket/pics" / name).read_bytes(), name.rsplit("/", maxsplit=1)[-1]
    )
    assert s3.trouble.seen["GET object", f"pics/{name}"] == 1
    assert sum(s3.trouble.seen.values()) == 1


def test_the_mark_is_the_same_listed_and_asked_for(folder: RemoteFolder) -> None:
    objects, prefix = objects_of(FOLDER)

    listed = {each.key: each.version for each in objects.listed(prefix)}

    assert objects.head("pics/a.png") == listed["pics/a.png"]
    assert opened(f"{FOLDER}/a.png", lambda version, _: version) == listed["pics/a.png"]


def test_a_large_file_goes_to_the_disk_and_is_fetched_once(
    folder: RemoteFolder, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "IN_MEMORY", 1000)

    places = [locate(folder / "large.bin").place for _ in range(2)]

    assert isinstance(places[0], Path)
    assert places[0] == places[1]
    assert places[0].name == "large.bin"
    assert places[0].read_bytes() == (s3.folder / "bucket/pics/large.bin").read_bytes()


def test_what_is_missing_is_no_reason_to_stop(folder: RemoteFolder) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        locate(folder / "none.png")

    assert str(place_error(caught.value)) == "missing-file: there is no such object"


def test_what_may_not_be_read_is_told_with_the_code(folder: RemoteFolder, s3: S3) -> None:
    s3.trouble.denied.add("pics/a.png")

    with pytest.raises(PermissionError) as caught:
        locate(folder / "a.png")

    told = str(place_error(caught.value))
    assert told == "unreadable: the store does not let it be read (403 AccessDenied)"


def test_a_busy_store_is_asked_again(folder: RemoteFolder, s3: S3) -> None:
    s3.trouble.busy["pics/a.png"] = 4

    assert locate(folder / "a.png").place == Loaded(b"hello", "a.png")


def test_an_object_that_stays_busy_is_refused_alone(folder: RemoteFolder, s3: S3) -> None:
    s3.trouble.busy["pics/a.png"] = 1000

    with pytest.raises(Trouble, match="the store answers 503"):
        locate(folder / "a.png")
    assert isinstance(locate(folder / "sub/empty.png").place, Loaded)


def test_a_body_that_is_cut_is_fetched_again(folder: RemoteFolder, s3: S3) -> None:
    s3.trouble.cut["pics/large.bin"] = 2

    place = locate(folder / "large.bin").place

    assert isinstance(place, Loaded)
    assert place.data == (s3.folder / "bucket/pics/large.bin").read_bytes()


def test_a_store_that_does_not_answer_ends_the_run(folder: RemoteFolder, s3: S3) -> None:
    s3.trouble.down = True

    with pytest.raises(InputError, match=r"s3://bucket: the store gives no answer \(the conn") as e:
        locate(folder / "a.png")
    assert "127.0.0.1" not in str(e.value)
    assert "not-a-secret" not in str(e.value)


def test_a_wrong_key_is_told(folder: RemoteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    forget()

    with pytest.raises(PermissionError, match="does not let it be read"):
        locate(folder / "a.png")


def test_an_object_over_the_limit_is_refused_before_it_is_fetched(
    folder: RemoteFolder, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "IN_MEMORY", 1000)
    monkeypatch.setattr(locating, "LARGEST", 100_000)

    with pytest.raises(OSError, match="300,000 bytes; the limit is 100,000") as caught:
        locate(folder / "large.bin")

    assert caught.value.errno == errno.EFBIG
    assert str(place_error(caught.value)).startswith("too-large: 300,000 bytes")
    assert list(kept._kept(folder.cache)) == []


def test_what_is_not_there_is_remembered_for_a_while(folder: RemoteFolder, s3: S3) -> None:
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            version_of(RemoteFile(FOLDER, "x.tar"))

    assert s3.trouble.seen["HEAD object", "pics/x.tar"] == 1


def test_a_thousand_objects_come_with_one_request(s3: S3) -> None:
    for number in range(2300):
        path = s3.folder / "bucket" / "many" / f"{number % 100}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")

    objects, prefix = objects_of("s3://bucket/many")

    assert sum(1 for _ in objects.listed(prefix)) == 2300
    assert s3.trouble.seen["GET list", ""] == 3
    assert s3.trouble.objects() == 0


def test_segments_of_one_file_fetch_it_once(folder: RemoteFolder, s3: S3) -> None:
    found = [locate(folder / f"large.bin#t={n},{n + 1}") for n in range(3)]

    assert [(each.start, each.end) for each in found] == [(0, 1), (1, 2), (2, 3)]
    assert len({each.place for each in found}) == 1
    assert Path(found[0].place).read_bytes() == (s3.folder / "bucket/pics/large.bin").read_bytes()
    assert s3.trouble.seen["GET object", "pics/large.bin"] == 1


def test_members_of_a_tar_fetch_it_once(folder: RemoteFolder, s3: S3) -> None:
    write_tar(s3.folder / "bucket/pics/s.tar", {"d/1.png": "one", "2.png": "two"})

    places = [locate(folder / f"s.tar/{name}").place for name in ("d/1.png", "2.png")]

    assert [(place.name, place.size) for place in places] == [("d/1.png", 3), ("2.png", 3)]
    assert s3.trouble.seen["GET object", "pics/s.tar"] == 1
    with pytest.raises(FileNotFoundError) as caught:
        locate(folder / "s.tar/3.png")
    assert str(place_error(caught.value)) == "missing-file: '3.png' is not in the tar"


def test_a_changed_tar_is_fetched_again(folder: RemoteFolder, s3: S3) -> None:
    path = write_tar(s3.folder / "bucket/pics/s.tar", {"1.png": "one"})
    locate(folder / "s.tar/1.png")
    write_tar(path, {"1.png": "other"})

    assert locate(folder / "s.tar/1.png").place.size == 3  # what is known is known for a while
    forget()

    assert locate(folder / "s.tar/1.png").place.size == 5


def test_keys_that_are_nowhere_are_told() -> None:
    said = "Generic S3 error: Error performing PUT http://127.0.0.1:3/latest/api/token - HTTP"

    trouble = _error("s3://bucket/a.png", f"{said} error\nDebug source:", "GenericError")

    assert trouble.strerror == "no keys for it are in the environment"
