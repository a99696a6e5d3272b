from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pentad.store.places import container_of
from pentad.store.remote.files import RemoteFile, RemoteFolder, Version, object_of, same_root

FOLDER = RemoteFolder("s3://bucket/pics", Path("/cache"), {"a.png": Version(5, "etag:x")})


def test_a_folder_and_a_name_make_a_file() -> None:
    file = FOLDER / "sub/b #1.png"

    assert file == RemoteFile("s3://bucket/pics", "sub/b #1.png")
    assert str(file) == "s3://bucket/pics/sub/b #1.png"
    assert file.name == "b #1.png"
    assert file.cache == Path("/cache")
    assert file.version is None


@pytest.mark.parametrize(
    ("file", "object_", "inner"),
    [
        ("a.png", "a.png", None),
        ("a.mp4#t=1,2", "a.mp4", None),
        ("x/s.tar/d/1.png", "x/s.tar", "d/1.png"),
        ("x/s.TAR/1.mp4#t=3", "x/s.TAR", "1.mp4#t=3"),
        ("t.parquet/17/image", "t.parquet", "17/image"),
        ("s.tar", "s.tar", None),
    ],
)
def test_a_file_knows_the_object_that_holds_it(file: str, object_: str, inner: str | None) -> None:
    remote = FOLDER / file

    assert object_of(file) == object_ == remote.object.file
    found = container_of(remote)
    assert found == (None if inner is None else (f"s3://bucket/pics/{object_}", inner))


def test_what_was_listed_is_known_of_the_object() -> None:
    assert (FOLDER / "a.png").version == Version(5, "etag:x")
    assert (FOLDER / "a.png#t=1").version == Version(5, "etag:x")
    assert (FOLDER / "b.png").version is None


def test_what_was_listed_does_not_travel_with_a_file() -> None:
    many = RemoteFolder("s3://bucket", None, {f"{n}": Version(n, "etag:x") for n in range(9999)})

    assert len(pickle.dumps(many / "17")) < 500


def test_roots_are_compared_by_where_they_are(tmp_path: Path) -> None:
    assert same_root(RemoteFolder("s3://b/x"), RemoteFolder("s3://b/x", tmp_path))
    assert not same_root(RemoteFolder("s3://b/x"), RemoteFolder("s3://b/y"))
    assert not same_root(RemoteFolder("s3://b/x"), tmp_path)
    assert same_root(tmp_path, tmp_path / "a" / "..")
