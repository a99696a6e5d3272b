"""Parts of larger files and bytes in memory are decoded as files are, and leave nothing behind."""

from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import DecodeError, Reason, StoreError
from pentad.media import source
from pentad.media.decode import decode
from pentad.media.files import MAX_FILE_BYTES
from pentad.media.types import Decoded, DecodeOptions
from pentad.media.wire import DecodeRequest
from pentad.media.worker import DecodePool
from pentad.store.places import Loaded, Member, Place
from tests.media.makers import EVERY_FILE, gltf_tree, make, noise, write_image
from tests.media.test_worker import HOOK

NEEDS_NO_NEIGHBOR = DecodeOptions(image_side=16, sample_rate=8000, video_frames=3, points=50)


def values(decoded: Decoded) -> list[object]:
    found = (getattr(decoded, field.name) for field in fields(decoded))
    return [(v.dtype.str, v.tolist()) if isinstance(v, np.ndarray) else v for v in found]


def packed(folder: Path, files: list[Path], name: str = "shard.tar") -> dict[str, Member]:
    """Put files into a tar, each in a folder of its name, and tell where they lie."""
    with tarfile.open(folder / name, "w") as tar:
        for file in files:
            tar.add(file, f"in/{file.name}")
    with tarfile.open(folder / name) as tar:
        return {
            Path(m.name).name: Member(folder / name, m.offset_data, m.size, m.name)
            for m in tar.getmembers()
        }


def left_behind() -> tuple[list[Path], int]:
    """Copies that lie about, and how many files are open here."""
    return sorted(Path("/dev/shm").glob("tmp*")), len(list(Path("/proc/self/fd").iterdir()))


def refusal(place: str | Place, modality: str = "image") -> DecodeError:
    with pytest.raises(DecodeError) as found:
        decode(place, modality)
    with DecodePool() as pool:
        (sent,) = pool.map([DecodeRequest(place, modality)])
    assert isinstance(sent, DecodeError)
    assert (sent.reason, sent.detail) == (found.value.reason, found.value.detail)
    assert "/proc" not in sent.detail
    assert "/dev/shm" not in sent.detail
    return found.value


@pytest.mark.slow
def test_every_format_is_the_same_from_a_tar_from_memory_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    paths = [make(tmp_path / "files", modality, name) for modality, name in EVERY_FILE]
    members = packed(tmp_path, paths)
    requests = []
    for (modality, _), path in zip(EVERY_FILE, paths, strict=True):
        loaded = Loaded(path.read_bytes(), f"17/{path.name}")
        places = (path, members[path.name], loaded)
        requests += [DecodeRequest(p, modality, NEEDS_NO_NEIGHBOR, 7) for p in places]
    before = left_behind()
    with DecodePool(2) as pool:
        found = [values(each) for each in pool.map(requests)]
    for at in range(0, len(found), 3):
        assert found[at] == found[at + 1] == found[at + 2], requests[at].path
    here = [
        values(decode(r.path, r.modality, r.options, seed=r.seed)) for r in requests if r.seed == 7
    ]
    assert here == found
    assert left_behind() == before


def test_parts_of_sounds_in_a_tar(tmp_path: Path) -> None:
    path = make(tmp_path, "audio", "a.wav")
    member = packed(tmp_path, [path])["a.wav"]
    found = decode(member, "audio", start=0.25, end=0.5)
    assert np.array_equal(found.samples, decode(path, "audio", start=0.25, end=0.5).samples)


def test_more_bytes_than_a_pipe_holds(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((400_000, 6), "f4"))
    place = Loaded((tmp_path / "a.npy").read_bytes(), "a.npy")
    with DecodePool() as pool:
        (found,) = pool.map([DecodeRequest(place, "points")])
    assert len(found.xyz) == 400_000


def test_a_relative_tar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    member = packed(tmp_path, [write_image(tmp_path / "a.png")])["a.png"]
    monkeypatch.chdir(tmp_path)
    with DecodePool() as pool:
        (found,) = pool.map([DecodeRequest(replace(member, file=Path("shard.tar")), "image")])
    assert np.array_equal(found.pixels, noise())


@pytest.mark.parametrize(
    ("offset", "size", "reason"),
    [
        (0, 0, Reason.EMPTY_FILE),
        (512, 10**6, Reason.TRUNCATED),
        (10**6, 10, Reason.TRUNCATED),
        (-5, 10, Reason.TRUNCATED),
        (5, -10, Reason.TRUNCATED),
        (2**70, 10, Reason.TRUNCATED),
        (0, 512, Reason.UNSUPPORTED),
        (0, MAX_FILE_BYTES["image"] + 1, Reason.TOO_LARGE),
    ],
)
def test_where_no_member_is(tmp_path: Path, offset: int, size: int, reason: Reason) -> None:
    tar = packed(tmp_path, [write_image(tmp_path / "a.png")])["a.png"].file
    error = refusal(Member(tar, offset, size, "in/a"))
    assert error.reason is reason
    assert "in/a" in error.detail
    assert str(tmp_path) not in error.detail


