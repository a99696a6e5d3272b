from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import Reason
from pentad.store.places import Loaded, Located, Member, container_of, locate, place_error
from tests.tars import media, write_cells, write_tar


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    (tmp_path / "odd.mp4#t=1,2").write_bytes(b"odd")
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "folder.tar" / "a.jpg").write_bytes(b"plain")
    write_tar(tmp_path / "x.tar", {"a.jpg": b"in tar", "d/v.mp4": b"v", "w#t=1,2": b"w"})
    write_cells(tmp_path / "t.parquet", {"image": media((b"cell", "p/q.png"))})
    (tmp_path / "packed.tar.gz").write_bytes(b"x")
    return tmp_path


def test_files_are_themselves(root: Path) -> None:
    for name in ("clip.mp4", "odd.mp4#t=1,2", "folder.tar/a.jpg", "x.tar", "t.parquet"):
        assert locate(root / name) == Located(root / name)
    assert locate(str(root / "clip.mp4")) == Located(root / "clip.mp4")


def test_members_cells_and_segments(root: Path) -> None:
    place = locate(root / "x.tar/a.jpg").place
    assert isinstance(place, Member)
    assert place.file == root / "x.tar"
    assert place.name == "a.jpg"
    assert place.file.read_bytes()[place.offset :][: place.size] == b"in tar"
    assert locate(root / "t.parquet/0/image") == Located(Loaded(b"cell", "q.png"))
    assert locate(root / "clip.mp4#t=14,24") == Located(root / "clip.mp4", 14.0, 24.0)
    assert locate(root / "clip.mp4#t=14") == Located(root / "clip.mp4", 14.0, None)
    part = locate(root / "x.tar/d/v.mp4#t=1.5,2")
    assert (part.place.name, part.start, part.end) == ("d/v.mp4", 1.5, 2.0)
    assert locate(root / "t.parquet/0/image#t=1,2").start == 1.0


def test_a_member_with_that_very_name_wins(root: Path) -> None:
    found = locate(root / "x.tar/w#t=1,2")
    assert (found.place.name, found.start) == ("w#t=1,2", None)


@pytest.mark.parametrize(
    "name",
    ["no.jpg", "no.mp4#t=1,2", "clip.mp4#t=2,1", "clip.mp4/x", "no.tar/a.jpg", "x.tar/no.jpg",
     "x.tar/A.jpg", "x.tar/../clip.mp4x", "x.tar/d", "t.parquet/0/no", "t.parquet/1/image",
     "t.parquet/image", "t.parquet/-1/image", "t.parquet/x/image", "folder.tar/b.jpg",
     "packed.tar.gz/a.jpg"],
)  # fmt: skip
def test_what_is_not_there_is_a_missing_file(root: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        locate(root / name)
    refused = place_error(caught.value)
    assert refused.reason is Reason.MISSING_FILE
    assert refused.detail
    assert "\n" not in str(refused)


def test_what_cannot_be_read_is_not_missing(root: Path) -> None:
    (root / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(OSError, match="damaged") as caught:
        locate(root / "bad.parquet/0/image")
    assert place_error(caught.value).reason is Reason.UNREADABLE
    with pytest.raises(OSError, match="null") as caught:
        locate("a\0b")
    assert place_error(caught.value).reason is Reason.UNREADABLE


def test_a_damaged_tar_says_so_for_what_it_does_not_have(root: Path) -> None:
    tar = write_tar(root / "y.tar", {"a": b"1", "b": b"x" * 900})
    tar.write_bytes(tar.read_bytes()[:1700])
    assert isinstance(locate(tar / "a").place, Member)
    with pytest.raises(FileNotFoundError, match=r"not in the tar .cut short at byte 1,700"):
        locate(tar / "b")


def test_the_container_is_the_first_file_on_the_way(root: Path) -> None:
    assert container_of(root / "x.tar/d/v.mp4") == (str(root / "x.tar"), "d/v.mp4")
    assert container_of(root / "folder.tar/x.tar/b") is None
    assert container_of(root / "clip.mp4") is None
