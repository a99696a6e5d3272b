"""What pictures really hold is far below the limits of `picturecaps`."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pentad.core.errors import DecodeError, Reason
from pentad.media import picturecaps
from pentad.media.picturecaps import check_picture
from tests.media.makers import noise


def saved(kind: str, frames: int = 1, **options: object) -> bytes:
    file = io.BytesIO()
    pictures = [Image.fromarray(np.roll(noise(), i, axis=1)) for i in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(file, kind, **more, **options)
    return file.getvalue()


def check(data: bytes) -> None:
    check_picture(io.BytesIO(data))


def refused(data: bytes) -> bool:
    try:
        check(data)
    except DecodeError as error:
        return error.reason is Reason.TOO_LARGE
    return False


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("most", [3, 4, 5])
def test_frames_are_counted(kind: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picturecaps, "MAX_ANIMATION", most)
    assert refused(saved(kind, frames=4)) == (most < 4)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("what", ["icc_profile", "exif"])
def test_metadata_has_a_limit(kind: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(kind, **{what: np.random.default_rng(0).bytes(3000)})
    check(data)
    monkeypatch.setattr(picturecaps, "MAX_METADATA", 2000)
    assert refused(data)


@pytest.mark.parametrize("options", [{}, {"quality": 95}, {"exif": b"Exif\0\0" + bytes(60_000)}])
def test_a_plain_jpeg_is_painted_once(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picturecaps, "MAX_SCANS", 0)
    check(saved("JPEG", **options))


def test_a_progressive_jpeg_has_some_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved("JPEG", progressive=True)
    check(data)
    monkeypatch.setattr(picturecaps, "MAX_SCANS", 3)
    assert refused(data)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "JPEG", "TIFF", "BMP", "PPM"])
def test_what_is_damaged_is_left_to_the_decoder(kind: str) -> None:
    data = saved(kind)
    for length in range(0, len(data), max(1, len(data) // 50)):
        assert not refused(data[:length])
