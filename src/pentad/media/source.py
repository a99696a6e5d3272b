"""The bytes of a place as decoders see them: a file, whatever it is a part of."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pentad.core.errors import DecodeError, Reason, StoreError
from pentad.media.files import MEBIBYTE, check_file, read_sibling, shown
from pentad.store.places import Loaded, Member, Place

_IN_MEMORY = Path("/dev/shm")
_MOST_IN_MEMORY = 256 * MEBIBYTE
_SPARE = 4
_BLOCK = MEBIBYTE
_OPEN_FILES = Path("/proc/self/fd")


@dataclass(frozen=True)
class Source:
    """One file for a decoder.

    Attributes:
        path: Where its bytes are; for messages and formats `name` counts.
        name: What it is called, fit to be shown and stored.
        alone: Whether it is a part of something, and so has no files beside it.
    """

    path: Path
    name: str
    alone: bool = False

    @property
    def suffix(self) -> str:
        """The ending of the name in lower case, with its dot."""
        return Path(self.name).suffix.lower()


def name_of(place: str | Place) -> str:
    """Return what a place is called in messages: never a folder of this machine."""
    return shown(place.name if isinstance(place, Member | Loaded) else Path(place).name)


@contextmanager
def opened(place: str | Place, limit: int) -> Iterator[Source]:
    """Give the bytes of a place as a file, of 1 to ``limit`` bytes.

    Libraries that decode want a path. Bytes that are only a part of a file, or in memory, are
    written into a file without a name: in memory where there is room, else in the folder for
    temporary files. It is gone when it is closed, and when this process dies in whatever way.

    Raises:
        DecodeError: There are no such bytes, or too many.
        StoreError: There is no room for a copy of them.
    """
    name = name_of(place)
    if not isinstance(place, Member | Loaded):
        file = Path(place)
        check_file(file, limit)
        yield Source(file, name)
        return
    size = len(place.data) if isinstance(place, Loaded) else place.size
    check_size(size, limit, name)
    with _copied(place, size, name) as copy:
        yield Source(_path_of(copy), name, alone=True)


def read_neighbor(source: Source, name: str, limit: int) -> bytes:
    """Return the content of a file that ``source`` refers to by a relative name.

    Raises:
        DecodeError: The name leads elsewhere, or the file cannot be used; or ``source`` is a part
            of something, and so has no files beside it.
    """
    if source.alone:
        raise DecodeError(
            Reason.UNSUPPORTED,
            f"{source.name} refers to the file {shown(name)[:80]!r}; a part of a larger file has "
            "none beside it: put the model into a folder, or use one that holds everything",
        )
    return read_sibling(source.path, name, limit)


def check_size(size: int, limit: int, name: str) -> None:
    """Refuse no bytes, and more than ``limit``.

    Raises:
        DecodeError: There are none, or too many.
    """
    if size == 0:
        raise DecodeError(Reason.EMPTY_FILE, f"{name}: 0 bytes")
    if size > limit:
        raise DecodeError(Reason.TOO_LARGE, f"{name}: {size:,} bytes; the limit is {limit:,}")


def _copied(place: Member | Loaded, size: int, name: str) -> IO[bytes]:
    if isinstance(place, Loaded):
        data = place.data
        return _written(size, name, lambda copy: copy.write(data))
    with _larger_file(place, name) as larger:
        return _written(size, name, lambda copy: _copy_part(larger, place, copy, name))


def _written(size: int, name: str, write: Callable[[IO[bytes]], object]) -> IO[bytes]:
    """Return a file without a name that ``write`` has filled."""
    folders = [_IN_MEMORY] if _has_room(size) else []
    why = ""
    for folder in [*folders, Path(tempfile.gettempdir())]:
        try:
            return _filled(folder, write)
        except OSError as error:  # others may have taken the room meanwhile
            why = error.strerror or str(error)
    raise StoreError(
        f"cannot put the {size:,} bytes of {name} into {folder} ({why}); make room, or set TMPDIR"
    )


def _filled(folder: Path, write: Callable[[IO[bytes]], object]) -> IO[bytes]:
    copy = _nameless(folder)
    try:
        write(copy)
        copy.flush()
    except BaseException:
        copy.close()
        raise
    return copy


def _has_room(size: int) -> bool:
    if size > _MOST_IN_MEMORY or not os.access(_IN_MEMORY, os.W_OK):
        return False
    room = os.statvfs(_IN_MEMORY)
    return room.f_bavail * room.f_frsize > _SPARE * size


def _nameless(folder: Path) -> IO[bytes]:
    if _OPEN_FILES.is_dir():
        return tempfile.TemporaryFile(dir=folder)
    return tempfile.NamedTemporaryFile(dir=folder)


def _path_of(copy: IO[bytes]) -> Path:
    if isinstance(copy.name, str):
        return Path(copy.name)
    return _OPEN_FILES / str(copy.fileno())


def _larger_file(place: Member, name: str) -> IO[bytes]:
    """Open the file that a member lies in, after a look at what it is.

    Raises:
        DecodeError: It is not there, is no file, or ends before the member does.
    """
    whole = shown(place.file.name)
    try:
        # Opening a named pipe would wait for somebody to write into it.
        if not stat.S_ISREG(place.file.stat().st_mode):
            raise DecodeError(Reason.UNREADABLE, f"{name}: {whole} is not a regular file")
        larger = place.file.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise DecodeError(Reason.MISSING_FILE, f"{name}: there is no {whole}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DecodeError(Reason.UNREADABLE, f"{name}: {whole}: {why}") from None
    present = os.fstat(larger.fileno()).st_size
    if place.offset < 0 or place.size < 0 or place.offset + place.size > present:
        larger.close()
        raise DecodeError(
            Reason.TRUNCATED,
            f"{name}: bytes {place.offset:,} to {place.offset + place.size:,} of {whole}, "
            f"which has {present:,}",
        )
    return larger


def _copy_part(larger: IO[bytes], place: Member, copy: IO[bytes], name: str) -> None:
    larger.seek(place.offset)
    left = place.size
    while left:
        try:
            block = larger.read(min(left, _BLOCK))
        except OSError as error:
            raise DecodeError(Reason.UNREADABLE, f"{name}: {error.strerror}") from None
        if not block:  # cut while it was read
            raise DecodeError(Reason.TRUNCATED, f"{name}: {left:,} bytes are missing")
        copy.write(block)
        left -= len(block)
