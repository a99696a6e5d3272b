"""The files of a tar archive, one after the other, from a stream that only goes forward.

Links, devices and sparse files are passed over, names are compared and never used as paths. What
an archive states is bounded before it is acted upon: the size of a header, of a member, the number
of members.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, cast

from pentad.sources.fetch.errors import FetchError, FetchReason

_BLOCK = 1 << 18
_LONGEST_READ = 1 << 20
_LONGEST_HEADER = 1 << 22
_MEMBERS = 50_000_000
_BAD = (
    tarfile.TarError,
    ValueError,
    ArithmeticError,
    LookupError,
    EOFError,
    RecursionError,
)


def tar_members(
    file: io.BufferedReader, name: str, largest: int
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield name and content of each file; the content is gone once the next is asked for.

    Args:
        file: The archive, compressed with gzip or not.
        name: Of the archive, for messages.
        largest: Bytes that one member may have.

    Raises:
        FetchError: The archive cannot be had or is damaged.
    """
    forward = Forward(file, name)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", forward), mode="r:") as archive:
            for _ in range(_MEMBERS):
                forward.begin_header()
                member = archive.next()
                for kept in ("members", "pax_headers"):  # they would grow with the archive
                    vars(archive)[kept].clear()
                forward.end_header()
                if member is None:
                    break
                if member.size > largest:
                    raise _bad(name, f"{member.name!r} has {member.size} bytes")
                if member.isreg() and not member.issparse():
                    yield member.name, _content(archive, member)
    except _BAD as error:
        raise _bad(name, str(error)) from error
    if forward.last.strip(b"\0"):
        raise _bad(name, f"damaged near byte {forward.tell()}")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    stream = archive.extractfile(member)
    while stream is not None and (block := stream.read(_BLOCK)):
        yield block


class Forward:
    """A file that can be sought in, as long as it is forward, and reads little at a time.

    Args:
        file: The file, compressed with gzip or not.
        name: Of the file, for messages.

    Attributes:
        last: What was read last.
    """

    def __init__(self, file: io.BufferedReader, name: str) -> None:
        self._name = name
        self._at = 0
        self.last = b""
        self._header: int | None = 0  # to open an archive is to read its first header
        packed = self._told(lambda: file.peek(2)[:2]) == b"\x1f\x8b"
        self._file = gzip.GzipFile(fileobj=file) if packed else file

    def begin_header(self) -> None:
        """Expect a header; several may follow one another, for one member."""
        self._header = 0

    def end_header(self) -> None:
        """Expect content."""
        self._header = None

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer only at the end.

        Raises:
            FetchError: More are asked for than any honest header has, or they cannot be had.
        """
        if not 0 <= size <= _LONGEST_READ:
            raise _bad(self._name, f"a header of {size} bytes")
        if self._header is not None:
            self._header += size
            if self._header > _LONGEST_HEADER:
                raise _bad(self._name, "headers that never end")
        return self._next(size)

    def _next(self, size: int) -> bytes:
        self.last = self._told(lambda: self._file.read(size))
        self._at += len(self.last)
        return self.last

    def seek(self, place: int) -> int:
        """Go forward to a place, or to the end.

        Raises:
            FetchError: It lies behind, or the bytes before it cannot be had.
        """
        if place < self._at:
            raise _bad(self._name, "leads backward")
        while self._at < place and self._next(min(_BLOCK, place - self._at)):
            pass
        return self._at

    def _told(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except (OSError, EOFError, zlib.error) as error:
            raise _bad(self._name, str(error)) from error


def _bad(name: str, text: str) -> FetchError:
    return FetchError(FetchReason.BAD_ARCHIVE, f"{name}: {text}")
