from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.types import DecodeOptions
from tests.media.makers import noise, picture


def pixels(path: Path, **options: int) -> np.ndarray:
    return decode(path, "image", DecodeOptions(**options)).pixels


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff", "ppm"])
def test_lossless_formats_keep_every_pixel(tmp_path: Path, kind: str) -> None:
    Image.fromarray(noise()).save(tmp_path / f"a.{kind}")
    assert np.array_equal(pixels(tmp_path / f"a.{kind}"), noise())


@pytest.mark.parametrize("kind", ["jpg", "webp", "gif", "avif"])
def test_lossy_formats_come_near(tmp_path: Path, kind: str) -> None:
    Image.fromarray(picture()).save(tmp_path / f"a.{kind}")
    found = pixels(tmp_path / f"a.{kind}")
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - picture()).mean() < 12


def test_the_content_counts_not_the_ending(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert np.array_equal(pixels(tmp_path / "a.jpg"), noise())


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("L", 100, (100, 100, 100)),
        ("1", 1, (255, 255, 255)),
        ("LA", (0, 0), (255, 255, 255)),
        ("LA", (0, 255), (0, 0, 0)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("P", 0, (0, 0, 0)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 257 * 40, (40, 40, 40)),
    ],
)
def test_every_mode_becomes_rgb_on_white(
    tmp_path: Path, mode: str, color: object, expected: tuple[int, int, int]
) -> None:
    Image.new(mode, (4, 3), color).save(tmp_path / "a.png")
    found = pixels(tmp_path / "a.png")
    assert found.shape == (3, 4, 3)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_a_transparent_palette_colour_becomes_white(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.save(tmp_path / "a.png", transparency=1)
    assert (pixels(tmp_path / "a.png") == 255).all()


def test_cmyk(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(pixels(tmp_path / "a.jpg").astype(int) - (255, 0, 0)).max() < 12


def test_float_tiff(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "a.tiff")
    assert np.array_equal(pixels(tmp_path / "a.tiff")[..., 0].ravel(), np.arange(256))
    ramp[3, 3] = np.nan
    Image.fromarray(ramp).save(tmp_path / "a.tiff")
    with pytest.raises(DecodeError) as refusal:
        pixels(tmp_path / "a.tiff")
    assert refusal.value.reason is Reason.NON_FINITE


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    turned = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a.swapaxes(0, 1), 2), 8: np.rot90,
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise()).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(pixels(tmp_path / "a.png"), turned(noise()))


def test_damaged_exif_does_not_matter(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09")
    assert np.array_equal(pixels(tmp_path / "a.png"), noise())


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (pixels(tmp_path / "a.gif") == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["png", "jpg"])
@pytest.mark.parametrize("size", [(640, 400), (401, 399), (3000, 10), (1999, 1201)])
def test_reducing_keeps_twice_the_wanted_side(
    tmp_path: Path, kind: str, size: tuple[int, int]
) -> None:
    Image.new("RGB", size, "red").save(tmp_path / f"a.{kind}")
    found = pixels(tmp_path / f"a.{kind}", image_side=100)
    assert 200 <= max(found.shape) < 2 * 200 or max(found.shape) == max(size)
    assert max(found.shape) <= max(size)


def test_a_small_picture_is_not_reduced(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "a.png")
    assert np.array_equal(pixels(tmp_path / "a.png", image_side=224), noise())


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60000, 60000), (12000, 12000), (0x7FFFFFFF, 1)])
def test_a_decompression_bomb_is_too_large(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(_png(*size))
    with pytest.raises(DecodeError) as refusal:
        pixels(tmp_path / "a.png")
    assert refusal.value.reason is Reason.TOO_LARGE


def test_text_chunk_bombs_are_refused(tmp_path: Path) -> None:
    data = _png(4, 4)
    text = b"comment\0\0" + zlib.compress(b"\0" * (80 << 20))
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + text))
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    with pytest.raises(DecodeError):
        pixels(tmp_path / "a.png")


def test_warning_filters_are_left_as_they_were(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "a.png")
    before = list(warnings.filters)
    pixels(tmp_path / "a.png")
    assert list(warnings.filters) == before
