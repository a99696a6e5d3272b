"""Where the bytes of a remote file are once it is fetched: in memory, or in a kept object."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

from pentad.store.places import Loaded, Located, locate
from pentad.store.remote.asking import opened, remember, version_of
from pentad.store.remote.files import RemoteFile, Version
from pentad.store.remote.kept import find_kept, keep, objects_folder, writing
from pentad.store.remote.objects import Trouble
from pentad.store.segments import segment_of

IN_MEMORY = 32 << 20
"""Bytes up to which an object is held in memory; a larger one goes to the disk."""
LARGEST = 64 << 30
"""Bytes of the largest object that is fetched."""


def locate_remote(file: RemoteFile) -> Located:
    """Return where the bytes of a remote file are, fetched now if they are not kept.

    What is in a tar or a table, and segments of a file, are found in the whole object on the disk;
    others of it will be asked for.

    Raises:
        FileNotFoundError: There is no such object, member, row or column.
        OSError: It cannot be read.
        InputError: The store does not answer.
        StoreError: The disk is full.
    """
    inner = inside(file)
    if inner is not None:
        return locate(f"{kept_object(file.object)}/{inner}")
    segment = segment_of(file.file)
    if segment.file == file.file:
        return Located(_whole(file))
    return Located(kept_object(file.object), segment.start, segment.end)


def inside(file: RemoteFile) -> str | None:
    """Return what a path names within a tar or a table; None for what is an object itself.

    A folder may be called ``x.tar`` too, so the store is asked, once for all files of one.
    """
    found = file.container()
    if found is None:
        return None
    try:
        version_of(file.object)
    except FileNotFoundError:
        return None
    return found[1]


def kept_object(file: RemoteFile) -> Path:
    """Return a whole object on the disk, fetched now if it is not there.

    Raises:
        FileNotFoundError: There is no such object.
        OSError: It cannot be read, or is too large.
        InputError: The store does not answer.
        StoreError: The disk is full.
    """
    address, folder = str(file), objects_folder(file.cache)
    found = find_kept(folder, address, version_of(file))

    def take(version: Version, blocks: Iterator[bytes]) -> Path:
        remember(address, version)
        return _kept(folder, address, version, blocks)

    return opened(address, take) if found is None else found


def _whole(file: RemoteFile) -> Loaded | Path:
    address = str(file)

    def take(version: Version, blocks: Iterator[bytes]) -> Loaded | Path:
        if version.size <= IN_MEMORY:
            return Loaded(_joined(version, blocks), file.name)
        return _kept(objects_folder(file.cache), address, version, blocks)

    return opened(address, take)


def _kept(folder: Path, address: str, version: Version, blocks: Iterator[bytes]) -> Path:
    check_size(version.size, LARGEST, address)

    def fill(path: Path) -> None:
        write_blocks(path, version, blocks)

    return keep(folder, address, version, fill)


def write_blocks(path: Path, version: Version, blocks: Iterator[bytes]) -> None:
    """Write the blocks of an object to a file.

    Raises:
        Trouble: They are not as many bytes as the store said.
        StoreError: The disk is full or cannot be written.
    """
    got = 0
    with ExitStack() as stack:
        with writing(path):
            file = stack.enter_context(path.open("wb", buffering=0))
        for block in blocks:
            got += len(block)
            _check_got(got, version.size, last=False)
            with writing(path):
                _write_all(file, block)
    _check_got(got, version.size, last=True)


def _write_all(file: FileIO, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[file.write(left) :]


def check_size(size: int, limit: int, address: str) -> None:
    """Raise `OSError` for an object that is larger than the limit, before any of it is fetched."""
    if size > limit:
        raise OSError(errno.EFBIG, f"{size:,} bytes; the limit is {limit:,}", address)


def _joined(version: Version, blocks: Iterator[bytes]) -> bytes:
    data = bytearray()
    for block in blocks:
        data += block
        _check_got(len(data), version.size, last=False)
    _check_got(len(data), version.size, last=True)
    return bytes(data)


def _check_got(got: int, size: int, *, last: bool) -> None:
    if got > size or (last and got < size):
        raise Trouble(f"{got:,} bytes came and the store said {size:,}")
