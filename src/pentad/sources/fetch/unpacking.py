"""Bodies that come compressed although that was not asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pentad.sources.fetch.errors import FetchError, FetchReason

_BLOCK = 1 << 16
_SLACK = 1 << 20
_GZIP = frozenset({"gzip", "x-gzip"})
_REFUSED = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


def unpacked(pieces: Iterator[bytes], encoding: str, url: str) -> Iterator[bytes]:
    """Yield the content of a body, at most 64 KiB at a time.

    Args:
        pieces: The body as it comes.
        encoding: Its ``Content-Encoding``; what is no way of packing is passed over.
        url: Where it comes from, for messages.

    Raises:
        FetchError: It is packed in another way than gzip or deflate, is damaged or breaks off, or
            is much longer than its content.
    """
    kind = encoding.strip().lower()
    if kind in _REFUSED or "," in kind:
        raise FetchError(FetchReason.BAD_ANSWER, f"{url}: comes packed as {kind!r}")
    if kind not in _GZIP | {"deflate"}:
        yield from pieces
        return
    inflate, came, gave = _Inflate(kind), 0, 0
    for piece in pieces:
        came += len(piece)
        try:
            for part in inflate.parts(piece):
                gave += len(part)
                yield part
        except zlib.error as error:
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: damaged {kind} ({error})") from error
        if came > gave + _SLACK:
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: {kind} that only makes it longer")
    if not inflate.ended:
        raise FetchError(FetchReason.TRUNCATED, f"{url}: {kind} that breaks off")


class _Inflate:
    def __init__(self, kind: str) -> None:
        self._gzip = kind in _GZIP
        self._begun = False
        self._machine = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def ended(self) -> bool:
        """Whether nothing is missing; a body without any bytes is complete."""
        return self._machine.eof or not self._begun

    def parts(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of some more bytes."""
        if data and not self._begun:
            self._begun = True
            if not self._gzip:  # with zlib's header, as it should be, or without, as some send it
                wrapped = data[0] & 0x0F == 8
                self._machine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        while data:
            if self._machine.eof and not self._again(data):
                return
            part = self._machine.decompress(data, _BLOCK)
            data = self._machine.unused_data if self._machine.eof else self._machine.unconsumed_tail
            yield from _drained(self._machine, part, last=not data)

    def _again(self, data: bytes) -> bool:
        """Begin the next member of a gzip file; what follows the last one is no content."""
        if not self._gzip or data[:1] != b"\x1f":
            return False
        self._machine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return True


def _drained(machine: zlib._Decompress, part: bytes, *, last: bool) -> Iterator[bytes]:
    """Yield a part, and what the machine still holds when it has taken all that came."""
    while part:
        yield part
        part = machine.decompress(b"", _BLOCK) if last and len(part) == _BLOCK else b""
