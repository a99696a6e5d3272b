"""Does a sound or video file reach as far as its own header says?

Decoders give what there is and keep silent about what is missing. The containers do say how long
they should be, each in its way; what is read here is only that.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pentad.core.errors import DecodeError, Reason
from pentad.media.mp3 import check_mp3

TOLERANCE = 0.05
"""The part of a sound or video that may be missing before it counts as truncated."""

_UNKNOWN_32 = (0, 0x7FFFFFFF, 0xFFFFFFFF)
_MAX_CHUNKS = 100_000
_MAX_BOXES = 1_000_000
_MATROSKA_SEGMENT = 0x18538067


def check_end(path: Path) -> None:
    """Refuse a file whose container declares more than 5 % more bytes than there are.

    Raises:
        DecodeError: The end of the file is missing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        file.seek(0)
        for matches, check in _CHECKS:
            if matches(head):
                check(file, size)
                return


def _require(declared: int, present: int, what: str) -> None:
    if present < declared * (1 - TOLERANCE):
        raise DecodeError(
            Reason.TRUNCATED,
            f"{what}: {present:,} of {max(declared, 0):,} declared bytes are there",
        )


def _check_riff(file: BinaryIO, size: int) -> None:
    head = file.read(12)
    order = "big" if head[:4] == b"RIFX" else "little"
    if head[8:12] == b"WAVE":
        _check_chunks(file, size, order, b"data", large=head[:4] == b"RF64")
        return
    declared = int.from_bytes(head[4:8], "little")
    if declared not in _UNKNOWN_32:
        _require(declared + 8, size, "RIFF")


def _check_form(file: BinaryIO, size: int) -> None:
    file.seek(12)
    _check_chunks(file, size, "big", b"SSND")


def _check_chunks(
    file: BinaryIO, size: int, order: str, wanted: bytes, *, large: bool = False
) -> None:
    wide = None
    for _ in range(_MAX_CHUNKS):
        if len(head := file.read(8)) < 8:
            return
        length = int.from_bytes(head[4:], "big" if order == "big" else "little")
        start = file.tell()
        if head[:4] == b"ds64" and large:
            wide = int.from_bytes(file.read(16)[8:], "little")
        if head[:4] == wanted:
            length = wide if wide is not None else length
            if length not in _UNKNOWN_32:
                _require(length, size - start, wanted.decode())
            return
        file.seek(start + length + (length & 1))
    raise DecodeError(Reason.CORRUPT, f"more than {_MAX_CHUNKS:,} chunks")


def _check_au(file: BinaryIO, size: int) -> None:
    head = file.read(12)
    start, length = (int.from_bytes(head[i : i + 4], "big") for i in (4, 8))
    if length not in _UNKNOWN_32:
        _require(length, size - start, "AU")


def _check_ogg(file: BinaryIO, size: int) -> None:
    """Walk the pages: the last one must be whole, and each stream must be marked as ended."""
    streams: dict[bytes, bool] = {}
    position = 0
    while len(head := file.read(27)) == 27 and head[:4] == b"OggS":
        lengths = file.read(head[26])
        position += 27 + head[26] + sum(lengths)
        if len(lengths) < head[26] or position > size:
            break
        streams[head[14:18]] = bool(head[5] & 4)
        file.seek(position)
    if not streams or not all(streams.values()):
        raise DecodeError(Reason.TRUNCATED, "Ogg: the last page is missing")


def _check_boxes(file: BinaryIO, size: int) -> None:
    """Walk the top-level boxes of an MP4 or MOV; all of them must lie inside the file."""
    position = 0
    for number in itertools.count():
        if position + 8 > size:
            break
        if number == _MAX_BOXES:
            raise DecodeError(Reason.CORRUPT, f"MP4: more than {_MAX_BOXES:,} boxes")
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # reaches to the end, wherever that is
            return
        if length < 8:
            raise DecodeError(Reason.CORRUPT, f"MP4: a box of {length} bytes")
        position += length
    if position > size:
        raise DecodeError(
            Reason.TRUNCATED, f"MP4: {size:,} of {position:,} declared bytes are there"
        )


def _check_matroska(file: BinaryIO, size: int) -> None:
    while (name := _ebml_number(file, keep_marker=True)) is not None:
        length = _ebml_number(file, keep_marker=False)
        if length is None or length < 0:
            return
        if name == _MATROSKA_SEGMENT:
            _require(file.tell() + length, size, "Matroska")
            return
        file.seek(length, os.SEEK_CUR)


def _ebml_number(file: BinaryIO, *, keep_marker: bool) -> int | None:
    """Read a variable-length number; -1 for the pattern that means unknown, None at the end."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    value = int.from_bytes(first + rest, "big")
    if keep_marker:
        return value
    mask = (1 << (7 * width)) - 1
    return -1 if value & mask == mask else value & mask


_CHECKS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], None]], ...] = (
    (lambda head: head[:4] in {b"RIFF", b"RIFX", b"RF64"}, _check_riff),
    (lambda head: head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}, _check_form),
    (lambda head: head[:4] == b".snd", _check_au),
    (lambda head: head[:4] == b"OggS", _check_ogg),
    (lambda head: head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}, _check_boxes),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _check_matroska),
    (lambda head: head[:3] == b"ID3" or head[:1] == b"\xff", check_mp3),
)
