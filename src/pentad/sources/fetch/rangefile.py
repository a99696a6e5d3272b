"""Remote content read like a file that can be sought in, by asking for parts."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason

_BLOCK = 1 << 18
_BLOCKS_KEPT = 8


class RangeFile(io.RawIOBase):
    """A seekable view of remote content.

    What a server hands on to a passing address is asked for there, and at the first address again
    once that has expired.

    Args:
        client: What asks.
        url: The address.
        headers: To send along to its origin.
        longest: Bytes that one read may ask for; an index that claims more is not believed.

    Raises:
        FetchError: It cannot be had, or not in parts.
    """

    def __init__(
        self, client: Client, url: str, headers: Mapping[str, str], *, longest: int
    ) -> None:
        self._client = client
        self._url = url
        self._headers = headers
        self._longest = longest
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        found = client.probe(url, headers=headers)
        self._passing = found.url if found.url != url else None
        self.size = found.size
        self._version = found.version

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be sought in."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a place before the start")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Return the next ``size`` bytes, fewer only at the end.

        Raises:
            FetchError: They cannot be had, or are too many.
        """
        left = max(0, self.size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > self._longest:
            raise FetchError(
                FetchReason.BAD_ARCHIVE, f"{self._url}: asks for {wanted} bytes to be read at once"
            )
        data = self._asked(wanted) if wanted > _BLOCK else self._gathered(wanted)
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _gathered(self, wanted: int) -> bytes:
        data = bytearray()
        while len(data) < wanted:
            number, skip = divmod(self._at + len(data), _BLOCK)
            data += self._block(number)[skip : skip + wanted - len(data)]
        return bytes(data)

    def _block(self, number: int) -> bytes:
        block = self._blocks.pop(number, None)
        if block is None:
            start = number * _BLOCK
            block = self._ranged(start, min(start + _BLOCK, self.size))
        self._blocks[number] = block
        if len(self._blocks) > _BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        return block

    def _asked(self, wanted: int) -> bytes:
        return self._ranged(self._at, self._at + wanted)

    def _ranged(self, start: int, end: int) -> bytes:
        data = self._read(start, end)
        if len(data) != end - start:
            raise FetchError(FetchReason.CHANGED, f"{self._url}: shorter than before")
        return data

    def _read(self, start: int, end: int) -> bytes:
        if self._passing is not None:
            try:
                return self._client.read_range(self._passing, start, end, version=self._version)
            except FetchError as error:
                if error.reason not in (FetchReason.FORBIDDEN, FetchReason.REFUSED):
                    raise
                self._passing = None
        return self._client.read_range(
            self._url, start, end, headers=self._headers, version=self._version
        )
