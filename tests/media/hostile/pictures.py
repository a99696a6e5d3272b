"""Hostile pictures."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from pentad.core.errors import Reason
from tests.media.hostile.kit import (
    BROKEN,
    CORRUPT,
    TOO_LARGE,
    TRUNCATED,
    UNSUPPORTED,
    World,
    changed,
    made,
    of,
    png,
    png_chunk,
    put,
    riff,
)
from tests.media.makers import noise, write_image

_entry = of("image")
_NOT_A_PICTURE = {UNSUPPORTED, CORRUPT}


def _forty_thousand() -> bytes:
    """A whole picture of 1.6 gigapixels, in 200 KB."""
    side = 40_000
    squeeze = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    parts = [squeeze.compress(row * 500) for _ in range(side // 500)]
    pixels = b"".join(parts) + squeeze.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _squeezed(megabytes: int) -> bytes:
    return zlib.compress(b"\0" * (megabytes << 20), 9)


def _gif(width: int, height: int, *frames: tuple[int, int]) -> bytes:
    data = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    for size in frames:
        data += struct.pack("<BHHHHB", 0x2C, 0, 0, *size, 0) + b"\x02\x02\x44\x01\x00"
    return data + b"\x3b"


def _tiff(*tags: tuple[int, int, int, int], tail: bytes = b"") -> bytes:
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0\x08\0\0\0" + body + b"\0\0\0\0" + tail


def _tiff_size(width: int, height: int) -> list[tuple[int, int, int, int]]:
    return [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1),
            (262, 3, 1, 1)]  # fmt: skip


def _nan_tiff(path: Path, world: World) -> None:
    Image.fromarray(np.full((500, 500), np.nan, np.float32)).save(path)


def _jpeg(change: bytes) -> bytes:
    """A JPEG with another size in its header."""
    file = io.BytesIO()
    Image.fromarray(noise()).save(file, "JPEG")
    data = bytearray(file.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = change
    return bytes(data)


def _many_scans() -> bytes:
    """A JPEG that paints the same large picture over and over."""
    file = io.BytesIO()
    Image.new("L", (4000, 4000)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 600 + b"\xff\xd9"


def _bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + 100, 0, 0, 54) + head + bytes(100)


def _avif(path: Path, world: World) -> None:
    Image.fromarray(noise()).save(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"ispe") + 8
    data[at : at + 8] = b"\x7f\xff\xff\xff" * 2
    path.write_bytes(data)


def _webp_extended(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff(b"WEBP", (b"VP8X", bytes(4) + size), (b"VP8L", b"\x2f" + bytes(20)))


def _webp_lossless(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return riff(b"WEBP", (b"VP8L", b"\x2f" + bits.to_bytes(4, "little") + bytes(20)))


def _flipped(data: bytearray) -> None:
    data[len(data) // 2] ^= 0x20


TEXT = b"comment\0\0"
PICTURES = [
    _entry("40k.png", TOO_LARGE, made(_forty_thousand)),
    _entry("12k.png", TOO_LARGE, png(12_000, 12_000)),
    _entry("line.png", TOO_LARGE, png(0x7FFFFFFF, 1)),
    _entry("widest.png", {TOO_LARGE, CORRUPT}, png(0xFFFFFFFF, 0xFFFFFFFF)),
    _entry("nothing-wide.png", {Reason.EMPTY, CORRUPT}, png(0, 5)),
    _entry("few-rows.png", TRUNCATED, png(5_000, 5_000)),
    _entry("text-bomb.png", TOO_LARGE, made(lambda: png(4, 4, (b"zTXt", TEXT + _squeezed(80))))),
    _entry(
        "itext-bomb.png",
        TOO_LARGE,
        made(lambda: png(4, 4, (b"iTXt", b"comment\0\1\0\0\0" + _squeezed(80)))),
    ),
    _entry(
        "profile-bomb.png",
        TOO_LARGE,
        made(lambda: png(4, 4, (b"iCCP", b"icc\0\0" + _squeezed(80)))),
    ),
    _entry(
        "many-texts.png",
        TOO_LARGE,
        made(lambda: png(4, 4, *[(b"zTXt", TEXT + zlib.compress(bytes(1 << 20)))] * 70)),
    ),
    _entry("many-chunks.png", TOO_LARGE, made(lambda: png(4, 4, *[(b"tEXt", b"a\0b")] * 10_001))),
    _entry("long-exif.png", TOO_LARGE, png(4, 4)[:33] + b"\x40\0\0\0eXIf" + bytes(100)),
    _entry("frames.png", TOO_LARGE, png(4, 4, (b"acTL", b"\x7f\xff\xff\xff\0\0\0\0"))),
    _entry(
        "long-pixels.png",
        TRUNCATED,
        changed(write_image, lambda data: put(data, b"IDAT", -4, b"\xff\xff\xff\xff")),
    ),
    _entry("no-end.png", TRUNCATED, png(60, 40)[:45]),
    _entry("flipped.png", BROKEN, changed(write_image, _flipped)),
    _entry("canvas.gif", TOO_LARGE, _gif(65535, 65535, (1, 1))),
    _entry("frame.gif", {TOO_LARGE, *BROKEN}, _gif(1, 1, (65535, 65535))),
    _entry("frames.gif", TOO_LARGE, made(lambda: _gif(2, 2, *[(1, 1)] * 10_001))),
    _entry("no-frame.gif", BROKEN | {Reason.EMPTY}, _gif(2, 2)),
    _entry("half.gif", BROKEN, changed(write_image, lambda data: data[: len(data) // 2])),
    _entry("size.tiff", TOO_LARGE, _tiff(*_tiff_size(60_000, 60_000), (273, 4, 1, 8))),
    _entry(
        "strips.tiff",
        {*BROKEN, TOO_LARGE},
        _tiff(*_tiff_size(9_000, 9_000), (273, 4, 0x7FFFFFFF, 8), (279, 4, 0x7FFFFFFF, 8)),
    ),
    _entry(
        "far-strips.tiff",
        BROKEN,
        _tiff(*_tiff_size(100, 100), (273, 4, 1, 0xFFFFFFF0), (278, 4, 1, 0xFFFFFFFF)),
    ),
    _entry(
        "tiles.tiff",
        {*BROKEN, TOO_LARGE},
        _tiff(
            *_tiff_size(9_000, 9_000),
            (322, 4, 1, 0x7FFFFFFF),
            (323, 4, 1, 0x7FFFFFFF),
            (324, 4, 1, 8),
            (325, 4, 1, 0x7FFFFFFF),
        ),
    ),
    _entry("nan.tiff", Reason.NON_FINITE, _nan_tiff),
    _entry("canvas.webp", TOO_LARGE, _webp_extended(16_384, 16_384)),
    _entry("widest.webp", {TOO_LARGE, CORRUPT}, _webp_extended(1 << 24, 1 << 24)),
    _entry("lossless.webp", TOO_LARGE, _webp_lossless(16_384, 16_384)),
    _entry("profile.webp", TOO_LARGE, riff(b"WEBP", (b"VP8X", bytes(10))) + b"ICCP\0\0\0\x40"),
    _entry("half.webp", BROKEN, changed(write_image, lambda data: data[: len(data) // 2])),
    _entry("size.jpg", TOO_LARGE, _jpeg(b"\xff\xdc\xff\xdc")),
    _entry("nothing.jpg", {*BROKEN, Reason.EMPTY}, _jpeg(b"\0\0\0\0")),
    _entry("scans.jpg", TOO_LARGE, made(_many_scans)),
    _entry("half.jpg", TRUNCATED, changed(write_image, lambda data: data[: len(data) // 2])),
    _entry("size.bmp", TOO_LARGE, _bmp(0x7FFFFFFF, 0x7FFFFFFF)),
    _entry("upside-down.bmp", {TOO_LARGE, *BROKEN}, _bmp(1000, -0x80000000)),
    _entry("size.ppm", TOO_LARGE, b"P6 99999 99999 255\n" + bytes(100)),
    _entry("words.ppm", {*BROKEN, TOO_LARGE}, b"P3 " + b"9" * 5000 + b" 2 255\n0 0 0"),
    _entry("size.avif", {TOO_LARGE, *BROKEN}, _avif),
    _entry(
        "script.png",
        _NOT_A_PICTURE,
        lambda path, world: (
            path.write_text(
                "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n"
                f"({world.canary}) (w) file closefile showpage\n%%EOF\n"
            )
            and None
        ),
    ),
    _entry("page.png", _NOT_A_PICTURE, b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"),
    _entry(
        "drawing.png",
        _NOT_A_PICTURE,
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    ),
    _entry("layers.png", _NOT_A_PICTURE, b"gimp xcf file\0" + struct.pack(">III", 64, 64, 0) * 9),
    _entry(
        "layers.jpg",
        _NOT_A_PICTURE,
        struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 30_000, 30_000, 8, 3) + bytes(500),
    ),
    _entry("icon.png", _NOT_A_PICTURE, b"\0\0\x01\0\x01\0" + bytes(100)),
    _entry("page.gif", _NOT_A_PICTURE, b"<html><script>alert(1)</script></html>"),
    _entry("stub.jpg", _NOT_A_PICTURE, b"GRIB" + bytes(100)),
]
