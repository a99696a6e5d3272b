"""Hostile sounds."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile

from pentad.core.errors import Reason
from tests.media.hostile.kit import (
    BROKEN,
    CORRUPT,
    TOO_LARGE,
    TRUNCATED,
    UNSUPPORTED,
    World,
    box,
    changed,
    made,
    of,
    put,
    riff,
)
from tests.media.makers import tone, write_av_sound, write_sound

_entry = of("audio")
_DATA = (tone() * 3e4).astype("<i2").tobytes()


def _wav(
    channels: int = 1, rate: int = 22050, bits: int = 16, data: bytes = _DATA, kind: int = 1
) -> bytes:
    align = channels * bits // 8 & 0xFFFF
    head = struct.pack(
        "<HHIIHH", kind, channels, rate & 0xFFFFFFFF, rate * align & 0xFFFFFFFF, align, bits
    )
    return riff(b"WAVE", (b"fmt ", head), (b"data", data))


def _declared(size: int) -> bytes:
    data = bytearray(_wav())
    put(data, b"data", 4, struct.pack("<I", size))
    return bytes(data)


def _wide(size: int) -> bytes:
    """An RF64 file, whose length has 64 bits."""
    plain = _wav()
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, size, size, size, 0)
    data = plain[12:].replace(b"data" + struct.pack("<I", len(_DATA)), b"data\xff\xff\xff\xff")
    return b"RF64\xff\xff\xff\xffWAVE" + ds64 + data


def _sparse(path: Path, world: World) -> None:
    """Half a gigabyte of empty chunks that takes no room."""
    with path.open("wb") as file:
        file.write(riff(b"WAVE"))
        file.truncate(1 << 29)


def _crc(data: bytes, polynomial: int, width: int) -> int:
    value = 0
    for byte in data:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1) ^ (polynomial if value >> (width - 1) & 1 else 0)
            value &= (1 << width) - 1
    return value


def _stream_info(rate: int, samples: int) -> bytes:
    bits = rate << 44 | 0 << 41 | 15 << 36 | samples
    block = struct.pack(">HH", 65535, 65535) + bytes(6) + bits.to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80\0\0\x22" + block


def _long_flac(declared: int, frames: int) -> bytes:
    """Frames of 65535 equal samples, 15 bytes each."""
    data = [_stream_info(44100, declared)]
    for number in range(frames):
        head = b"\xff\xf8\x70\x00" + chr(number).encode("utf-8", "surrogatepass") + b"\xff\xfe"
        head += bytes([_crc(head, 0x07, 8)])
        body = head + b"\x00\x12\x34"
        data.append(body + _crc(body, 0x8005, 16).to_bytes(2, "big"))
    return b"".join(data)


def _ogg_page(flags: int, granule: int, body: bytes = b"") -> bytes:
    lengths = bytes([255] * (len(body) // 255) + [len(body) % 255])
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 7, 0, 0)
    return head + bytes([len(lengths)]) + lengths + body


def _id3(size: int) -> bytes:
    digits = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + digits


def _xing(data: bytearray) -> None:
    mark = b"Xing" if b"Xing" in data else b"Info"
    put(data, mark, 8, b"\xff\xff\xff\xff")


def _aiff(channels: int, frames: int, rate: bytes) -> bytes:
    comm = struct.pack(">hIh", channels, frames, 16) + rate
    body = b"AIFF" + struct.pack(">4sI", b"COMM", 18) + comm
    body += struct.pack(">4sIII", b"SSND", 8 + len(_DATA), 0, 0) + _DATA
    return b"FORM" + struct.pack(">I", len(body)) + body


def _au(start: int, size: int, rate: int, channels: int) -> bytes:
    return struct.pack(">4sIIIII", b".snd", start, size, 3, rate, channels) + _DATA


def _caf(rate: float, channels: int) -> bytes:
    desc = struct.pack(">d4sIIIII", rate, b"lpcm", 0, 2 * channels & 0xFFFFFFFF, 1, channels, 16)
    return (
        b"caff\0\1\0\0" + struct.pack(">4sq", b"desc", 32) + desc
        + struct.pack(">4sqI", b"data", 4 + len(_DATA), 0) + _DATA
    )  # fmt: skip


def _nan(path: Path, world: World) -> None:
    soundfile.write(path, np.full(5000, np.nan, np.float32), 22050, subtype="FLOAT")


def _aac(path: Path) -> None:
    write_av_sound(path, "aac")


def _playlist(text: str) -> object:
    def write(path: Path, world: World) -> None:
        path.write_text(text.format(secret=world.secret, web=f"http://127.0.0.1:{world.port}/a"))

    return write


SOUNDS = [
    _entry("4ghz.wav", {UNSUPPORTED, CORRUPT}, _wav(rate=4_000_000_000)),
    _entry("no-rate.wav", {UNSUPPORTED, CORRUPT}, _wav(rate=0)),
    _entry("slow.wav", {UNSUPPORTED, CORRUPT}, _wav(rate=1)),
    _entry("no-channels.wav", {UNSUPPORTED, CORRUPT}, _wav(channels=0)),
    _entry("most-channels.wav", {UNSUPPORTED, CORRUPT}, _wav(channels=65535)),
    _entry("many-channels.wav", UNSUPPORTED, _wav(channels=1000, data=bytes(range(250)) * 80)),
    _entry("no-bits.wav", {UNSUPPORTED, CORRUPT}, _wav(bits=0)),
    _entry("odd-codec.wav", {UNSUPPORTED, CORRUPT}, _wav(kind=0xFFF0)),
    _entry("4gib.wav", TRUNCATED, _declared(0xFFFFFFF0)),
    _entry("2gib.wav", TRUNCATED, _declared(0x7FFFFFFE)),
    _entry("wide.wav", {TRUNCATED, CORRUPT}, _wide(1 << 62)),
    _entry("chunks.wav", CORRUPT, _sparse),
    _entry("no-data.wav", {CORRUPT, Reason.EMPTY}, _wav(data=b"")),
    _entry("zeros.wav", Reason.CONSTANT, _wav(data=bytes(50_000))),
    _entry("nan.wav", Reason.NON_FINITE, _nan),
    _entry("declares.flac", {TOO_LARGE, TRUNCATED, CORRUPT}, _stream_info(44100, (1 << 36) - 1)),
    _entry("fast.flac", {UNSUPPORTED, CORRUPT, TRUNCATED}, _stream_info(655_350, 1000)),
    _entry("long.flac", TOO_LARGE, made(lambda: _long_flac(0, 2100))),
    _entry("longer.flac", TOO_LARGE, made(lambda: _long_flac(2100 * 65535, 30))),
    _entry(
        "flipped.flac",
        BROKEN,
        changed(write_sound, lambda data: put(data, b"fLaC", len(data) // 2, b"\xff\xf8" * 40)),
    ),
    _entry("pages.ogg", BROKEN, made(lambda: _ogg_page(4, 1 << 62, b"\x01vorbis" + bytes(100)))),
    _entry("no-body.ogg", BROKEN | {Reason.EMPTY}, _ogg_page(6, 0)),
    _entry("endless.ogg", BROKEN, _ogg_page(2, 0, bytes(100)) * 2000),
    _entry(
        "cut.ogg", {TRUNCATED, CORRUPT}, changed(write_sound, lambda data: data[: len(data) // 2])
    ),
    _entry("nothing.mp3", {*BROKEN, Reason.CONSTANT}, (b"\xff\xfb\x90\x00" + bytes(413)) * 40),
    _entry("syncs.mp3", BROKEN | {Reason.EMPTY}, b"\xff\xfb\x90\x00" * 5000),
    _entry("tag.mp3", BROKEN | {Reason.EMPTY}, _id3((1 << 28) - 1) + bytes(500)),
    _entry("tags.mp3", BROKEN | {Reason.EMPTY}, _id3(0) * 20_000),
    _entry("frames.mp3", TRUNCATED, changed(write_sound, _xing)),
    _entry(
        "no-channels.aiff", {UNSUPPORTED, CORRUPT}, _aiff(0, 100, b"\x40\x0d\xac\x44" + bytes(6))
    ),
    _entry(
        "frames.aiff",
        {*BROKEN, TOO_LARGE, Reason.CONSTANT},
        _aiff(1, 0xFFFFFFFF, b"\x7f\xfe" + b"\xff" * 8),
    ),
    _entry("header.au", BROKEN | {Reason.EMPTY}, _au(0xFFFFFFF0, 100, 22050, 1)),
    _entry("rate.au", {UNSUPPORTED, CORRUPT}, _au(24, len(_DATA), 0xFFFFFFFF, 1)),
    _entry("rate.caf", {UNSUPPORTED, CORRUPT}, _caf(1e300, 1)),
    _entry("channels.caf", {UNSUPPORTED, CORRUPT}, _caf(22050.0, 0x7FFFFFFF)),
    _entry(
        "samples.m4a",
        BROKEN,
        changed(_aac, lambda data: put(data, b"stsz", 12, b"\xff\xff\xff\xff")),
    ),
    _entry("zeros.aac", BROKEN, changed(_aac, lambda data: data[:20] + bytes(len(data)))),
    _entry("empty.m4a", BROKEN, box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov")),
    _entry("garbage.wma", BROKEN, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(range(256)) * 20),
    _entry("matlab.wav", UNSUPPORTED, b"MATLAB 5.0 MAT-file, Platform: x".ljust(124) + b"\0\1IM"),
    _entry("raw.wav", UNSUPPORTED, bytes(range(1, 250)) * 40),
    _entry(
        "m3u.mp3",
        UNSUPPORTED,
        _playlist("#EXTM3U\n#EXTINF:1,a\nfile:///etc/passwd\n{secret}\n{web}\n"),
    ),
    _entry("pls.wma", UNSUPPORTED, _playlist("[playlist]\nFile1={web}\nFile2={secret}\n")),
    _entry(
        "asx.wma",
        UNSUPPORTED,
        _playlist('<asx version="3.0"><entry><ref href="{web}"/></entry></asx>'),
    ),
    _entry(
        "hls.m4a",
        UNSUPPORTED,
        _playlist("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n"),
    ),
]
