"""No damaged file gives a value, and none raises anything but DecodeError."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from tests.media.makers import EVERY_FILE, make

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

FRACTIONS = (0.01, 0.1, 0.3, 0.6, 0.9)
HAS_NO_END = {"a.obj"}  # nothing in the format says how much there should be


@pytest.mark.parametrize(("modality", "name"), EVERY_FILE)
def test_a_good_file_is_decoded(tmp_path: Path, modality: str, name: str) -> None:
    assert decode(make(tmp_path, modality, name), modality) is not None


@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize(("modality", "name"), [f for f in EVERY_FILE if f[1] not in HAS_NO_END])
def test_a_truncated_file_is_refused(
    tmp_path: Path, modality: str, name: str, fraction: float
) -> None:
    path = make(tmp_path, modality, name)
    data = path.read_bytes()
    path.write_bytes(data[: max(1, int(len(data) * fraction))])
    with pytest.raises(DecodeError) as refusal:
        decode(path, modality)
    assert refusal.value.reason in {Reason.TRUNCATED, Reason.CORRUPT, Reason.UNSUPPORTED}
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("modality", "name"), EVERY_FILE)
def test_garbage_with_the_right_ending_is_refused(tmp_path: Path, modality: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(1).bytes(5000))
    with pytest.raises(DecodeError):
        decode(path, modality)


@pytest.mark.parametrize(("modality", "name"), EVERY_FILE)
def test_a_good_start_with_garbage_behind_raises_only_decode_errors(
    tmp_path: Path, modality: str, name: str
) -> None:
    path = make(tmp_path, modality, name)
    data = bytearray(path.read_bytes())
    grain = np.random.default_rng(2)
    for _ in range(5):
        spot = int(grain.integers(len(data)))
        data[spot : spot + 8] = grain.bytes(8)
        path.write_bytes(data)
        with contextlib.suppress(DecodeError):
            decode(path, modality)


@pytest.mark.parametrize("modality", ["image", "audio", "video", "points"])
class TestNoSuchThing:
    def test_an_empty_file(self, tmp_path: Path, modality: str) -> None:
        path = tmp_path / "empty.bin"
        path.touch()
        assert _reason(path, modality) is Reason.EMPTY_FILE

    def test_a_missing_file(self, tmp_path: Path, modality: str) -> None:
        assert _reason(tmp_path / "none", modality) is Reason.MISSING_FILE

    def test_a_folder(self, tmp_path: Path, modality: str) -> None:
        assert _reason(tmp_path, modality) is Reason.UNREADABLE

    def test_a_named_pipe(self, tmp_path: Path, modality: str) -> None:
        os.mkfifo(tmp_path / "pipe.mp4")
        assert _reason(tmp_path / "pipe.mp4", modality) is Reason.UNREADABLE

    def test_a_device(self, modality: str) -> None:
        assert _reason(Path("/dev/zero"), modality) is Reason.UNREADABLE

    def test_an_impossible_name(self, modality: str) -> None:
        assert _reason(Path("a\0b"), modality) is Reason.UNREADABLE

    def test_an_unknown_kind(self, tmp_path: Path, modality: str) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("Just a few words, and nothing that anybody could draw or play.\n" * 20)
        assert _reason(path, modality) is Reason.UNSUPPORTED


def _reason(path: Path, modality: str) -> Reason:
    with pytest.raises(DecodeError) as refusal:
        decode(path, modality)
    return refusal.value.reason