def test_no_tar(tmp_path: Path) -> None:
    (tmp_path / "folder.tar").mkdir()
    os.mkfifo(tmp_path / "pipe.tar")
    expected = {"none.tar": Reason.MISSING_FILE, "folder.tar": Reason.UNREADABLE,
                "pipe.tar": Reason.UNREADABLE}  # fmt: skip
    for name, reason in expected.items():
        error = refusal(Member(tmp_path / name, 0, 10, "a.png"))
        assert error.reason is reason
        assert name in error.detail


@pytest.mark.parametrize("modality", ["image", "audio", "video", "points"])
def test_damaged_bytes_name_the_member_alone(tmp_path: Path, modality: str) -> None:
    endings = {"image": "png", "audio": "m4a", "video": "mp4", "points": "ply"}
    heads = {"image": b"\x89PNG\r\n\x1a\n", "points": b"ply\n"}
    data = heads.get(modality, b"\0\0\0\x20ftypisom" + bytes(20)) + b"\x7f" * 3000
    (tmp_path / "larger").write_bytes(b"before" + data + b"behind")
    for name in (f"17/a.{endings[modality]}", f"odd\n\udcff\0.{endings[modality]}", "x" * 5000):
        for place in (Loaded(data, name), Member(tmp_path / "larger", 6, len(data), name)):
            error = refusal(place, modality)
            assert str(tmp_path) not in error.detail
            assert error.detail.isprintable()
            error.detail.encode()
            assert len(error.detail) < 600


def test_no_bytes_and_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(Loaded(b"", "17/image")).reason is Reason.EMPTY_FILE
    monkeypatch.setitem(MAX_FILE_BYTES, "image", 100)
    error = refusal(Loaded(bytes(101), "17/image"))
    assert error.reason is Reason.TOO_LARGE
    assert "17/image" in error.detail


class TestModelsThatReferToOtherFiles:
    def places(self, folder: Path, path: Path) -> list[Place]:
        return [packed(folder, [path])[path.name], Loaded(path.read_bytes(), path.name)]

    def test_gltf(self, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(gltf_tree()[1])
        (tmp_path / "a.gltf").write_text(json.dumps(gltf_tree("a.bin")[0]))
        assert len(decode(tmp_path / "a.gltf", "points").xyz) == 8
        for place in self.places(tmp_path, tmp_path / "a.gltf"):
            error = refusal(place, "points")
            assert error.reason is Reason.UNSUPPORTED
            assert "'a.bin'" in error.detail

    def test_obj(self, tmp_path: Path) -> None:
        path = make(tmp_path, "points", "a.obj")
        (tmp_path / "a.mtl").write_text("newmtl red\nKd 1 0 0\n")
        path.write_text("mtllib a.mtl\nusemtl red\n" + path.read_text())
        for place in self.places(tmp_path, path):
            error = refusal(place, "points")
            assert error.reason is Reason.UNSUPPORTED
            assert "a.mtl" in error.detail


class TestRoom:
    def test_what_is_large_goes_into_the_temporary_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        used: list[Path] = []
        nameless = source._nameless
        monkeypatch.setattr(source, "_nameless", lambda f: used.append(f) or nameless(f))
        data = write_image(tmp_path / "a.png").read_bytes()
        assert decode(Loaded(data, "a.png"), "image")
        monkeypatch.setattr(source, "_MOST_IN_MEMORY", 10)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        assert decode(Loaded(data, "a.png"), "image")
        assert used[-1] == tmp_path
        assert [path.name for path in tmp_path.iterdir()] == ["a.png"]

    def test_a_full_memory_falls_back_and_a_full_disk_is_no_files_fault(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        full = {source._IN_MEMORY}

        class Full(io.BytesIO):
            def write(self, data: object) -> int:
                raise OSError(28, "No space left on device")

        nameless = source._nameless
        monkeypatch.setattr(source, "_nameless", lambda f: Full() if f in full else nameless(f))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        data = write_image(tmp_path / "a.png").read_bytes()
        assert decode(Loaded(data, "a.png"), "image")
        full.add(tmp_path)
        with pytest.raises(StoreError, match="TMPDIR"):
            decode(Loaded(data, "a.png"), "image")


def test_a_worker_that_dies_leaves_no_copy() -> None:
    before = left_behind()
    for action, reason in {"crash": Reason.WORKER_DIED, "hang": Reason.TIMEOUT}.items():
        with DecodePool(decoder=HOOK, timeout_s=1) as pool:
            places = [Loaded(bytes(100_000), f"{action}-1"), Loaded(b"x", "ok")]
            found = list(pool.map(DecodeRequest(place, "image") for place in places))
        assert found[0].reason is reason
        assert not isinstance(found[1], DecodeError)
    assert left_behind() == before
