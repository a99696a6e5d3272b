"""What the corpus of hostile files is made with."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import Reason
from pentad.store.places import Place

CORRUPT = Reason.CORRUPT
TRUNCATED = Reason.TRUNCATED
TOO_LARGE = Reason.TOO_LARGE
UNSUPPORTED = Reason.UNSUPPORTED
BROKEN = frozenset({CORRUPT, TRUNCATED, UNSUPPORTED})
"""For damage that readers meet in different places."""


@dataclass(frozen=True)
class World:
    """What a hostile file may try to reach.

    Attributes:
        secret: A good video in a folder that is watched.
        port: A port of this machine at which somebody listens.
        canary: A file that exists only if something was run.
    """

    secret: Path
    port: int
    canary: Path


Writer = Callable[[Path, World], Place | None]


@dataclass(frozen=True)
class Hostile:
    """One file of the corpus.

    Attributes:
        name: Its name.
        modality: What it pretends to be.
        reasons: Any of these refusals is right.
        write: Writes it; may return another place than the path it was given.
    """

    name: str
    modality: str
    reasons: frozenset[Reason]
    write: Writer


def of(modality: str) -> Callable[..., Hostile]:
    """Return a short way to write entries of one modality."""

    def entry(name: str, reasons: Reason | Iterable[Reason], content: bytes | Writer) -> Hostile:
        wanted = frozenset([reasons] if isinstance(reasons, Reason) else reasons)
        write = _writer(content) if isinstance(content, bytes) else content
        return Hostile(name, modality, wanted, write)

    return entry


def _writer(data: bytes) -> Writer:
    def write(path: Path, world: World) -> None:
        path.write_bytes(data)

    return write


def made(build: Callable[[], bytes]) -> Writer:
    """Return a writer of what takes a moment to build."""

    def write(path: Path, world: World) -> None:
        path.write_bytes(build())

    return write


def changed(make: Callable[[Path], object], change: Callable[[bytearray], object]) -> Writer:
    """Return a writer of a good file in which something is changed."""

    def write(path: Path, world: World) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        found = change(data)
        path.write_bytes(data if not isinstance(found, bytes | bytearray) else found)

    return write


def put(data: bytearray, mark: bytes, distance: int, value: bytes) -> None:
    """Overwrite what stands ``distance`` bytes behind the start of ``mark``."""
    at = data.index(mark) + distance
    data[at : at + len(value)] = value


def png(width: int, height: int, *chunks: tuple[bytes, bytes], rows: bytes | None = None) -> bytes:
    """A grey PNG of 8 bits with these chunks before its pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000 if rows is None else rows)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def riff(form: bytes, *chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    body = b"".join(riff_chunk(*chunk) for chunk in chunks)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body) if size is None else size, form) + body


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) & 1)


def box(kind: bytes, *parts: bytes, size: int | None = None) -> bytes:
    """A box of an MP4."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


def ebml(name: int, data: bytes, size: int | None = None) -> bytes:
    """An element of a Matroska file."""
    length = len(data) if size is None else size
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (
        (1 << 56 | length).to_bytes(8, "big") + data
    )
