"""The index of a zip archive, and the content of members read from a stream.

Index entries are only believed as far as they are checked: a member gives exactly the bytes and
the checksum that the index states, or it is refused. Names are compared, never used as paths.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.places import Place, Places

MAX_INDEX = 1 << 27
"""Bytes of index that are read at most."""

_GAP = 1 << 18
_SPAN = 1 << 25
_BLOCK = 1 << 16
_HEADER = 30
_ENCRYPTED = 0x1
_BAD = (
    zipfile.BadZipFile,
    NotImplementedError,
    ValueError,
    ArithmeticError,
    LookupError,
    EOFError,
    OSError,
    struct.error,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    Attributes:
        name: Its name there.
        start: Place of its header.
        end: Place of what follows it.
        packed: Bytes as stored.
        size: Bytes of its content.
        crc: Checksum of its content.
        deflated: Whether it is compressed.
    """

    name: str
    start: int
    end: int
    packed: int
    size: int
    crc: int
    deflated: bool


def zip_index(places: Places, place: Place, wanted: Callable[[str], bool]) -> list[Member]:
    """Return the wanted files of an archive in the order in which they lie there.

    Raises:
        FetchError: The archive cannot be had or is damaged.
    """
    try:
        with places.seeking(place, MAX_INDEX) as file, zipfile.ZipFile(file) as archive:
            entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
            ends = [entry.header_offset for entry in entries[1:]] + [archive.start_dir]
    except _BAD as error:
        raise _bad(place.name, str(error)) from error
    return [
        _member(place, entry, end)
        for entry, end in zip(entries, ends, strict=True)
        if not entry.is_dir() and wanted(entry.filename) and _usable(entry)
    ]


def _usable(entry: zipfile.ZipInfo) -> bool:
    kind = entry.external_attr >> 28 if entry.create_system == 3 else 0
    return kind in (0, 0o10)  # no links, no devices


def _member(place: Place, entry: zipfile.ZipInfo, end: int) -> Member:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _bad(place.name, f"{entry.filename!r} is compressed in a way that is not supported")
    if entry.flag_bits & _ENCRYPTED:
        raise _bad(place.name, f"{entry.filename!r} is encrypted")
    return Member(
        entry.filename,
        entry.header_offset,
        max(end, entry.header_offset + _HEADER + entry.compress_size),
        entry.compress_size,
        entry.file_size,
        entry.CRC,
        entry.compress_type == zipfile.ZIP_DEFLATED,
    )


def spans(members: Sequence[tuple[Member, T]]) -> list[list[tuple[Member, T]]]:
    """Join members that lie close together, so that one request brings several."""
    joined: list[list[tuple[Member, T]]] = []
    for entry in members:
        last = joined[-1] if joined else None
        near = last is not None and 0 <= entry[0].start - last[-1][0].end <= _GAP
        if last is not None and near and entry[0].end - last[0][0].start <= _SPAN:
            last.append(entry)
        else:
            joined.append([entry])
    return joined


class Cursor:
    """A file that is read forward, and knows where it is.

    Args:
        file: The file.
        at: The place of its next byte in the archive.
        name: Of the archive, for messages.
    """

    def __init__(self, file: io.BufferedReader, at: int, name: str) -> None:
        self._file = file
        self.at = at
        self.name = name

    def read(self, size: int) -> bytes:
        """Return exactly ``size`` bytes.

        Raises:
            FetchError: There are fewer.
        """
        try:
            data = self._file.read(size)
        except OSError as error:
            raise _bad(self.name, str(error)) from error
        self.at += len(data)
        if len(data) != size:
            raise _bad(self.name, f"ends at byte {self.at}")
        return data

    def skip_to(self, place: int) -> None:
        """Go forward to a place.

        Raises:
            FetchError: It lies behind, or after the end.
        """
        if place < self.at:
            raise _bad(self.name, "two members overlap")
        while self.at < place:
            self.read(min(_BLOCK, place - self.at))


def member_chunks(cursor: Cursor, member: Member) -> Iterator[bytes]:
    """Yield the content of a member.

    Raises:
        FetchError: It is not what the index states.
    """
    cursor.skip_to(member.start)
    header = cursor.read(_HEADER)
    if header[:4] != b"PK\3\4":
        raise _bad(cursor.name, f"{member.name!r} is not where the index says")
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    cursor.skip_to(cursor.at + name_length + extra_length)
    size = crc = 0
    for chunk in _inflated(cursor, member) if member.deflated else _stored(cursor, member):
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        if size > member.size:
            break
        yield chunk
    if size != member.size or crc != member.crc:
        raise _bad(cursor.name, f"{member.name!r} is damaged")


def _stored(cursor: Cursor, member: Member) -> Iterator[bytes]:
    left = member.packed
    while left:
        data = cursor.read(min(_BLOCK, left))
        left -= len(data)
        yield data


def _inflated(cursor: Cursor, member: Member) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in _stored(cursor, member):
            data = inflate.decompress(packed, _BLOCK)
            yield data
            while inflate.unconsumed_tail:
                yield inflate.decompress(inflate.unconsumed_tail, _BLOCK)
        yield inflate.flush()
    except zlib.error as error:
        raise _bad(cursor.name, f"{member.name!r} is damaged ({error})") from error


def _bad(name: str, text: str) -> FetchError:
    return FetchError(FetchReason.BAD_ARCHIVE, f"{name}: {text}")
