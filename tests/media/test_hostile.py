"""Every file of the corpus is refused with a typed reason, and does nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.types import DecodeOptions, Image, Points
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.store.places import Loaded
from tests.media.hooks import forget_peak, memory
from tests.media.hostile.corpus import CORPUS
from tests.media.hostile.kit import Hostile, World
from tests.media.hostile.videos import external_reference
from tests.media.makers import MAKERS, make, noise, write_image, write_video
from tests.media.watch import Listener, Watch

MOST_KIB = 500 << 10
OPTIONS = DecodeOptions(image_side=224, sample_rate=16000, video_frames=8, points=1000)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as made:
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> World:
    folder = tmp_path_factory.mktemp("watched")
    canary = tmp_path_factory.mktemp("canary") / "was-run"
    return World(write_video(folder / "secret.mp4"), listener.port, canary)


@pytest.fixture(scope="module")
def watch(world: World) -> Iterator[Watch]:
    with Watch(world.secret.parent) as made:
        yield made


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "memory"


@pytest.fixture(scope="module")
def pool(log: Path) -> Iterator[DecodePool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTAD_TEST_MARK", str(log))
        with DecodePool(timeout_s=20, memory_mb=1024, decoder="tests.media.hooks:measured") as made:
            yield made


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_image(tmp_path_factory.mktemp("good") / "good.png")


def test_the_corpus_is_large_and_has_every_kind() -> None:
    assert len(CORPUS) >= 200
    assert len({(each.modality, each.name) for each in CORPUS}) == len(CORPUS)
    for modality in ("image", "audio", "video", "points"):
        assert sum(each.modality == modality for each in CORPUS) >= 40


@pytest.mark.parametrize(
    "hostile", CORPUS, ids=[f"{each.modality}-{each.name!a}" for each in CORPUS]
)
def test_it_is_refused(
    hostile: Hostile,
    tmp_path: Path,
    world: World,
    pool: DecodePool,
    watch: Watch,
    listener: Listener,
    log: Path,
    good: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    place = hostile.write(tmp_path / hostile.name, world) or tmp_path / hostile.name
    watch.seen()
    forget_peak()
    before, lines = memory("VmRSS"), _lines(log)
    request = DecodeRequest(place, hostile.modality, OPTIONS)
    refusal, after = pool.map([request, DecodeRequest(good, "image")])

    assert isinstance(refusal, DecodeError)
    assert refusal.reason in hostile.reasons, refusal
    assert str(refusal).isprintable()
    assert str(tmp_path) not in str(refusal)
    assert isinstance(after, Image)
    assert after.pixels.shape == noise().shape
    assert len(pool.quarantine) == 0

    assert memory("VmHWM") - before < MOST_KIB
    grown = _lines(log)[len(lines) :]
    assert len(grown) >= 2  # what was too large is tried again in a new process
    assert max(grown) < MOST_KIB
    assert not watch.seen()
    assert not listener.called()
    assert not world.canary.exists()


def _lines(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def test_the_watch_and_the_listener_would_notice(
    world: World, watch: Watch, listener: Listener, tmp_path: Path
) -> None:
    """FFmpeg follows the reference if it is allowed to, so that the file above is a real one."""
    watch.seen()
    external_reference(tmp_path / "a.mov", world)
    allowed = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(tmp_path / "a.mov"), format="mov", options=allowed) as container:
        list(container.demux(video=0))
    assert watch.seen()
    with socket.create_connection(("127.0.0.1", listener.port)):
        pass
    assert listener.called()


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_image(tmp_path / "a.png")
    path.chmod(0)
    if os.geteuid() == 0:  # who may read everything
        monkeypatch.setattr("pentad.media.files.os.access", lambda *_: False)
    with pytest.raises(DecodeError) as found:
        decode(path, "image")
    assert found.value.reason is Reason.UNREADABLE


def test_a_texture_that_is_a_script_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow would give it to another program; the mesh is then without colour."""
    from PIL import EpsImagePlugin

    seen: list[object] = []

    def note(picture: object) -> None:
        seen.append(picture)

    monkeypatch.setattr(EpsImagePlugin.EpsImageFile, "_open", note)
    (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd map.png\n")
    (tmp_path / "map.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
    corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
    (tmp_path / "a.obj").write_text(f"mtllib a.mtl\nusemtl m\n{corners}f 1/1 2/2 3/3\n")
    found = decode(tmp_path / "a.obj", "points")
    assert isinstance(found, Points)
    assert found.rgb is None or (found.rgb == found.rgb[0]).all()
    assert not seen


MUTATIONS = 30
_FEW = DecodeOptions(image_side=32, sample_rate=8000, video_frames=3, points=50)


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Change some bytes of a file in one of the ways in which they go wrong."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        found = found or bytearray(b"x")
        # Headers are short, and most is decided there.
        reach = len(found) if rng.random() < 0.5 else min(len(found), 256)
        at, length = int(rng.integers(reach)), int(rng.integers(1, 64))
        match rng.integers(7):
            case 0:
                found[at] ^= 1 << int(rng.integers(8))
            case 1:
                found[at : at + length] = rng.bytes(length)
            case 2:
                found[at : at + length] = bytes(length)
            case 3:
                found[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"])
            case 4:
                del found[at : at + length]
            case 5:
                found[at:at] = found[:length]
            case _:
                del found[max(16, at) :]
    return bytes(found) or b"x"


@pytest.mark.slow
@pytest.mark.parametrize("modality", MAKERS)
def test_changed_files_are_decoded_or_refused(
    modality: str, tmp_path: Path, watch: Watch, listener: Listener
) -> None:
    rng = np.random.default_rng(7)
    requests = []
    for name in MAKERS[modality]:
        data = make(tmp_path, modality, name).read_bytes()
        for number in range(MUTATIONS):
            part = {"start": 0.2, "end": 0.8} if number % 3 == 2 else {}
            part = part if modality in {"audio", "video"} else {}
            place = Loaded(_mutated(data, rng), f"{number}-{name}")
            requests.append(DecodeRequest(place, modality, _FEW, number, **part))
    watch.seen()
    with DecodePool(2, timeout_s=20, memory_mb=1024) as pool:
        found = list(pool.map([*requests, DecodeRequest(make_good(tmp_path), "image")]))
    assert isinstance(found[-1], Image)
    refused = [each for each in found if isinstance(each, DecodeError)]
    assert len(refused) > len(found) // 4
    assert Reason.TIMEOUT not in {each.reason for each in refused}
    assert all(str(each).isprintable() for each in refused)
    assert not watch.seen()
    assert not listener.called()


def make_good(folder: Path) -> Path:
    return write_image(folder / "good.png")
